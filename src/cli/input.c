/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands do alike: open a source, run a copy, name a place. */
#include "cli/password.h"

#include "report/units.h"

#include <inttypes.h>
#include <string.h>

typedef int input_view_fn(struct sp_source **out, struct sp_source *src, unsigned number,
			  struct sp_error *err);

static int input_narrow(struct sp_input *in, const struct cli_args *args, struct sp_error *err)
{
	static const struct {
		unsigned option;
		input_view_fn *view;
	} step[] = {{OPT_SESSION, sp_view_session},
		    {OPT_TRACK, sp_view_track},
		    {OPT_PARTITION, sp_view_partition}};
	struct sp_source *view;

	for (size_t i = 0; i < sizeof(step) / sizeof(*step); i++) {
		const unsigned number = args->number[step[i].option];
		if (!number)
			continue;
		const int r = step[i].view(&view, in->source, number, err);
		if (r < 0)
			return r;
		in->source = view;
	}
	return 0;
}

int cli_open(struct sp_input *in, struct ui *ui, const struct cli_args *args, const char *path,
	     unsigned flags, struct sp_error *err)
{
	const bool plain = flags & CLI_PLAIN;
	struct cli_password password = {.ui = ui, .file = args->text[OPT_PASSWORD]};
	const struct sp_options options = {
		.option = plain ? NULL : args->pair,
		.options = plain ? 0 : args->pairs,
		.notes = &ui->sink,
		.password = cli_password,
		.user = &password,
	};
	if (password.file && !strcmp(password.file, "-") && !strcmp(path, "-"))
		return sp_fail(err, SP_ERR_USAGE,
			       "standard input cannot be the image and its password");
	const char *from = args->count[OPT_AUDIO] ? "m3u" : args->text[OPT_FROM];
	if (args->count[OPT_AUDIO] && args->count[OPT_FROM])
		return sp_fail(err, SP_ERR_USAGE, "--audio and --from are two things");
	int r = sp_input_open(in, path, plain ? NULL : from, &options, err);

	if (r < 0)
		return r;
	if (!(flags & (CLI_TARGET | CLI_PLAIN)))
		r = sp_options_check(&options, in->format, NULL, err);
	if (!r)
		r = input_narrow(in, args, err);
	if (!r && (flags & CLI_AGAIN) && (in->source->caps & SP_SOURCE_ONCE)) {
		struct sp_source *spooled;
		r = sp_spool(&spooled, in->source, err);
		if (!r)
			in->source = spooled;
	}
	if (!r && ui_stopped())
		r = sp_fail(err, SP_ERR_CANCELLED, "stopped");
	if (r < 0) {
		sp_input_close(in);
		*in = (struct sp_input){0};
		return r;
	}
	ui->medium = in->source->disc->medium;
	return 0;
}

int cli_copy(struct ui *ui, struct sp_copy *copy, const char *phase, struct sp_error *err)
{
	copy->phase = phase;
	copy->notes = &ui->sink;
	copy->progress = ui_progress;
	copy->user = ui;
	ui->phase = NULL;
	int r = sp_copy(copy, err);
	if (!r && ui_stopped())
		r = sp_fail(err, SP_ERR_CANCELLED, "stopped");
	ui_clear(ui);
	return r;
}

uint64_t cli_seen(const struct sp_tally *tally, unsigned state, sp_lba *first)
{
	unsigned bit = 0;

	while (bit < 15 && !(state >> bit & 1))
		bit++;
	if (first)
		*first = tally->first[bit];
	return tally->state[bit];
}

char *cli_place(char text[CLI_PLACE], const struct sp_disc *disc, sp_lba lba)
{
	const struct sp_region *region = sp_disc_region(disc, lba);
	const bool time = disc->medium == SP_MEDIUM_CD || disc->medium == SP_MEDIUM_GD;
	char msf[UNITS_TEXT], track[16] = "";

	if (region && region->track)
		snprintf(track, sizeof(track), "track %u", region->track % 100);
	if (!time && !track[0])
		snprintf(text, CLI_PLACE, "LBA %" PRId64, lba);
	else
		snprintf(text, CLI_PLACE, "LBA %" PRId64 " (%s%s%s)", lba,
			 time ? units_msf(msf, lba) : "", time && track[0] ? ", " : "", track);
	return text;
}

const char *cli_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *cli_parts(char *text, size_t size, unsigned parts)
{
	static const char *const name[] = {"sync",    "header", "sub-header", "user data",
					   "EDC/ECC", "C2",     "Q",          "sub-channel"};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		if (!(parts >> i & 1) || used >= size)
			continue;
		const int n = snprintf(text + used, size - used, "%s%s", used ? ", " : "", name[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	return text;
}
