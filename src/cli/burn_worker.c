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
	printf("@phase %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n", p->phase, p->done, p->total,
	       p->bytes, p->buffer);
	fflush(stdout);
	return worker_stopped();
}

/* Say the plan and wait for "go". */
static int worker_wait(struct sp_burning *burning, struct sp_error *err)
{
	char word[3] = "";
	size_t used = 0;

	burn_report_tell(stdout, sp_burning_report(burning));
	puts("@planned");
	fflush(stdout);
	while (used < sizeof(word)) {
		const ssize_t n = read(STDIN_FILENO, word + used, sizeof(word) - used);

		if (n <= 0)
			return sp_fail(err, SP_ERR_CANCELLED,
				       "stopped before anything was written");
		used += (size_t)n;
	}
	return memcmp(word, "go\n", sizeof(word))
		       ? sp_fail(err, SP_ERR_CANCELLED, "stopped before anything was written")
		       : 0;
}

static int worker_speed(struct sp_burn *burn, const char *text, struct sp_error *err)
{
	char *end;

	if (!text)
		return 0;
	const unsigned long n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || n < 1 || n > 200000 ||
	    (*end && (strcmp(end, "x") != 0 || n > 99)))
		return sp_fail(err, SP_ERR_USAGE,
			       "--speed wants kB/s or a number with x, \"8x\", not \"%s\"", text);
	burn->speed = (unsigned)n;
	burn->times = *end != '\0';
	return 0;
}

static int worker_end(int r, struct sp_burning *burning, const struct sp_error *err)
{
	if (burning)
		burn_report_tell(stdout, sp_burning_report(burning));
	printf("@end %d %s\n", r, r < 0 ? err->text : "");
	fflush(stdout);
	sp_burning_close(burning);
	return sp_status_exit(r);
}

static int worker_burn(struct ui *ui, const struct cli_args *args)
{
	const struct sp_notes notes = {worker_note, NULL};
	struct sp_burning *burning = NULL;
	struct sp_input in = {0};
	struct sp_error err;
	struct sp_burn burn = {
		.drive = args->word[0],
		.mode = args->number[OPT_MODE],
		.simulate = args->count[OPT_SIMULATE] != 0,
		.multi = args->count[OPT_MULTI] != 0,
		.overburn = args->count[OPT_OVERBURN] != 0,
		.overwrite = args->count[OPT_YES] != 0,
		.lossy = args->count[OPT_LOSSY] != 0,
		.notes = &notes,
		.progress = worker_progress,
	};

	ui->quiet = true; /* the parent has told what there is to note of the source */
	int r = worker_speed(&burn, args->text[OPT_SPEED], &err);
	if (!r)
		r = cli_open(&in, ui, args, args->word[1], CLI_AGAIN, &err);
	if (!r)
		r = sp_burning_open(&burning, &burn, &err);
	if (!r)
		r = sp_burning_plan(burning, in.source->disc, &err);
	if (!r)
		r = worker_wait(burning, &err);
	if (!r)
		r = sp_burning_run(burning, in.source, &err);
	if (!r) /* whatever comes now, it is written */
		burn_report_tell(stdout, sp_burning_report(burning));
	if (!r && !args->count[OPT_NO_VERIFY] && !args->count[OPT_SIMULATE])
		r = sp_burning_verify(burning, in.source, &err);
	if (!r && args->count[OPT_EJECT])
		r = sp_burning_eject(burning, &err);
	const int code = worker_end(r, burning, &err);
	sp_input_close(&in);
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
		(const unsigned char[]){OPT_FROM, OPT_PASSWORD, OPT_SET, OPT_MODE, OPT_SPEED,
					OPT_SIMULATE, OPT_MULTI, OPT_OVERBURN, OPT_YES, OPT_LOSSY,
					OPT_NO_VERIFY, OPT_EJECT, OPT_TRACK, OPT_SESSION, OPT_NONE},
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
