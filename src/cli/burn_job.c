/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All drives of a burn: who goes, who is asked for another disc, and what it came to. */
#include "cli/burn.h"

#include "report/printable.h"
#include "report/units.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	JOB_BAD = 2,     /* bad discs in a row: after that it is the drive */
	JOB_REFUSED = 5, /* discs in a row that cannot be written */
};

/* --- how far it is ------------------------------------------------------------------------- */

static const char *const job_phases[] = {"lead-in", "checking", "writing", "closing", "verifying"};
enum { JOB_PHASES = sizeof(job_phases) / sizeof(*job_phases) };

static size_t job_phase(const struct burn_worker *w)
{
	size_t phase = 0;

	while (phase < JOB_PHASES && strcmp(job_phases[phase], w->phase) != 0)
		phase++;
	return phase;
}

/* Where a phase begins, of a disc of so many sectors: reading back is the second half, and only its
 * end is 100 %. */
static uint64_t job_begin(size_t phase, uint64_t sectors)
{
	return phase < 3 ? 0 : sectors;
}

/* All drives as one: the phase is that of the last one, and so are its buffers. */
static void job_tell(struct burn_job *job)
{
	const bool twice = !job->args->count[OPT_NO_VERIFY] && !job->args->count[OPT_SIMULATE];
	struct sp_progress p = {.phase = NULL};
	struct ui *ui = job->ui;
	size_t slowest = JOB_PHASES;
	uint64_t each = 0;
	unsigned live = 0, coming = 0;

	if (ui->phase && !strcmp(ui->phase, "done"))
		return;
	ui->burns = true;
	ui->from = 0;
	for (size_t i = 0; i < job->workers; i++) {
		const struct burn_worker *w = &job->worker[i];
		const uint64_t all = w->result.report.plan.sectors;
		const size_t phase = job_phase(w);

		if (w->over)
			continue;
		if (phase == JOB_PHASES) {
			coming++; /* or the sum would go back when it begins */
			continue;
		}
		if (phase < slowest) {
			p.phase = job_phases[slowest = phase];
			ui->buffer = w->buffer;
			ui->fifo = w->fifo;
		}
		live++;
		each = (twice ? 2 : 1) * all + 1;
		p.done += job_begin(phase, all) + (phase == 2 || phase == 4 ? w->done : 0);
		ui->from += job_begin(phase, all);
		p.bytes += w->bytes;
	}
	p.done += each * job->count.good;
	ui->from += each * job->count.good;
	ui->drives = live;
	p.total = each * (job->again ? job->count.wanted : job->count.good + live + coming);
	if (!live &&
	    job->count.good >= job->count.wanted) { /* closed and, if it was to be, read back */
		p.phase = "done";
		p.done = p.total = 1;
		ui->buffer = ui->fifo = 101;
	}
	if (p.phase)
		ui_progress(ui, &p);
	ui->burns = false;
}

/* --- what a disc came to ------------------------------------------------------------------- */

/* What the medium is now, after something went wrong; "" where it was told. */
static void job_state(const struct burn_result *result, char *text, size_t size)
{
	const struct sp_burn_report *r = &result->report;
	const unsigned long long sectors = r->sectors, all = r->plan.sectors;
	const bool random = r->target.state == SP_DISC_RANDOM;

	text[0] = '\0';
	if (result->lost)
		snprintf(text, size, "what became of the disc is not known");
	else if (result->recovered && r->written == SP_WRITTEN_PART)
		snprintf(text, size, "the disc holds a part and is closed");
	else if (result->recovered && r->written == SP_WRITTEN_DAMAGED)
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
	else if (r->written == SP_WRITTEN_NOT && result->planned)
		snprintf(text, size, "nothing was written");
}

/* A line, and one of the medium's state where it was to be written. One that was stopped has but
 * one line. Returns the exit code; 0: it has no part in it. */
static int job_failed(struct burn_job *job, const struct burn_result *result)
{
	const bool named = job->workers < 2 || strstr(result->text, result->drive);
	const char *drive = result->drive;
	char state[160];
	struct sp_error err;

	job_state(result, state, sizeof(state));
	if (result->status == SP_ERR_CANCELLED && job->let_go && !ui_stopped()) {
		ui_note(job->ui, "%s: not begun, %s", drive, job->let_go);
		return 0;
	}
	if (result->status == SP_ERR_CANCELLED && ui_stopped()) {
		ui_note(job->ui, "%s: stopped: %s", drive, state);
		return 0;
	}
	if (result->status == SP_ERR_CANCELLED)
		return ui_error(job->ui, result->status, "%s: stopped: %s", drive, state);
	sp_fail(&err, result->status, "%s%s%s", named ? "" : drive, named ? "" : ": ",
		result->text);
	const int code = ui_fail(job->ui, &err);
	/* our own writer has told itself where it ended */
	const bool told = result->report.plan.writer == SP_WRITER_OWN && !result->recovered &&
			  !result->lost && result->report.written != SP_WRITTEN_WHOLE;
	if (result->went && state[0] && result->status != SP_ERR_DIFFERS && !told)
		ui_note(job->ui, "%s: %s", drive, state);
	return code;
}

/* One line, and the exit code. */
static int job_say(struct burn_job *job, const struct burn_result *result, bool plan)
{
	ui_clear(job->ui);
	if (result->status)
		return job_failed(job, result);
	if (!job->ui->json)
		burn_report_text(job->ui, &job->input, result, plan);
	return 0;
}

static void job_keep(struct burn_job *job, const struct burn_result *result)
{
	struct burn_result *list =
		realloc(job->result, (job->results + 1) * sizeof(job->result[0]));

	if (!list)
		return;
	job->result = list;
	list[job->results++] = *result;
}

/* A disc is done, or was refused: take what is known of it. With copies it is told at once. */
static void job_take(struct burn_job *job, struct burn_worker *w)
{
	const bool disc = w->result.went;

	w->known = true;
	if (!w->result.status && disc) {
		job->count.good++;
		w->result.copy = job->again ? job->count.good : 0;
		w->result.copies = job->count.wanted;
	}
	w->bad = w->result.status && disc ? w->bad + 1 : 0;
	w->refused = w->result.status && !disc ? w->refused + 1 : 0;
	/* or one that was not needed any more, or was told to stop */
	if (!job->again || (!disc && (!w->result.status || w->result.status == SP_ERR_CANCELLED)))
		return;
	job_keep(job, &w->result);
	job_say(job, &w->result, false);
	if (!job->ui->quiet && !job->ui->json)
		fflush(stdout);
}

/* --- who goes ------------------------------------------------------------------------------ */

struct job_now {
	unsigned burning, coming, idle, done;
};

static struct job_now job_look(struct burn_job *job)
{
	struct job_now now = {0};

	for (size_t i = 0; i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];

		if (w->over && !w->known) {
			burn_worker_recover(w);
			job_take(job, w);
		}
		if (w->ended || w->in < 0)
			continue;
		now.done += w->over;
		now.burning += w->result.went && !w->over;
		now.idle += w->result.planned && !w->result.went && !w->over;
		now.coming += !w->result.planned && !w->over;
	}
	return now;
}

/* A disc put in later holds something, and nobody said that this may go. */
static bool job_is_kept(const struct burn_job *job, const struct burn_worker *w)
{
	return w->result.report.target.used && !job->args->count[OPT_YES] && w->discs;
}

static void job_go(struct burn_job *job, struct burn_worker *w)
{
	const struct sp_burn_target *target = &w->result.report.target;

	if (!job_is_kept(job, w)) {
		if (burn_worker_go(w))
			burn_worker_stop(w);
		return;
	}
	ui_note(job->ui,
		"%s: the %s holds %s, which would be lost; --yes writes over it: another disc, "
		"please",
		w->drive, sp_profile_name(target->profile),
		target->holds[0] ? target->holds : "data");
	if (++w->refused >= JOB_REFUSED || burn_worker_next(w))
		burn_worker_stop(w);
}

static void job_next(struct burn_job *job, struct burn_worker *w)
{
	if (w->bad >= JOB_BAD || w->refused >= JOB_REFUSED) {
		ui_note(job->ui, "%s: is not used any more after %u discs in a row", w->drive,
			w->bad + w->refused);
		burn_worker_stop(w);
		return;
	}
	ui_note(job->ui, "%s: the tray opens: put in another disc, for copy %u of %u", w->drive,
		job->count.good + 1, job->count.wanted);
	if (burn_worker_next(w))
		burn_worker_stop(w);
}

/* Whoever has nothing to do is sent to burn, asked for another disc, or let go. */
static void job_step(struct burn_job *job)
{
	struct job_now now = job_look(job);
	const unsigned wanted = job->count.wanted;

	for (size_t i = 0; i < job->workers; i++) {
		struct burn_worker *w = &job->worker[i];
		const unsigned sure = job->count.good + now.burning;

		if (w->ended || w->in < 0)
			continue;
		if (job->count.good >= wanted) {
			burn_worker_stop(w);
		} else if (w->result.planned && !w->result.went && !w->over && sure < wanted) {
			job_go(job, w);
			now.burning += w->result.went;
			now.idle--;
		} else if (w->over && sure + now.idle + now.coming < wanted) {
			job_next(job, w);
			now.coming += w->in >= 0;
		}
	}
}

static bool job_busy(const struct burn_worker *w, bool planning)
{
	return w->pid > 0 && !(planning && (w->result.planned || w->over));
}

static void job_stop(struct burn_job *job)
{
	for (size_t i = 0; i < job->workers; i++)
		burn_worker_stop(&job->worker[i]);
}

static void job_hear(struct burn_job *job, bool planning)
{
	for (;;) {
		struct pollfd fd[BURN_DRIVES];
		size_t who[BURN_DRIVES], count = 0;

		if (!planning && !job->stopping) {
			job_step(job);
			job_tell(job);
		}
		for (size_t i = 0; i < job->workers; i++)
			if (job_busy(&job->worker[i], planning)) {
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
			job_stop(job);
		}
	}
}

/* --- asking -------------------------------------------------------------------------------- */

/* What will be done to which disc in which drive. */
static bool job_confirmed(struct burn_job *job)
{
	char size[UNITS_TEXT], question[80];
	const unsigned wanted = job->count.wanted;

	units_size(size, job->input.hashes.whole.size);
	ui_clear(job->ui);
	for (size_t i = 0; i < job->workers; i++) {
		const struct burn_worker *w = &job->worker[i];
		const struct sp_burn_target *target = &w->result.report.target;
		const bool random = target->state == SP_DISC_RANDOM;

		printable_put(stderr, w->drive);
		fprintf(stderr, " (%s %s): ", target->identity.vendor, target->identity.model);
		printable_put(stderr, cli_base(job->input.path));
		fprintf(stderr, ", %s, %s the %s%s", size,
			target->used                          ? "over what is on"
			: target->state == SP_DISC_APPENDABLE ? "as another session onto"
							      : "onto",
			random                           ? ""
			: target->state == SP_DISC_BLANK ? "blank "
							 : "",
			sp_profile_name(target->profile));
		if (target->used) {
			fputs(": ", stderr);
			printable_put(stderr, target->holds[0] ? target->holds : "data");
		}
		fputc('\n', stderr);
	}
	snprintf(question, sizeof(question), job->again ? "Burn %u copies?" : "Burn?", wanted);
	return burn_ask(job->ui, question);
}

/* --- all of it ----------------------------------------------------------------------------- */

/* With copies each disc was told of. As many good ones as were wanted are enough, however many
 * discs it took. */
static int job_copies(struct burn_job *job, int code)
{
	if (job->count.good >= job->count.wanted)
		return 0;
	ui_note(job->ui, "%u of %u copies are good", job->count.good, job->count.wanted);
	return code || ui_stopped() ? code : 7;
}

/* The worst of all discs; each has its line. */
static int job_outcome(struct burn_job *job, bool plan)
{
	const struct sp_error stopped = {.status = SP_ERR_CANCELLED};
	int code = 0;

	ui_clear(job->ui);
	for (size_t i = 0; i < job->results; i++) {
		const struct burn_result *result = &job->result[i];
		const bool mine = result->status != SP_ERR_CANCELLED || !ui_stopped();
		const int one = !job->again ? job_say(job, result, plan)
				: mine      ? sp_status_exit(result->status)
					    : 0;

		code = !code || one == 7 ? one : code;
	}
	if (job->again)
		code = job_copies(job, code);
	else if (plan && !code && job->args->count[OPT_COPIES] && !job->ui->quiet && !job->ui->json)
		printf("copies: %u\n", job->count.wanted);
	if (ui_stopped() && !code && (job->count.good < job->count.wanted || plan))
		code = ui_fail(job->ui, &stopped);
	if (job->ui->json)
		burn_report_json(&job->input, job->result, job->results, &job->count, plan);
	return code;
}

/* Nothing is written: all are let go, which is no failure of those that were ready. */
static int job_let_go(struct burn_job *job, bool plan, const char *why)
{
	job->stopping = true;
	job->again = false;
	job->let_go = why;
	job_stop(job);
	job_hear(job, false);
	for (size_t i = 0; i < job->workers; i++) {
		struct burn_result *result = &job->worker[i].result;
		const bool ready = result->planned && result->status == SP_ERR_CANCELLED;

		if (ready && plan && !ui_stopped())
			result->status = 0;
		job_keep(job, result);
	}
	return job_outcome(job, plan);
}

int burn_job_run(struct burn_job *job)
{
	const bool plan = job->args->count[OPT_DRY_RUN] != 0;
	bool refused = false;

	job_hear(job, true);
	for (size_t i = 0; i < job->workers; i++)
		refused |= !job->worker[i].result.planned;
	if (plan || refused || ui_stopped())
		return job_let_go(job, plan, "as another drive was refused");
	if (job->asks && !job_confirmed(job)) {
		const int code = job_let_go(job, false, "as it was not confirmed");

		return code ? code : sp_status_exit(SP_ERR_LOSSY);
	}
	job_hear(job, false);
	job_look(job);
	for (size_t i = 0; i < job->workers && !job->again; i++)
		job_keep(job, &job->worker[i].result);
	return job_outcome(job, false);
}
