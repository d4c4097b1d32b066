/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was corrected, sector by sector, for people and as JSON. */
#include "cli/repairs.h"

#include <inttypes.h>
#include <string.h>

enum { REPAIRS_SHOWN = 8 };

static const char *const repairs_name[SP_REPAIR_VERDICTS] = {
	[SP_REPAIR_CORRECTABLE] = "corrected",
	[SP_REPAIR_PARITY] = "parity",
	[SP_REPAIR_BEYOND] = "beyond",
};

int repairs_asked(struct cli_args *args, bool *asked, struct sp_error *err)
{
	size_t kept = 0;
	unsigned place;

	*asked = false;
	for (size_t i = 0; i < args->pairs; i++) {
		const struct sp_option *pair = &args->pair[i];

		if (strcmp(pair->key, "repair") != 0) {
			args->pair[kept++] = *pair;
			continue;
		}
		if (pair->value && !cli_choose("no|yes", pair->value, &place))
			return sp_fail(err, SP_ERR_USAGE, "-O repair=%s: the values are no|yes",
				       pair->value);
		*asked = !pair->value || !strcmp(pair->value, "yes");
	}
	args->pairs = kept;
	return 0;
}

int repairs_wrap(struct sp_input *in, struct sp_repairs *repairs, struct sp_error *err)
{
	struct sp_source *view;
	const int r = sp_view_repair(&view, in->source, repairs, err);

	if (!r)
		in->source = view;
	return r;
}

char *repairs_list(char text[REPAIRS_LIST], const struct sp_disc *disc, const struct sp_runs *runs,
		   unsigned what, size_t most)
{
	size_t used = 0, shown = 0;

	text[0] = '\0';
	for (size_t i = 0; i < runs->count; i++) {
		const struct sp_run *run = &runs->run[i];
		char one[CLI_PLACE + 32];
		char place[CLI_PLACE];

		if (run->what != what)
			continue;
		if (shown++ >= most) {
			snprintf(text + used, REPAIRS_LIST - used, " and more");
			break;
		}
		cli_place(place, disc, run->lba);
		if (run->count > 1) /* the place of the first tells the way to the rest */
			snprintf(one, sizeof(one), "%s and %" PRIu64 " more", place,
				 run->count - 1);
		else
			snprintf(one, sizeof(one), "%s", place);
		const size_t size = strlen(one) + 2;
		if (used + size + 12 > REPAIRS_LIST) { /* room for " and more" */
			snprintf(text + used, REPAIRS_LIST - used, " and more");
			break;
		}
		used += (size_t)snprintf(text + used, REPAIRS_LIST - used, "%s%s", used ? ", " : "",
					 one);
	}
	return text;
}

static void repairs_every(struct ui *ui, const struct sp_disc *disc,
			  const struct sp_repairs *repairs)
{
	for (size_t i = 0; i < repairs->runs.count; i++) {
		const struct sp_run *run = &repairs->runs.run[i];
		char place[CLI_PLACE];

		ui_note(ui, "%s: %s, %" PRIu64 " sector%s, %" PRIu64 " bytes changed",
			cli_place(place, disc, run->lba), repairs_name[run->what], run->count,
			run->count == 1 ? "" : "s", run->bytes);
	}
}

void repairs_note(struct ui *ui, const struct sp_disc *disc, const struct sp_repairs *repairs)
{
	static const struct {
		unsigned verdict;
		const char *text;
	} kind[] = {
		{SP_REPAIR_CORRECTABLE, "corrected by P/Q parity"},
		{SP_REPAIR_PARITY, "whose parity alone was wrong: parity made anew"},
		{SP_REPAIR_BEYOND, "damaged beyond correction: left as found"},
	};
	char text[REPAIRS_LIST];

	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++) {
		const uint64_t seen = repairs->sectors[kind[i].verdict];

		if (seen)
			ui_note(ui, "%" PRIu64 " sector%s %s: %s", seen, seen == 1 ? "" : "s",
				kind[i].text,
				repairs_list(text, disc, &repairs->runs, kind[i].verdict,
					     REPAIRS_SHOWN));
	}
	if (ui->verbose)
		repairs_every(ui, disc, repairs);
}

void repairs_json(struct json *json, const char *key, const struct sp_repairs *repairs)
{
	if (!repairs) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	json_u64(json, "sectors", repairs->sectors[SP_REPAIR_CORRECTABLE]);
	json_u64(json, "parity", repairs->sectors[SP_REPAIR_PARITY]);
	json_u64(json, "beyond", repairs->sectors[SP_REPAIR_BEYOND]);
	json_u64(json, "bytes", repairs->bytes);
	json_array(json, "runs");
	for (size_t i = 0; i < repairs->runs.count; i++) {
		const struct sp_run *run = &repairs->runs.run[i];

		json_object(json, NULL);
		json_i64(json, "lba", run->lba);
		json_u64(json, "count", run->count);
		json_string(json, "verdict", repairs_name[run->what]);
		json_u64(json, "bytes", run->bytes);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}
