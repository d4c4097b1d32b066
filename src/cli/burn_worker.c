/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process of one drive from within: look, plan, wait for the word, write, verify. */
#include "cli/burn.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void worker_note(void *user, const char *text)
{
	(void)user;
	printf("@note %s\n", text);
	fflush(stdout);
}

/* The end of standard input: nobody wants it any more, or asks to stop. */
static bool worker_stopped(void)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	return ui_stopped() || (poll(&fd, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0);
}

static int worker_progress(void *user, const struct sp_burn_progress *p)
{
	(void)user;
	printf("@phase %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u\n", p->phase, p->done, p->total,
	       p->bytes, p->buffer, p->fifo);
	fflush(stdout);
	return worker_stopped();
}

enum worker_word { WORD_END, WORD_GO, WORD_NEXT };

/* What is to be done now: a line, or the end of standard input. */
static unsigned worker_word(void)
{
	char word[8];
	size_t used = 0;

	while (read(STDIN_FILENO, word + used, 1) == 1) {
		if (word[used] != '\n' && ++used < sizeof(word))
			continue;
		return used == 2 && !memcmp(word, "go", 2)     ? WORD_GO
		       : used == 4 && !memcmp(word, "next", 4) ? WORD_NEXT
							       : WORD_END;
	}
	return WORD_END;
}

static void worker_say(const char *what, int r, const struct sp_burning *burning,
		       const struct sp_error *err)
{
	if (burning)
		burn_report_tell(stdout, sp_burning_report(burning));
	printf("@%s %d %s\n", what, r, r < 0 ? err->text : "");
	fflush(stdout);
}

/* Say the plan and wait for "go". 1: another disc is wanted in place of this one. */
static int worker_wait(struct sp_burning *burning, struct sp_error *err)
{
	burn_report_tell(stdout, sp_burning_report(burning));
	puts("@planned");
	fflush(stdout);
	const unsigned word = worker_word();
	return word == WORD_GO ? 0
	       : word == WORD_NEXT
		       ? 1
		       : sp_fail(err, SP_ERR_CANCELLED, "stopped before anything was written");
}

static int worker_speed(struct sp_burn *burn, const char *text, struct sp_error *err)
{
	char *end;

	if (!text)
		return 0;
	if (!strcmp(text, "max") || !strcmp(text, "min")) {
		burn->speed = text[1] == 'a' ? SP_SPEED_MAX : SP_SPEED_MIN;
		return 0;
	}
	const unsigned long n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || n < 1 || n > 200000 ||
	    (*end && (strcmp(end, "x") != 0 || n > 99)))
		return sp_fail(err, SP_ERR_USAGE,
			       "--speed wants kB/s, a number with x (\"8x\"), max or min, not "
			       "\"%s\"",
			       text);
	burn->speed = (unsigned)n;
	burn->times = *end != '\0';
	return 0;
}

static int worker_break(struct sp_burn *burn, const char *text, struct sp_error *err)
{
	char *end;

	if (!text)
		return 0;
	const unsigned long n = strtoul(text, &end, 10);
	burn->layer_break = strcmp(text, "half") != 0 ? (sp_lba)n : SP_BREAK_HALF;
	if (burn->layer_break != SP_BREAK_HALF &&
	    (text[0] < '0' || text[0] > '9' || *end || !n || n > INT32_MAX))
		return sp_fail(err, SP_ERR_USAGE, "--layer-break wants an LBA or half, not \"%s\"",
			       text);
	return 0;
}

static int worker_end(int r, struct sp_burning *burning, const struct sp_error *err)
{
	worker_say("end", r, burning, err);
	sp_burning_close(burning);
	return sp_status_exit(r);
}

struct worker_job {
	const struct cli_args *args;
	struct sp_burn burn;
	struct sp_input in;
	struct sp_burning *burning; /* with the disc in the drive; NULL: none */
	unsigned discs;
};

/* The disc in the drive: planned, and when told so burned and read back. 1: it is not wanted. */
static int worker_disc(struct worker_job *job, struct sp_error *err)
{
	const struct cli_args *args = job->args;
	struct sp_source *source = job->in.source;
	int r = sp_burning_open(&job->burning, &job->burn, err);

	if (!r)
		r = sp_burning_plan(job->burning, source->disc, err);
	if (!r)
		r = worker_wait(job->burning, err);
	if (!r)
		job->discs++;
	if (!r)
		r = sp_burning_run(job->burning, source, err);
	if (!r) /* whatever comes now, it is written */
		burn_report_tell(stdout, sp_burning_report(job->burning));
	if (!r && !args->count[OPT_NO_VERIFY] && !args->count[OPT_SIMULATE])
		r = sp_burning_verify(job->burning, source, err);
	return r;
}

/* One disc after another, as long as they are asked for: a bad one is no reason to end. */
static int worker_discs(struct worker_job *job, struct sp_error *err)
{
	int r = worker_disc(job, err);
	bool first = !job->discs; /* what cannot begin is no matter of discs */

	while (job->args->count[OPT_COPIES] && (r > 0 || !first)) {
		if (r <= 0) {
			worker_say("disc", r, job->burning, err);
			if (worker_word() != WORD_NEXT)
				return r;
		}
		sp_burning_close(job->burning);
		job->burning = NULL;
		first = false;
		r = sp_burning_next(&job->burn, job->args->number[OPT_WAIT], err);
		if (r < 0)
			return r;
		r = worker_disc(job, err);
	}
	return r;
}

static int worker_burn(struct ui *ui, const struct cli_args *args)
{
	const struct sp_notes notes = {worker_note, NULL};
	struct sp_error err;
	struct worker_job job = {
		.args = args,
		.burn = {.drive = args->word[0],
			 .mode = args->number[OPT_MODE],
			 .simulate = args->count[OPT_SIMULATE] != 0,
			 .multi = args->count[OPT_MULTI] != 0,
			 .overburn = args->count[OPT_OVERBURN] != 0,
			 .overwrite = args->count[OPT_YES] != 0,
			 .lossy = args->count[OPT_LOSSY] != 0,
			 .notes = &notes,
			 .progress = worker_progress},
	};
	unsigned padding;

	ui->quiet = true; /* the parent has told what there is to note of the source */
	int r = worker_speed(&job.burn, args->text[OPT_SPEED], &err);
	if (!r)
		r = worker_break(&job.burn, args->text[OPT_LAYER_BREAK], &err);
	if (!r)
		r = cli_open(&job.in, ui, args, args->word[1], CLI_AGAIN, &err);
	if (!r)
		r = burn_input_sectors(&job.in, &padding, &err);
	if (!r)
		r = worker_discs(&job, &err);
	if (!r && args->count[OPT_EJECT])
		r = sp_burning_eject(job.burning, &err);
	const int code = worker_end(r, job.burning, &err);
	sp_input_close(&job.in);
	return code;
}

static int worker_blank(struct ui *ui, const struct cli_args *args)
{
	const struct sp_notes notes = {worker_note, NULL};
	struct sp_burning *burning = NULL;
	struct sp_error err;
	const struct sp_burn burn = {.drive = args->word[0],
				     .overwrite = args->count[OPT_YES] != 0,
				     .notes = &notes,
				     .progress = worker_progress};
	const unsigned how = args->count[OPT_FORMAT] ? SP_BLANK_FORMAT
			     : args->count[OPT_FULL] ? SP_BLANK_FULL
						     : SP_BLANK_FAST;

	(void)ui;
	int r = sp_burning_open(&burning, &burn, &err);
	if (!r && worker_wait(burning, &err))
		r = sp_fail(&err, SP_ERR_CANCELLED, "stopped before anything was written");
	if (!r)
		r = sp_burning_blank(burning, how, &err);
	return worker_end(r, burning, &err);
}

/* STATE CLOSED: of the medium before the burn, as in its report. */
static int worker_recover(struct ui *ui, const struct cli_args *args)
{
	const struct sp_notes notes = {worker_note, NULL};
	const struct sp_burn burn = {.drive = args->word[0], .notes = &notes};
	struct sp_burning *burning = NULL;
	struct sp_burn_target before;
	struct sp_error err;

	(void)ui;
	int r = sp_burning_open(&burning, &burn, &err);
	if (!r) {
		before = sp_burning_report(burning)->target;
		before.state = (unsigned)strtoul(args->word[1], NULL, 10);
		before.closed = (unsigned)strtoul(args->word[2], NULL, 10);
		r = sp_burning_recover(burning, &before, &err);
	}
	return worker_end(r, burning, &err);
}

const struct cli_command cli_burn_worker = {
	.name = "__burn",
	.summary = "the process of one drive",
	.usage = "DEVICE SRC",
	.example = "",
	.least = 2,
	.most = 2,
	.option =
		(const unsigned char[]){OPT_FROM, OPT_AUDIO, OPT_PASSWORD, OPT_SET, OPT_MODE,
					OPT_SPEED, OPT_SIMULATE, OPT_MULTI, OPT_OVERBURN, OPT_YES,
					OPT_LOSSY, OPT_NO_VERIFY, OPT_EJECT, OPT_TRACK, OPT_SESSION,
					OPT_COPIES, OPT_WAIT, OPT_LAYER_BREAK, OPT_NONE},
	.run = worker_burn,
};

const struct cli_command cli_blank_worker = {
	.name = "__blank",
	.summary = "the process of one drive",
	.usage = "DEVICE",
	.example = "",
	.least = 1,
	.most = 1,
	.option = (const unsigned char[]){OPT_YES, OPT_FULL, OPT_FORMAT, OPT_NONE},
	.run = worker_blank,
};

const struct cli_command cli_recover_worker = {
	.name = "__recover",
	.summary = "the process of one drive",
	.usage = "DEVICE STATE CLOSED",
	.example = "",
	.least = 3,
	.most = 3,
	.option = (const unsigned char[]){OPT_NONE},
	.run = worker_recover,
};
