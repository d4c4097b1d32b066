/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle rip: the disc in a drive becomes an image, with a log that proves it. */
#include "cli/rip.h"

#include "cli/convert.h"
#include "cli/where.h"
#include "report/printable.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RIP_LISTED = 20 };

/* One rip with all it needs. */
struct rip_job {
	struct ui *ui;
	const struct cli_args *args;
	struct sp_rip_setup setup;
	struct sp_rip *rip;
	struct sp_disc *toc; /* with what the source does not have */
	struct sp_ar_response response;
	struct sp_target target;
	char *dst, *store;
	char **note; /* also printed */
	size_t notes;
	struct sp_notes sink;
	/* of what was made */
	struct sp_output out;
	struct sp_sink *ahead; /* sums, and perhaps the image, made while the disc is read */
	bool summed, made;     /* so it was */
	unsigned digests;      /* of the log: 1 << SP_DIGEST_… */
	struct sp_hashes hashes;
	struct sp_ar ar;
	struct sp_ar_verdict verdict[SP_TRACK_MAX];
	struct sp_copy copy;
	struct sp_where where; /* of what is bad … */
	bool located;          /* … that could be told */
};

static void rip_note(void *user, const char *text)
{
	struct rip_job *job = user;
	char **list = realloc(job->note, (job->notes + 1) * sizeof(*list));
	char *copy = strdup(text);

	ui_note(job->ui, "%s", text);
	if (list)
		job->note = list;
	if (list && copy)
		job->note[job->notes++] = copy;
	else
		free(copy);
}

/* --- what was asked ------------------------------------------------------------------------ */

static bool rip_has_audio(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].mode == SP_MODE_AUDIO)
			return true;
	return false;
}

/* Which offset: the one given, or the one that is known of this model. */
static int rip_ask_offset(struct rip_job *job, struct sp_error *err)
{
	const struct sp_drive_identity *drive = &sp_rip_report(job->rip)->drive;
	int offset;

	if (!rip_has_audio(sp_rip_disc(job->rip)))
		return 0;
	if (job->args->count[OPT_OFFSET]) {
		if (!job->args->count[OPT_DRY_RUN])
			rip_offset_keep(job->ui, drive, job->setup.offset);
		return 0;
	}
	if (rip_offset_known(drive, &offset))
		return sp_rip_set_offset(job->rip, offset, err);
	if (!job->args->count[OPT_ACCURATERIP])
		ui_note(job->ui,
			"the read offset of this drive is not known: samples are as it gives them "
			"(--offset, or --accuraterip with a response for this disc)");
	return 0;
}

/* Where it goes: DST, or a name the disc has. */
static int rip_ask_target(struct rip_job *job, struct sp_error *err)
{
	const struct cli_args *args = job->args;
	const struct sp_options options = {
		.option = args->pair, .options = args->pairs, .notes = &job->sink};
	const struct sp_disc *disc = sp_rip_disc(job->rip);
	char name[128];

	int r = sp_rip_name(job->rip, name, sizeof(name), err);
	if (r < 0)
		return r;
	if (!name[0])
		snprintf(name, sizeof(name), "disc");
	if (args->words > 1) {
		job->dst = strdup(args->word[1]);
	} else {
		const char *to = args->text[OPT_TO];
		const struct sp_format *format = to ? sp_format_named(to) : NULL;
		const char *extension = format                         ? format->extension[0]
					: disc->medium == SP_MEDIUM_CD ? ".cue"
								       : ".iso";
		const size_t size = strlen(name) + strlen(extension) + 1;

		job->dst = malloc(size);
		if (job->dst)
			snprintf(job->dst, size, "%s%s", name, extension);
	}
	if (!job->dst)
		return sp_fail_memory(err);
	r = sp_target_find(&job->target, job->dst, args->text[OPT_TO], name, &options, err);
	if (!r)
		r = sp_options_check(&options, job->target.format, NULL, err);
	if (r < 0)
		return r;
	job->store =
		rip_store_name(job->target.flags & SP_OUTSET_FOLDER ? job->dst : job->target.path);
	if (!job->store)
		return sp_fail_memory(err);
	/* not after an hour; the logs that who was killed left with its store are taken back */
	struct stat st;
	char *there = args->count[OPT_FORCE]
			      ? NULL
			      : rip_in_the_way(job->target.path, stat(job->store, &st) != 0);
	if (there)
		r = sp_fail(err, SP_ERR_USAGE, "%s: exists; use --force to replace it", there);
	free(there);
	return r;
}

static int rip_plan(struct rip_job *job)
{
	const struct sp_disc *disc = sp_rip_disc(job->rip);
	const struct sp_drive_identity *drive = &sp_rip_report(job->rip)->drive;
	const uint64_t sectors = sp_disc_stored(disc);
	char size[UNITS_TEXT];
	struct stat st;

	printf("would read  ");
	printable_put(stdout, job->args->word[0]);
	fputs(" (", stdout);
	printable_put(stdout, drive->vendor);
	fputc(' ', stdout);
	printable_put(stdout, drive->model);
	printf("): %s, %zu track%s, %" PRIu64 " sectors, %s\n", sp_medium_name(disc->medium),
	       disc->tracks, disc->tracks == 1 ? "" : "s", sectors,
	       units_size(size, sectors * (disc->medium == SP_MEDIUM_CD ? 2352 : 2048)));
	printf("would write ");
	printable_put(stdout, job->target.path);
	printf(" (%s)\nwould keep what is read in ", job->target.format->name);
	printable_put(stdout, job->store);
	puts(stat(job->store, &st) ? " until the image is whole"
				   : ", which is there to go on with");
	return 0;
}

/* --- the image ----------------------------------------------------------------------------- */

static void rip_facts(struct rip_job *job, const struct sp_disc *disc, struct report_rip *report)
{
	*report = (struct report_rip){
		.rip = sp_rip_report(job->rip),
		.disc = disc,
		.toc = job->toc,
		.hashes = &job->hashes,
		.ar = &job->ar,
		.where = job->located ? &job->where : NULL,
		.note = job->note,
		.notes = job->notes,
	};
	if (!job->args->count[OPT_ACCURATERIP] || !job->ar.tracks)
		return;
	report->response = &job->response;
	report->verdict = job->verdict;
	sp_ar_compare(&job->ar, &job->response, job->verdict);
}

/* Digests and checksums of music; takes `image` too, which may be NULL, on success. */
static int rip_sums(struct rip_job *job, struct sp_sink *image, struct sp_sink **out,
		    struct sp_error *err)
{
	struct sp_sink *sink[3] = {NULL};

	int r = sp_sink_hash(&sink[0], job->digests | SP_HASH_TRACKS, &job->hashes, err);
	if (!r)
		r = sp_sink_accuraterip(&sink[1], &job->ar, err);
	sink[2] = image;
	if (!r)
		r = sp_sink_tee(out, sink, image ? 3 : 2, err);
	if (r < 0) {
		sp_sink_close(sink[0]);
		sp_sink_close(sink[1]);
	}
	return r;
}

/* Begin the image. It may have what is in the store, unless that is tried again later. */
static int rip_output(struct rip_job *job, bool bad, struct sp_error *err)
{
	const unsigned force = job->args->count[OPT_FORCE] ? SP_OUTSET_FORCE : 0u;
	const int r = sp_output_create(&job->out, job->target.path, job->target.format->name,
				       job->target.flags | force, &job->target.options, err);

	return r || bad ? r : sp_rip_offer(job->rip, job->out.set, err);
}

/* What may be made while the disc is read: the sums; and the image where that is no work, as its
 * bytes are those that were read. What goes wrong with it, goes wrong again and is told later. */
static void rip_ahead(struct rip_job *job)
{
	struct sp_error err;

	const bool plain = !rip_output(job, false, &err) && job->out.sink->flags & SP_SINK_PLAIN;
	if (rip_sums(job, plain ? job->out.sink : NULL, &job->ahead, &err) < 0)
		return;
	if (plain)
		job->out.sink = NULL;
	else
		sp_output_close(&job->out);
	sp_rip_follow(job->rip, job->ahead);
}

/* What was made ahead is whole. */
static void rip_behind(struct rip_job *job, const struct sp_source *source, bool bad)
{
	job->summed = sp_rip_followed(job->rip);
	job->made = job->summed && job->out.set && !bad;
	job->copy.tally.sectors = sp_disc_stored(source->disc);
	sp_sink_close(job->ahead);
	job->ahead = NULL;
	if (!job->made)
		sp_output_close(&job->out);
}

/* The image in one pass over the store, and the sums where they were not made before. */
static int rip_write(struct rip_job *job, struct sp_source *source, struct sp_error *err)
{
	struct sp_sink *sink = job->out.sink;
	const int r = job->summed ? 0 : rip_sums(job, job->out.sink, &sink, err);

	if (r < 0)
		return r;
	job->out.sink = NULL;
	job->copy = (struct sp_copy){
		.source = source, .sink = sink, .lossy = job->args->count[OPT_LOSSY] != 0};
	const int made = cli_copy(job->ui, &job->copy, "writing", err);
	sp_sink_close(sink);
	return made;
}

/* ", in " the first thing that a run is part of, and how many more: malloc'd, NULL: none. */
static char *rip_files(const struct rip_job *job, const struct sp_run *run)
{
	const struct sp_where *where = &job->where;
	const size_t first = report_where_from(where, run->lba);
	const size_t behind = report_where_from(where, run->lba + (sp_lba)run->count);
	char *text = NULL;
	size_t size;
	FILE *out = first < behind ? open_memstream(&text, &size) : NULL;

	if (!out)
		return NULL;
	fputs(", in ", out);
	report_where_put(out, &where->part[first]);
	if (behind - first > 1)
		fprintf(out, " and %zu more", behind - first - 1);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* What of the disc is bad: each run by LBA, time and file, the first ones. */
static void rip_list(struct rip_job *job, const struct sp_disc *disc)
{
	const struct sp_rip_report *report = sp_rip_report(job->rip);
	const struct sp_runs *runs = &report->runs;
	char place[CLI_PLACE];
	size_t listed = 0, left = 0;

	for (unsigned i = 0; i < SP_RIP_TROUBLES; i++)
		if (report->sectors[i])
			ui_note(job->ui, "%" PRIu64 " sector%s %s", report->sectors[i],
				report->sectors[i] == 1 ? "" : "s", report_rip_trouble[i]);
	for (size_t i = 0; i < runs->count; i++) {
		const struct sp_run *run = &runs->run[i];

		if (run->what != SP_RIP_UNREAD && run->what != SP_RIP_SUSPICIOUS)
			continue;
		if (listed++ >= RIP_LISTED) {
			left++;
			continue;
		}
		cli_place(place, disc, run->lba);
		char *files = report_where_any(&job->where) ? rip_files(job, run) : NULL;
		if (run->count == 1)
			ui_note(job->ui, "bad: %s%s", place, files ? files : "");
		else
			ui_note(job->ui, "bad: %s and %" PRIu64 " more%s", place, run->count - 1,
				files ? files : "");
		free(files);
	}
	if (left)
		ui_note(job->ui, "bad: %zu more places, see the log", left);
}

/* The offset of the drive, where the response tells it. */
static void rip_find_offset(struct rip_job *job)
{
	const struct sp_rip_report *report = sp_rip_report(job->rip);
	unsigned tracks;
	int offset;

	if (!job->args->count[OPT_ACCURATERIP] || job->args->count[OPT_OFFSET] ||
	    !sp_ar_drive_offset(&job->ar, &job->response, &offset, &tracks))
		return;
	if (!offset) {
		rip_offset_keep(job->ui, &report->drive, report->offset);
		return;
	}
	offset += report->offset;
	ui_note(job->ui,
		"sector 450 of %u tracks says that this drive's read offset correction is %+d, not "
		"%+d: rip again for right samples",
		tracks, offset, report->offset);
	rip_offset_keep(job->ui, &report->drive, offset);
}

static void rip_made(struct rip_job *job, const struct sp_output *out,
		     const struct report_rip *report)
{
	char size[UNITS_TEXT], text[200];
	uint64_t bytes;

	if (job->ui->json) {
		struct json json = {.out = stdout};

		report_rip_json(&json, report);
		return;
	}
	if (job->ui->quiet)
		return;
	for (size_t i = 0; i < sp_outset_count(out->set); i++) {
		const char *path = sp_outset_path(out->set, i, &bytes);

		fputs(i ? ", " : "made ", stdout);
		printable_put(stdout, path);
		printf(" (%s)", units_size(size, bytes));
	}
	printf(": %" PRIu64 " sectors%s\n", job->copy.tally.sectors,
	       job->args->count[OPT_VERIFY] ? ", verified: every sector read back equal" : "");
	if (report->response)
		printf("%s\n", report_rip_verdict(text, sizeof(text), report));
}

/* What was read becomes the image; the store stays unless that is whole. */
static int rip_image(struct rip_job *job, struct sp_source *source)
{
	const struct sp_rip_report *report = sp_rip_report(job->rip);
	const uint64_t bad = report->sectors[SP_RIP_UNREAD] + report->sectors[SP_RIP_SUSPICIOUS];
	struct report_rip facts;
	struct sp_output *const out = &job->out;
	struct sp_error err;
	int r = 0;

	rip_behind(job, source, bad);
	if (!job->made)
		r = rip_output(job, bad, &err);
	if (!r && bad)
		r = sp_output_room(out, source->disc, &err);
	if (!r && !job->made)
		r = rip_write(job, source, &err);
	if (r == SP_ERR_LOSSY && sp_losses_any(&job->copy.losses)) {
		convert_refused(job->ui, &job->copy.losses);
		ui_note(job->ui, "what was read is kept in %s, an image that spindle opens",
			job->store);
		sp_output_close(out);
		return sp_status_exit(SP_ERR_LOSSY);
	}
	if (!r && job->args->count[OPT_VERIFY])
		r = convert_verify(job->ui, out, source, sp_losses_any(&job->copy.losses), &err);
	if (!r) {
		job->located = where_look(&job->where, job->ui, source, &report->runs);
		rip_facts(job, source->disc, &facts);
		r = rip_log_write(out, &facts, &err);
	}
	if (!r && bad)
		r = rip_map_write(out, job->rip, &err);
	if (!r)
		r = sp_output_commit(out, &err);
	if (r < 0) {
		sp_output_close(out);
		ui_fail(job->ui, &err);
		ui_note(job->ui,
			"what was read is kept in %s: the same command makes the image from it",
			job->store);
		return sp_status_exit(r);
	}
	rip_list(job, source->disc);
	rip_find_offset(job);
	rip_made(job, out, &facts);
	sp_output_close(out);
	if (!bad)
		return 0;
	ui_note(job->ui,
		"the sectors are kept in %s: the same command with --force tries the bad ones "
		"again",
		job->store);
	return sp_status_exit(SP_ERR_UNREADABLE);
}

static int rip_go(struct rip_job *job)
{
	struct sp_source *source = NULL;
	struct sp_error err;

	int r = sp_rip_begin(job->rip, job->store, &err);
	if (!r) {
		rip_ahead(job);
		r = sp_rip_run(job->rip, &err);
	}
	ui_clear(job->ui);
	job->toc = r ? NULL : sp_disc_copy(sp_rip_disc(job->rip));
	if (!r && !job->toc)
		r = sp_fail_memory(&err);
	if (!r)
		r = sp_rip_source(&source, job->rip, &err);
	if (r < 0) {
		struct stat st;
		const int failed = ui_fail(job->ui, &err);

		/* the drive's errors say it themselves */
		if (r == SP_ERR_IO && !stat(job->store, &st))
			ui_note(job->ui,
				"what was read is kept in %s: the same command goes on from there",
				job->store);
		return failed;
	}
	int code = rip_image(job, source);
	sp_source_close(source);
	if (!code && sp_rip_discard(job->store, &err) < 0)
		code = ui_fail(job->ui, &err);
	if (!code && job->args->count[OPT_EJECT] && sp_rip_eject(job->rip, &err) < 0)
		ui_note(job->ui, "%s", err.text);
	return code;
}

static int rip_start(struct rip_job *job, struct sp_error *err)
{
	const struct cli_args *args = job->args;
	int r = rip_ask(&job->setup, &job->digests, args, err);

	job->setup.notes = &job->sink;
	job->setup.progress = ui_progress;
	job->setup.user = job->ui;

	if (!r && args->count[OPT_ACCURATERIP])
		r = rip_response_open(&job->response, args->text[OPT_ACCURATERIP], err);
	if (!r)
		r = sp_rip_open(&job->rip, &job->setup, err);
	if (r < 0)
		return r;
	job->ui->medium = sp_rip_disc(job->rip)->medium;
	if (args->count[OPT_ACCURATERIP] && !sp_ar_is_of(&job->response, sp_rip_disc(job->rip)))
		return sp_fail(err, SP_ERR_USAGE, "%s: is the response for another disc",
			       args->text[OPT_ACCURATERIP]);
	r = rip_ask_offset(job, err);
	return r ? r : rip_ask_target(job, err);
}

static int rip_run(struct ui *ui, const struct cli_args *args)
{
	struct rip_job *job = calloc(1, sizeof(*job));
	struct sp_error err;
	int code;

	if (!job) {
		sp_fail_memory(&err);
		return ui_fail(ui, &err);
	}
	job->ui = ui;
	job->args = args;
	job->sink = (struct sp_notes){rip_note, job};
	const int r = rip_start(job, &err);
	if (r < 0)
		code = ui_fail(ui, &err);
	else if (args->count[OPT_DRY_RUN])
		code = rip_plan(job);
	else
		code = rip_go(job);
	sp_rip_close(job->rip);
	sp_sink_close(job->ahead);
	sp_output_close(&job->out);
	sp_ar_response_clear(&job->response);
	sp_ar_clear(&job->ar);
	sp_where_clear(&job->where);
	sp_target_clear(&job->target);
	sp_disc_free(job->toc);
	for (size_t i = 0; i < job->notes; i++)
		free(job->note[i]);
	free(job->note);
	free(job->dst);
	free(job->store);
	free(job);
	return code;
}

const struct cli_command cli_rip = {
	.name = "rip",
	.summary = "Make an image of the disc in a drive",
	.usage = "DRIVE [DST]",
	.more = "The whole disc is read, in one pass where it is clean; what cannot be read at "
		"once is\n"
		"tried again later, in smaller pieces and other ways. All of it lies in the "
		"folder\n"
		"DST.spindle until the image is whole, so that the same command goes on after "
		"whatever\n"
		"stopped it, also with another drive. Beside the image are a log with a seal and "
		"the\n"
		"same as JSON. Where DST is a folder, audio tracks become FLAC files there; "
		"without\n"
		"DST the name is the disc's own.",
	.example = "spindle rip /dev/sr0 disc.cue\n"
		   "spindle rip /dev/sr0 music/\n"
		   "spindle rip --retries 10 --speed 8x /dev/sr0 scratched.iso\n"
		   "spindle rip sim:disc.cue copy.cue",
	.least = 1,
	.most = 2,
	.option = (const unsigned char[]){OPT_TO, OPT_SET, OPT_TRACKS, OPT_SPEED, OPT_RETRIES,
					  OPT_OFFSET, OPT_SUB, OPT_PARANOID, OPT_ACCURATERIP,
					  OPT_ALGORITHM, OPT_EJECT, OPT_DRY_RUN, OPT_LOSSY,
					  OPT_FORCE, OPT_VERIFY, OPT_NONE},
	.run = rip_run,
};
