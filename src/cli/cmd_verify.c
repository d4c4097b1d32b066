/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle verify: what an image says of itself, or whether two are the same. */
#include "cli/cli.h"

#include "cli/repairs.h"
#include "cli/verify.h"
#include "report/printable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong with sectors, as they came or as they were found to be. */
static const struct {
	unsigned state;
	const char *name, *text;
} verify_damage[] = {
	{SP_STATE_EDC, "edc", "wrong EDC"},
	{SP_STATE_ECC, "ecc", "wrong P/Q parity"},
	{SP_STATE_HEADER, "header", "sync, address or mode not those of the place"},
	{SP_STATE_C2, "c2", "C2 errors when read"},
	{SP_STATE_Q, "q", "wrong CRC of Q"},
	{SP_STATE_UNREAD, "unread", "never read"},
	{SP_STATE_PADDED, "padded", "cut short in the file"},
};
enum { VERIFY_DAMAGES = sizeof(verify_damage) / sizeof(*verify_damage), VERIFY_SHOWN = 8 };

static uint64_t verify_bad(const struct sp_tally *tally)
{
	uint64_t bad = 0;

	for (size_t i = 0; i < VERIFY_DAMAGES; i++)
		bad += cli_seen(tally, verify_damage[i].state, NULL);
	return bad;
}

static void verify_json(const struct sp_input *in, const struct sp_tally *tally,
			const struct sp_repairs *repairs, const struct sp_subscan *scan,
			const struct proofs *proofs, bool whole)
{
	struct json json = {.out = stdout};
	sp_lba first;

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "path", in->path);
	json_string(&json, "format", in->format->name);
	json_bool(&json, "whole", whole);
	json_u64(&json, "sectors", tally->sectors);
	json_object(&json, "bad");
	for (size_t i = 0; i < VERIFY_DAMAGES; i++) {
		const uint64_t seen = cli_seen(tally, verify_damage[i].state, &first);
		json_object(&json, verify_damage[i].name);
		json_u64(&json, "count", seen);
		if (seen)
			json_i64(&json, "first", first);
		else
			json_null(&json, "first");
		json_end_object(&json);
	}
	json_end_object(&json);
	repairs_json(&json, "correctable", repairs);
	if (scan->sectors)
		verify_sub_json(&json, scan);
	proofs_json(&json, "proofs", proofs);
	json_end_object(&json);
}

static void verify_correctable(const struct ui *ui, const struct sp_disc *disc,
			       const struct sp_repairs *repairs)
{
	static const struct {
		unsigned verdict;
		const char *text;
	} kind[] = {
		{SP_REPAIR_CORRECTABLE, "can be corrected by the parity (convert -O repair)"},
		{SP_REPAIR_PARITY, "good data, only the parity is wrong (convert -O repair)"},
		{SP_REPAIR_BEYOND, "damaged beyond correction"},
	};
	char text[REPAIRS_LIST];

	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++) {
		const uint64_t seen = repairs->sectors[kind[i].verdict];

		if (seen)
			printf("  %" PRIu64 " sector%s: %s: %s\n", seen, seen == 1 ? "" : "s",
			       kind[i].text,
			       repairs_list(text, disc, &repairs->runs, kind[i].verdict,
					    ui->verbose ? SIZE_MAX : VERIFY_SHOWN));
	}
}

static void verify_text(const struct ui *ui, const struct sp_input *in,
			const struct sp_tally *tally, const struct sp_repairs *repairs,
			const struct sp_subscan *scan, const struct proofs *proofs, bool whole)
{
	char place[CLI_PLACE];
	sp_lba first;

	printable_put(stdout, in->path);
	printf(": %s: %" PRIu64 " sectors looked at\n", whole ? "whole" : "damaged",
	       tally->sectors);
	for (size_t i = 0; i < VERIFY_DAMAGES; i++) {
		const uint64_t seen = cli_seen(tally, verify_damage[i].state, &first);
		if (seen)
			printf("  %" PRIu64 " sector%s: %s; the first is %s\n", seen,
			       seen == 1 ? "" : "s", verify_damage[i].text,
			       cli_place(place, in->source->disc, first));
	}
	verify_correctable(ui, in->source->disc, repairs);
	verify_sub_text(ui, in->source->disc, scan);
	proofs_text(stdout, proofs);
}

/* One pass for the main channel and, where there is one, the sub-channel. */
static int verify_sinks(struct sp_sink **out, const struct sp_disc *disc, struct sp_tally *tally,
			struct sp_repairs *repairs, struct sp_subscan *scan, struct sp_error *err)
{
	struct sp_sink *sink[2] = {NULL, NULL};
	int r = sp_sink_check(&sink[0], tally, repairs, err);

	*out = sink[0];
	if (r < 0 || !verify_sub_there(disc))
		return r;
	r = sp_sink_subscan(&sink[1], scan, err);
	if (!r)
		r = sp_sink_tee(out, sink, 2, err);
	if (r < 0)
		sp_sink_close(sink[1]);
	return r;
}

static int verify_alone(struct ui *ui, struct sp_input *in)
{
	struct proofs proofs = {0};
	struct sp_source *source = NULL;
	struct sp_sink *sink = NULL;
	struct sp_tally tally = {0};
	struct sp_repairs repairs = {0};
	struct sp_subscan *scan = calloc(1, sizeof(*scan));
	struct sp_error err;

	int r = scan ? proofs_watch(&source, in->source, &proofs, &err) : sp_fail_memory(&err);
	if (!r)
		r = verify_sinks(&sink, in->source->disc, &tally, &repairs, scan, &err);
	if (!r) {
		struct sp_copy copy = {.source = source, .sink = sink};
		r = cli_copy(ui, &copy, "checking", &err);
	}
	sp_sink_close(sink);
	sp_source_close(source);
	int code = 0;
	/* a checksum that is wrong is the result asked for, not a failure to get one */
	if (r < 0 && !(r == SP_ERR_FORMAT && proofs.wrong)) {
		code = ui_fail(ui, &err);
	} else {
		verify_sub_count(&tally, scan);
		const bool whole = !verify_bad(&tally) && !proofs.wrong;
		if (ui->json)
			verify_json(in, &tally, &repairs, scan, &proofs, whole);
		else if (!ui->quiet)
			verify_text(ui, in, &tally, &repairs, scan, &proofs, whole);
		code = whole ? 0 : sp_status_exit(SP_ERR_DIFFERS);
	}
	proofs_free(&proofs);
	free(scan);
	sp_runs_free(&repairs.runs);
	return code;
}

static int verify_run(struct ui *ui, const struct cli_args *args)
{
	struct sp_input in = {0}, ref = {0};
	struct sp_error err;
	int code;

	int r = cli_open(&in, ui, args, args->word[0], 0, &err);
	if (!r && args->words > 1)
		r = cli_open(&ref, ui, args, args->word[1], CLI_AGAIN | CLI_PLAIN, &err);
	if (r < 0)
		code = ui_fail(ui, &err);
	else if (args->words > 1)
		code = verify_against(ui, &in, &ref);
	else
		code = verify_alone(ui, &in);
	sp_input_close(&ref);
	sp_input_close(&in);
	return code;
}

const struct cli_command cli_verify = {
	.name = "verify",
	.summary = "Check an image's own checksums, or compare two images sector for sector",
	.usage = "SRC [REF]",
	.more = "Alone: EDC, P/Q parity and headers of every sector that has them, and the "
		"checksums\n"
		"of the container; the CRC and place of every Q, and whether its faults are the "
		"marks\n"
		"of a copy protection; and which damage the parity could correct. With REF: layout "
		"and "
		"sectors, in the parts both images store.\n"
		"Exit code 0: whole, or the same; 1: damaged, or different.",
	.example = "spindle verify disc.cue\nspindle verify disc.cue disc.iso",
	.least = 1,
	.most = 2,
	.option = (const unsigned char[]){OPT_TRACK, OPT_SESSION, OPT_PARTITION, OPT_FROM,
					  OPT_PASSWORD, OPT_SET, OPT_NONE},
	.run = verify_run,
};
