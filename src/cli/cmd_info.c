/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle info: what an image is, whether it is whole, what is on it. */
#include "cli/info.h"

#include "cli/where.h"
#include "report/disc.h"
#include "report/printable.h"

#include <spindle/tree.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Whether the image's files do not have this sector. */
static int info_absent(struct sp_source *src, const struct sp_region *region, uint64_t at,
		       bool *absent, struct sp_error *err)
{
	struct sp_span span = {
		.lba = region->lba + (sp_lba)at,
		.count = 1,
		.mode = region->mode,
		.parts = region->parts,
		.stride = sp_sector_size(region->mode, region->parts),
	};
	uint16_t state = 0;

	span.state = &state;
	span.data = malloc(span.stride ? span.stride : 1);
	if (!span.data)
		return sp_fail_memory(err);
	const int r = sp_source_read(src, &span, err);
	free(span.data);
	*absent = (state & (SP_STATE_PADDED | SP_STATE_UNREAD)) != 0;
	return r;
}

/* Sectors a region lacks at its end: a file that was cut short lacks everything from there on, so a
 * search by halves finds the place without reading the whole. */
static int info_region(struct sp_source *src, const struct sp_region *region,
		       struct sp_runs *missing, struct sp_error *err)
{
	uint64_t good = 0, bad = region->count - 1; /* the first absent one is good … bad */
	bool absent;
	int r = info_absent(src, region, bad, &absent, err);

	if (r < 0 || !absent)
		return r;
	while (good < bad) {
		const uint64_t half = good + (bad - good) / 2;
		r = info_absent(src, region, half, &absent, err);
		if (r < 0)
			return r;
		if (absent)
			bad = half;
		else
			good = half + 1;
	}
	struct sp_run *more = realloc(missing->run, (missing->count + 1) * sizeof(*more));
	if (!more)
		return sp_fail_memory(err);
	missing->run = more;
	more[missing->count++] =
		(struct sp_run){.lba = region->lba + (sp_lba)bad, .count = region->count - bad};
	return 0;
}

static int info_missing(struct sp_source *src, struct sp_runs *missing, struct sp_error *err)
{
	const struct sp_disc *disc = src->disc;
	int r = 0;

	for (size_t i = 0; i < disc->regions && !r; i++)
		if (disc->region[i].stored)
			r = info_region(src, &disc->region[i], missing, err);
	return r;
}

/* A work store has holes anywhere: only reading it through finds them. */
static int info_read(struct ui *ui, struct sp_source *src, struct sp_runs *missing,
		     struct sp_error *err)
{
	struct sp_sink *sink;
	struct sp_runs damaged = {0};
	int r = sp_sink_damage(&sink, &damaged, err);

	if (r < 0)
		return r;
	struct sp_copy copy = {.source = src, .sink = sink};
	r = cli_copy(ui, &copy, "reading", err);
	sp_sink_close(sink);
	*missing = damaged;
	missing->count = 0;
	for (size_t i = 0; i < damaged.count; i++)
		if (damaged.run[i].what & SP_STATE_UNREAD)
			missing->run[missing->count++] = damaged.run[i];
	return r;
}

static void info_print(struct ui *ui, const struct report_disc *report)
{
	if (ui->json) {
		struct json json = {.out = stdout};
		report_disc_json(&json, report);
		return;
	}
	report_disc_text(stdout, report);
	for (size_t i = 0; i < report->notes && !ui->quiet; i++) {
		fputs(i ? "Note: " : "\nNote: ", stdout);
		printable_put(stdout, report->note[i]);
		fputc('\n', stdout);
	}
}

static bool info_truncated(const struct ui *ui)
{
	for (size_t i = 0; i < ui->notes; i++)
		if (strstr(ui->note[i], ": truncated"))
			return true;
	return false;
}

/* All that was found of one image. */
struct info {
	struct sp_input in;
	struct facts container, partitions, boot;
	struct info_volumes volumes;
	struct sp_runs absent;
	struct sp_where where;
	uint64_t missing; /* sectors */
	bool located;     /* `where` tells what those belong to */
	bool unseen;      /* nobody looked for absent sectors */
	char state[96];
};

static void info_free(struct info *info)
{
	facts_free(&info->container);
	facts_free(&info->partitions);
	facts_free(&info->boot);
	info_volumes_free(&info->volumes);
	sp_where_clear(&info->where);
	sp_runs_free(&info->absent);
	sp_input_close(&info->in);
}

static int info_look(struct info *info, struct ui *ui, struct sp_error *err)
{
	struct sp_source *src = info->in.source;
	const bool drive = !strcmp(info->in.format->name, "drive");
	const bool once = src->caps & SP_SOURCE_ONCE;
	int r = 0;

	info->unseen = once || drive;
	if (!strcmp(info->in.format->name, "store"))
		r = info_read(ui, src, &info->absent, err);
	else if (!info->unseen && !(src->caps & SP_SOURCE_WHOLE))
		r = info_missing(src, &info->absent, err);
	if (!r)
		info->located = where_look(&info->where, ui, src, &info->absent);
	for (size_t i = 0; i < info->absent.count; i++)
		info->missing += info->absent.run[i].count;
	if (!r)
		r = sp_source_describe(src, facts_take, &info->container, err);
	if (!r)
		r = info_tables(&info->partitions, &info->boot, ui, src, err);
	if (!r && !(src->caps & (SP_SOURCE_SLOW | SP_SOURCE_ONCE)))
		r = info_volumes(&info->volumes, ui, src, drive, err);
	if (!r && (info->container.failed || info->partitions.failed || info->boot.failed))
		r = sp_fail_memory(err);
	return r;
}

/* How the first sentence ends. */
static void info_state(struct info *info, const struct ui *ui)
{
	const uint64_t lacks = info->volumes.missing;
	char *state = info->state;
	const size_t size = sizeof(info->state);

	if (info->missing)
		snprintf(state, size, "%" PRIu64 " sector%s missing or cut short", info->missing,
			 info->missing == 1 ? " is" : "s are");
	else if (lacks)
		snprintf(state, size, "truncated: %" PRIu64 " sector%s of its volume %s missing",
			 lacks, lacks == 1 ? "" : "s", lacks == 1 ? "is" : "are");
	else if (info_truncated(ui))
		snprintf(state, size, "truncated (see the note)");
	else
		snprintf(state, size, "%s",
			 info->unseen ? "not looked through" : "all data present");
}

static int info_run(struct ui *ui, const struct cli_args *args)
{
	struct info info = {0};
	struct sp_error err;

	ui->keep = true;
	int r = cli_open(&info.in, ui, args, args->word[0], 0, &err);
	if (!r)
		r = info_look(&info, ui, &err);
	if (r < 0) {
		ui->keep = false;
		for (size_t i = 0; i < ui->notes; i++)
			ui_note(ui, "%s", ui->note[i]);
		info_free(&info);
		return ui_fail(ui, &err);
	}
	info_state(&info, ui);
	const struct report_disc report = {
		.path = info.in.path,
		.format = info.in.format,
		.disc = info.in.source->disc,
		.wrappings = &info.in.wrappings,
		.state = info.state,
		.missing = info.missing,
		.where = info.located ? &info.where : NULL,
		.note = ui->note,
		.notes = ui->notes,
		.regions = ui->verbose,
		.container = &info.container,
		.partitions = &info.partitions,
		.boot = &info.boot,
		.kinds = &info.volumes.kinds,
		.checksums = &info.volumes.checksums,
		.volume = info.volumes.volume,
		.volumes = info.volumes.count,
	};
	info_print(ui, &report);
	info_free(&info);
	return 0;
}

const struct cli_command cli_info = {
	.name = "info",
	.summary = "Show what an image or a disc in a drive is, whether it is whole, and what is "
		   "on it",
	.usage = "IMAGE|DRIVE",
	.example = "spindle info disc.cue\nspindle info --json disc.iso\nspindle info /dev/sr0",
	.least = 1,
	.most = 1,
	.option = (const unsigned char[]){OPT_FROM, OPT_AUDIO, OPT_PASSWORD, OPT_SET, OPT_NONE},
	.run = info_run,
};
