/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle burn: an image becomes a disc, on one drive or several, and is read back. */
#include "cli/burn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BURN_DRIVES = 16, BURN_WORDS = 40 };

struct burn_job {
	struct ui *ui;
	const struct cli_args *args;
	struct burn_input input;
	struct burn_worker worker[BURN_DRIVES];
	size_t workers;
	char *word[BURN_WORDS]; /* what every worker is told */
	char *made[BURN_WORDS]; /* of them, those that are to be freed */
	size_t words, mades;
	bool stopping;
};

static void burn_note(void *user, const char *text)
{
	ui_note(user, "%s", text);
}

/* --- what the workers are told ------------------------------------------------------------- */

static int burn_word(struct burn_job *job, const char *format, const char *a, const char *b,
		     struct sp_error *err)
{
	char *text = NULL;
	const size_t size = strlen(format) + strlen(a) + strlen(b) + 1;

	if (job->words + 1 >= BURN_WORDS)
		return sp_fail(err, SP_ERR_USAGE, "too many options");
	if (!(text = malloc(size)))
		return sp_fail_memory(err);
	snprintf(text, size, "%s%s%s", format, a, b);
	job->made[job->mades++] = text;
	job->word[job->words++] = text;
	return 0;
}

static int burn_words(struct burn_job *job, struct sp_error *err)
{
	static const unsigned char flags[] = {OPT_SIMULATE, OPT_MULTI,     OPT_OVERBURN, OPT_YES,
					      OPT_LOSSY,    OPT_NO_VERIFY, OPT_EJECT};
	static const unsigned char texts[] = {OPT_FROM,  OPT_PASSWORD, OPT_MODE,
					      OPT_SPEED, OPT_TRACK,    OPT_SESSION};
	const struct cli_args *args = job->args;
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(flags); i++)
		if (args->count[flags[i]])
			r = burn_word(job, "--", cli_options[flags[i]].name, "", err);
	for (size_t i = 0; !r && i < sizeof(texts); i++)
		/* an image of ours is opened as it is */
		if (args->text[texts[i]] && !(job->input.image && i < 2)) {
			r = burn_word(job, "--", cli_options[texts[i]].name, "", err);
			if (!r)
				r = burn_word(job, "", args->text[texts[i]], "", err);
		}
	for (size_t i = 0; !r && i < args->pairs && !job->input.image; i++) {
		const char *value = args->pair[i].value;

		r = burn_word(job, "-O", args->pair[i].key, value ? "=" : "", err);
		if (!r && value) {
			/* one word: the value goes on where the key ends */
			job->words--;
			r = burn_word(job, job->word[job->words], value, "", err);
		}
	}
	if (!r)
		r = burn_word(job, "", "--", "", err);
	return r ? r
		 : burn_word(job, "", job->input.image ? job->input.image : job->input.path, "",
			     err);
}

/* --- which drives -------------------------------------------------------------------------- */

static int burn_drive_name(struct burn_job *job, const char *name, struct sp_error *err)
{
	for (size_t i = 0; i < job->workers; i++)
		if (!strcmp(job->worker[i].drive, name))
			return sp_fail(err, SP_ERR_USAGE, "%s: is named twice", name);
	if (job->workers == BURN_DRIVES)
		return sp_fail(err, SP_ERR_USAGE, "more than %d drives", BURN_DRIVES);
	/* nothing but a drive is ever opened for writing */
	if (!sp_drive_is_name(name))
		return sp_fail(err, SP_ERR_DEVICE, "%s: is no optical drive (see: spindle drives)",
			       name);
	job->worker[job->workers++] = (struct burn_worker){.drive = name, .in = -1, .out = -1};
	return 0;
}

/* The only one there is, when none is named. */
static int burn_drive_only(struct burn_job *job, struct sp_error *err)
{
	char **found = sp_drives_find();
	char list[160] = "";
	size_t count = 0;
	int r = 0;

	if (!found)
		return sp_fail_memory(err);
	for (; found[count]; count++) {
		const size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%s%s", count ? ", " : "", found[count]);
	}
	if (!count)
		r = sp_fail(err, SP_ERR_DEVICE, "there is no optical drive");
	else if (count > 1)
		r = sp_fail(err, SP_ERR_USAGE, "there are several drives, name one: %s", list);
	else if (!(job->made[job->mades] = strdup(found[0])))
		r = sp_fail_memory(err);
	else
		r = burn_drive_name(job, job->made[job->mades++], err);
	sp_drives_free(found);
	return r;
}

/* --- the workers at work ------------------------------------------------------------------- */

static bool burn_busy(const struct burn_worker *w, bool planning)
{
	return w->pid > 0 && !(planning && (w->planned || w->ended));
}

/* All drives as one: reading back is the second half, and only its end is 100 %. */
static void burn_tell(struct burn_job *job)
{
	const bool twice = !job->args->count[OPT_NO_VERIFY] && !job->args->count[OPT_SIMULATE];
	struct sp_progress p = {.phase = NULL};
	static const char *const order[] = {"lead-in", "checking", "writing", "closing",
					    "verifying"};
	size_t slowest = sizeof(order) / sizeof(*order);

	for (size_t i = 0; i < job->workers; i++) {
		const struct burn_worker *w = &job->worker[i];
		const uint64_t all = w->report.plan.sectors;
		size_t phase = 0;

		if (w->ended || !w->phase[0])
			continue;
		while (phase < sizeof(order) / sizeof(*order) &&
		       strcmp(order[phase], w->phase) != 0)
			phase++;
		if (phase < slowest) {
			slowest = phase;
			p.phase = order[phase];
		}
		p.total += (twice ? 2 : 1) * all + 1;
		p.done += phase < 2 ? 0 : phase == 2 ? w->done : phase == 3 ? all : all + w->done;
		p.bytes += w->bytes;
	}
	if (p.phase)
		ui_progress(job->ui, &p);
}

static void burn_hear(struct burn_job *job, bool planning)
{
	for (;;) {
		struct pollfd fd[BURN_DRIVES];
		size_t who[BURN_DRIVES], count = 0;

		for (size_t i = 0; i < job->workers; i++)
			if (burn_busy(&job->worker[i], planning)) {
				fd[count] =
					(struct pollfd){.fd = job->worker[i].out, .events = POLLIN};
				who[count++] = i;
			}
		if (!count)
			return;
		if (poll(fd, count, 250) > 0)
			for (size_t i = 0; i < count; i++)
				if (fd[i].revents)
					burn_worker_hear(&job->worker[who[i]]);
		if (ui_stopped() && !job->stopping) {
			job->stopping = true;
			ui_note(job->ui,
				"stopping: the drive finishes its command and closes what it "
				"can, which may take minutes");
			for (size_t i = 0; i < job->workers; i++)
				burn_worker_stop(&job->worker[i]);
		}
		burn_tell(job);
	}
}

static int burn_start(struct burn_job *job, struct sp_error *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];

		w->note = burn_note;
		w->user = job->ui;
		r = burn_worker_start(w, "__burn", w->drive, job->word, err);
	}
	if (!r)
		burn_hear(job, true);
	return r;
}

/* What the medium is now, after something went wrong; "" where nobody knows, or it was told. */
static void burn_state(const struct burn_worker *w, char *text, size_t size)
{
	const struct sp_burn_report *r = &w->report;
	const unsigned long long sectors = r->sectors, all = r->plan.sectors;
	const bool random = r->target.state == SP_DISC_RANDOM;

	text[0] = '\0';
	if (w->lost)
		snprintf(text, size, "what became of the disc is not known");
	else if (w->recovered && r->written == SP_WRITTEN_PART)
		snprintf(text, size, "the disc holds a part and is closed");
	else if (w->recovered && r->written == SP_WRITTEN_DAMAGED)
		snprintf(text, size, "the disc is damaged: what is written is not %s",
			 random ? "whole" : "closed");
	else if (r->written == SP_WRITTEN_WHOLE)
		snprintf(text, size, "all is written and closed%s",
			 r->verified ? "" : ", and was not read back as a whole");
	else if (r->written == SP_WRITTEN_DAMAGED && random)
		snprintf(text, size, "%llu of %llu sectors are written over what it held", sectors,
			 all);
	else if (r->written == SP_WRITTEN_DAMAGED)
		snprintf(text, size,
			 "the disc is damaged: %llu of %llu sectors are written and not closed",
			 sectors, all);
	else if (r->written == SP_WRITTEN_PART)
		snprintf(text, size, "the disc holds %llu of %llu sectors and is closed", sectors,
			 all);
	else if (r->written == SP_WRITTEN_NOT && w->planned)
		snprintf(text, size, "nothing was written");
}

/* A line, and one of the medium's state where it was to be written. One that was stopped has but
 * one line, and where another drive was refused it was not even that. */
static int burn_failure(struct burn_job *job, const struct burn_worker *w, bool refused)
{
	const bool named = job->workers < 2 || strstr(w->text, w->drive);
	char state[160];
	struct sp_error err;

	burn_state(w, state, sizeof(state));
	if (w->status == SP_ERR_CANCELLED && refused && !ui_stopped()) {
		ui_note(job->ui, "%s: not begun, as another drive was refused", w->drive);
		return 0;
	}
	if (w->status == SP_ERR_CANCELLED && ui_stopped()) {
		ui_note(job->ui, "%s: stopped: %s", w->drive, state);
		return 0;
	}
	if (w->status == SP_ERR_CANCELLED)
		return ui_error(job->ui, w->status, "%s: stopped: %s", w->drive, state);
	sp_fail(&err, w->status, "%s%s%s", named ? "" : w->drive, named ? "" : ": ", w->text);
	const int code = ui_fail(job->ui, &err);
	if (w->went && state[0] && w->status != SP_ERR_DIFFERS)
		ui_note(job->ui, "%s: %s", w->drive, state);
	return code;
}

/* The worst of all drives; each has its line. */
static int burn_outcome(struct burn_job *job, bool plan, bool refused)
{
	bool stopped = false;
	struct sp_error err;
	int code = 0;

	ui_clear(job->ui);
	for (size_t i = 0; i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];

		if (!w->status && !job->ui->json)
			burn_report_text(job->ui, &job->input, w, plan);
		if (!w->status)
			continue;
		stopped |= w->status == SP_ERR_CANCELLED && ui_stopped();
		const int one = burn_failure(job, w, refused);
		code = !code || one == 7 ? one : code;
	}
	if (stopped && !code) {
		sp_fail(&err, SP_ERR_CANCELLED, "interrupted");
		code = ui_fail(job->ui, &err);
	}
	if (job->ui->json)
		burn_report_json(job->ui, &job->input, job->worker, job->workers, plan);
	return code;
}

static int burn_go(struct burn_job *job)
{
	const bool plan = job->args->count[OPT_DRY_RUN] != 0;
	bool refused = false;

	for (size_t i = 0; i < job->workers; i++)
		refused |= !job->worker[i].planned;
	for (size_t i = 0; i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];

		if (w->ended)
			continue;
		if (plan || refused || ui_stopped() || burn_worker_go(w))
			burn_worker_stop(w);
	}
	burn_hear(job, false);
	for (size_t i = 0; i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];

		if (plan && w->status == SP_ERR_CANCELLED && !ui_stopped())
			w->status = 0; /* that it was let go is no failure of its */
		burn_worker_recover(w);
	}
	return burn_outcome(job, plan, refused);
}

static int burn_run(struct ui *ui, const struct cli_args *args)
{
	struct burn_job *job = calloc(1, sizeof(*job));
	struct sp_error err;
	int code = 0, r = job ? 0 : sp_fail_memory(&err);

	if (r < 0)
		return ui_fail(ui, &err);
	job->ui = ui;
	job->args = args;
	for (int i = 1; !r && i < args->words; i++)
		r = burn_drive_name(job, args->word[i], &err);
	if (!r && args->words < 2)
		r = burn_drive_only(job, &err);
	if (!r)
		r = burn_input_open(&job->input, ui, args, &err);
	if (!r)
		r = burn_words(job, &err);
	if (!r)
		r = burn_start(job, &err);
	code = r < 0 ? ui_fail(ui, &err) : burn_go(job);
	for (size_t i = 0; i < job->workers; i++)
		burn_worker_clear(&job->worker[i]);
	burn_input_close(&job->input);
	for (size_t i = 0; i < job->mades; i++)
		free(job->made[i]);
	free(job);
	return code;
}

const struct cli_command cli_burn = {
	.name = "burn",
	.summary = "Write an image to discs, and read them back",
	.usage = "SRC [DRIVE]...",
	.more = "SRC is read as a whole first; what does not fit or cannot be written is refused\n"
		"before the first write. Every disc is read back and compared.",
	.example = "spindle burn live.iso /dev/sr0\n"
		   "spindle burn album.cue sim:new.disc,medium=cd-r\n"
		   "spindle burn master.iso /dev/sr0 /dev/sr1 --speed 4x",
	.least = 1,
	.most = 1 + BURN_DRIVES,
	.option = (const unsigned char[]){OPT_DRY_RUN, OPT_SIMULATE, OPT_YES, OPT_NO_VERIFY,
					  OPT_SPEED, OPT_MODE, OPT_MULTI, OPT_OVERBURN, OPT_LOSSY,
					  OPT_EJECT, OPT_FROM, OPT_PASSWORD, OPT_SET, OPT_TRACK,
					  OPT_SESSION, OPT_NONE},
	.run = burn_run,
};
