/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle convert: an image becomes another kind of image, whole and proven, or not at all. */
#include "cli/convert.h"

#include "cli/plan.h"
#include "cli/repairs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int convert_refused(struct ui *ui, const struct sp_losses *losses)
{
	char text[1600];

	return ui_error(ui, SP_ERR_LOSSY,
			"this format cannot hold: %s (use --lossy to leave them out)",
			sp_losses_text(losses, text, sizeof(text)));
}

/* What a copy has to say besides its result. */
static void convert_remark(struct ui *ui, const struct sp_disc *disc, const struct sp_copy *copy)
{
	static const struct {
		unsigned state;
		const char *text;
	} remark[] = {
		{SP_STATE_UNREAD, "that could not be read: filled with zeros"},
		{SP_STATE_PADDED, "cut short in the source: filled up with zeros"},
	};
	char text[1600], place[CLI_PLACE];

	if (sp_losses_any(&copy->losses))
		ui_note(ui, "left out: %s", sp_losses_text(&copy->losses, text, sizeof(text)));
	for (size_t i = 0; i < sizeof(remark) / sizeof(*remark); i++) {
		sp_lba first;
		const uint64_t seen = cli_seen(&copy->tally, remark[i].state, &first);
		if (seen)
			ui_note(ui, "%" PRIu64 " sector%s %s; the first is %s", seen,
				seen == 1 ? "" : "s", remark[i].text,
				cli_place(place, disc, first));
	}
}

int convert_verify(struct ui *ui, struct sp_output *out, struct sp_source *source, bool lossy,
		   struct sp_error *err)
{
	struct sp_source *view = NULL;
	struct sp_sink *sink = NULL;
	struct sp_compared found;
	char place[CLI_PLACE];

	int r = sp_output_view(out, &view, NULL, err);
	if (!r)
		r = sp_sink_compare(&sink, view, &found, err);
	if (!r) {
		struct sp_copy copy = {.source = source, .sink = sink};
		r = cli_copy(ui, &copy, "comparing", err);
	}
	sp_sink_close(sink);
	sp_source_close(view);
	if (r < 0)
		return r;
	const uint64_t wrong = found.differ + found.only_b + (lossy ? 0 : found.only_a);
	if (wrong)
		return sp_fail(
			err, SP_ERR_DIFFERS,
			"read back, %" PRIu64 " sectors differ from the source, the first at "
			"%s; nothing was kept",
			wrong,
			found.differences ? cli_place(place, source->disc, found.difference[0].lba)
					  : "an unknown place");
	if (found.layout[0] && !lossy)
		return sp_fail(
			err, SP_ERR_DIFFERS,
			"read back, the layout differs from the source (%s); nothing was kept",
			found.layout);
	return 0;
}

static int convert_write(struct ui *ui, const struct cli_args *args, struct sp_input *in,
			 struct sp_output *out, const struct sp_repairs *repairs)
{
	struct sp_copy copy = {
		.source = in->source,
		.sink = out->sink,
		.lossy = args->count[OPT_LOSSY] != 0,
	};
	const bool verify = args->count[OPT_VERIFY] != 0;
	struct sp_error err;

	int r = sp_output_room(out, in->source->disc, &err);
	if (!r)
		r = cli_copy(ui, &copy, NULL, &err);
	if (r == SP_ERR_LOSSY && sp_losses_any(&copy.losses))
		return convert_refused(ui, &copy.losses);
	if (!r && verify)
		r = convert_verify(ui, out, in->source, sp_losses_any(&copy.losses), &err);
	if (!r)
		r = sp_output_commit(out, &err);
	if (r < 0)
		return ui_fail(ui, &err);
	convert_remark(ui, in->source->disc, &copy);
	if (repairs)
		repairs_note(ui, in->source->disc, repairs);
	convert_made(ui, args, in, out, &copy, repairs);
	return cli_seen(&copy.tally, SP_STATE_UNREAD, NULL) ? sp_status_exit(SP_ERR_UNREADABLE) : 0;
}

/* What cannot go together, before anything is opened. */
static int convert_check(const struct cli_args *args, struct sp_error *err)
{
	if (strcmp(args->word[1], "-") != 0)
		return 0;
	if (args->count[OPT_VERIFY])
		return sp_fail(err, SP_ERR_USAGE,
			       "what goes to a pipe cannot be read back: "
			       "leave out --verify or name a file");
	if (args->count[OPT_JSON] && !args->count[OPT_DRY_RUN])
		return sp_fail(err, SP_ERR_USAGE,
			       "standard output cannot take the image and --json");
	return 0;
}

/* Where it goes; into a folder, under the name of what it is made from. */
static int convert_target(struct sp_target *target, const struct sp_input *in,
			  const struct cli_args *args, const struct sp_options *options,
			  struct sp_error *err)
{
	const char *base = cli_base(in->path), *dot = strrchr(base, '.');
	const size_t size = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	char *name = strcmp(in->path, "-") ? strndup(base, size) : NULL;

	/* a name that is of several formats (.img) is no question where the source is a disk */
	const struct sp_format *named = in->source->disc->medium == SP_MEDIUM_BLOCK
						? sp_format_for_path(args->word[1])
						: NULL;
	const char *to = args->text[OPT_TO] ? args->text[OPT_TO] : named ? named->name : NULL;
	int r = sp_target_find(target, args->word[1], to, name, options, err);
	if (!r)
		r = sp_options_check(options, in->format, target->format, err);
	free(name);
	return r;
}

/* Where blocks of 512 bytes become sectors of 2048, the last one may have to be filled up. */
static int convert_widen(struct ui *ui, struct sp_input *in, const struct sp_target *target,
			 struct sp_error *err)
{
	struct sp_source *view;
	unsigned padding;

	if (in->source->disc->medium != SP_MEDIUM_BLOCK || strcmp(target->format->name, "iso") != 0)
		return 0;
	const int r = sp_view_sectors(&view, in->source, &padding, err);
	if (r < 0)
		return r;
	in->source = view;
	if (padding)
		ui_note(ui, "%s: %u bytes of zeros fill up the last sector of 2048", target->path,
			padding);
	return 0;
}

/* What is opened becomes the output, or the plan of one. */
static int convert_opened(struct ui *ui, const struct cli_args *args, struct sp_input *in,
			  const struct sp_repairs *repairs)
{
	const struct sp_options options = {
		.option = args->pair, .options = args->pairs, .notes = &ui->sink};
	struct sp_target target = {0};
	struct sp_output out = {0};
	struct sp_error err;
	int code;

	int r = convert_target(&target, in, args, &options, &err);
	if (!r)
		r = convert_widen(ui, in, &target, &err);
	if (!r && !args->count[OPT_DRY_RUN])
		r = sp_output_create(&out, target.path, target.format->name,
				     target.flags | (args->count[OPT_FORCE] ? SP_OUTSET_FORCE : 0),
				     &target.options, &err);
	if (r < 0)
		code = ui_fail(ui, &err);
	else if (args->count[OPT_DRY_RUN])
		code = convert_plan(ui, args, in, &target, repairs);
	else
		code = convert_write(ui, args, in, &out, repairs);
	sp_output_close(&out);
	sp_target_clear(&target);
	return code;
}

static int convert_run(struct ui *ui, const struct cli_args *given)
{
	struct cli_args args = *given;
	struct sp_repairs repairs = {0};
	struct sp_input in = {0};
	struct sp_error err;
	bool repair = false;

	int r = convert_check(&args, &err);
	if (!r)
		r = repairs_asked(&args, &repair, &err);
	if (!r)
		r = cli_open(&in, ui, &args, args.word[0],
			     CLI_TARGET | (args.count[OPT_VERIFY] ? CLI_AGAIN : 0), &err);
	if (!r && repair)
		r = repairs_wrap(&in, &repairs, &err);
	const int code = r < 0 ? ui_fail(ui, &err)
			       : convert_opened(ui, &args, &in, repair ? &repairs : NULL);
	sp_input_close(&in);
	sp_runs_free(&repairs.runs);
	return code;
}

static const struct sp_format_option convert_settings[] = {
	{"repair", "no|yes", "correct damaged sectors where P/Q parity can"},
	{NULL, NULL, NULL},
};

const struct cli_command cli_convert = {
	.name = "convert",
	.summary = "Make another kind of image",
	.usage = "SRC DST",
	.more = "DST appears whole and synced to disk, or not at all. What its format cannot hold "
		"is\n"
		"named and refused, unless --lossy says otherwise. DST may be - where the format "
		"can\n"
		"be written to a pipe. Where DST is a folder or ends in /, audio tracks become "
		"FLAC\n"
		"files there, with tags and a sheet; -O audio=wav makes them WAVE.\n"
		"-O repair corrects damaged sectors where P/Q parity gives one whose EDC is "
		"right,\n"
		"and lists them; others stay as they are.",
	.example = "spindle convert disc.iso disc.cue\n"
		   "spindle convert --verify -O bins=track disc.cue copy.cue\n"
		   "spindle convert disc.cue music/\n"
		   "spindle convert -O repair scratched.cue mended.cue\n"
		   "spindle convert --partition 2 disk.dmg volume.img\n"
		   "spindle convert --dry-run disc.cue disc.iso",
	.least = 2,
	.most = 2,
	.option = (const unsigned char[]){OPT_TO, OPT_SET, OPT_DRY_RUN, OPT_LOSSY, OPT_FORCE,
					  OPT_VERIFY, OPT_TRACK, OPT_SESSION, OPT_PARTITION,
					  OPT_FROM, OPT_AUDIO, OPT_PASSWORD, OPT_NONE},
	.setting = convert_settings,
	.run = convert_run,
};
