/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one place that talks on standard error: errors, notes, progress; and the signals. */
#include "cli/cli.h"

#include "report/printable.h"
#include "report/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What a handler may write to. */
static volatile sig_atomic_t ui_signal;

static void ui_on_signal(int number)
{
	ui_signal = number;
}

void ui_signals(void)
{
	static const int asked[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction old, ignore = {.sa_handler = SIG_IGN};
	/* SA_RESETHAND: a second one is not to be waited for */
	struct sigaction stop = {.sa_handler = ui_on_signal,
				 .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		/* nohup, and a shell's background jobs: ignored stays ignored */
		if (!sigaction(asked[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(asked[i], &stop, NULL);
	}
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

bool ui_stopped(void)
{
	return ui_signal != 0;
}

static void ui_take_note(void *user, const char *text)
{
	ui_note(user, "%s", text);
}

void ui_start(struct ui *ui, const struct cli_args *args)
{
	*ui = (struct ui){
		.quiet = args->count[OPT_QUIET] != 0,
		.verbose = args->count[OPT_VERBOSE] != 0,
		.json = args->count[OPT_JSON] != 0,
		.progress = args->number[OPT_PROGRESS],
		.tty = isatty(STDERR_FILENO) == 1,
	};
	ui->sink = (struct sp_notes){ui_take_note, ui};
}

void ui_end(struct ui *ui)
{
	ui_clear(ui);
	for (size_t i = 0; i < ui->notes; i++)
		free(ui->note[i]);
	free(ui->note);
}

void ui_clear(struct ui *ui)
{
	if (ui->shown)
		fprintf(stderr, "\r%*s\r", (int)ui->shown, "");
	ui->shown = 0;
}

/* An event of --progress=json: one object on one line. */
static void ui_event(const char *event, const char *text, int code)
{
	struct json json = {.out = stderr, .compact = true};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "event", event);
	json_string(&json, "text", text);
	if (code)
		json_i64(&json, "exit", code);
	json_end_object(&json);
}

static void ui_say(struct ui *ui, const char *kind, const char *text, int code)
{
	ui_clear(ui);
	if (ui->progress == UI_PROGRESS_JSON) {
		ui_event(kind, text, code);
		return;
	}
	fprintf(stderr, "spindle: %s", code ? "" : "note: ");
	printable_put(stderr, text);
	fputc('\n', stderr);
}

void ui_note(struct ui *ui, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!ui->keep) {
		if (!ui->quiet)
			ui_say(ui, "note", text, 0);
		return;
	}
	char *copy = strdup(text);
	char **note = realloc(ui->note, (ui->notes + 1) * sizeof(*note));
	if (note)
		ui->note = note;
	if (copy && note)
		note[ui->notes++] = copy;
	else
		free(copy);
}

int ui_fail(struct ui *ui, const struct sp_error *err)
{
	const bool stopped = err->status == SP_ERR_CANCELLED && ui_stopped();
	const int code = stopped ? 128 + (int)ui_signal : sp_status_exit(err->status);

	ui_say(ui, "error", stopped ? "interrupted" : err->text, code ? code : 4);
	return code;
}

int ui_error(struct ui *ui, int status, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	const int code = sp_status_exit(status);
	ui_say(ui, "error", text, code);
	return code;
}

static double ui_since(const struct timespec *now, const struct timespec *then)
{
	return (double)(now->tv_sec - then->tv_sec) + (double)(now->tv_nsec - then->tv_nsec) / 1e9;
}

struct ui_rate {
	unsigned percent;
	double bytes, speed; /* a second; times the medium's 1x */
	double left;         /* seconds; negative: not known yet */
};

static struct ui_rate ui_measure(const struct ui *ui, const struct sp_progress *p, double seconds)
{
	struct ui_rate rate = {.left = -1};

	if (p->total)
		rate.percent = (unsigned)((double)p->done / (double)p->total * 100);
	const uint64_t done = ui->burns ? p->done - ui->from : p->done; /* in this phase */
	if (seconds < 0.05 || !done)
		return rate;
	rate.bytes = (double)p->bytes / seconds;
	rate.speed = units_speed(ui->medium, (double)done / seconds, rate.bytes);
	if (ui->burns && ui->drives > 1) /* of each */
		rate.speed /= ui->drives;
	if (p->total >= p->done)
		rate.left = (double)(p->total - p->done) * seconds / (double)done;
	return rate;
}

static void ui_draw(struct ui *ui, const struct sp_progress *p, const struct ui_rate *rate)
{
	char line[160], eta[UNITS_TEXT];
	struct winsize window = {0};
	int n = snprintf(line, sizeof(line), "%s %3u%%", p->phase, rate->percent);

	if (rate->bytes > 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "  %.1f MB/s", rate->bytes / 1e6);
	if (rate->speed > 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "  %.1fx", rate->speed);
	if (rate->left >= 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "  ETA %s",
			      units_seconds(eta, (uint64_t)(rate->left + 0.5)));
	if (ui->burns && ui->buffer <= 100)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "  buffer %u%%", ui->buffer);
	if (ui->burns && ui->fifo <= 100)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "  fifo %u%%", ui->fifo);
	if (p->bad)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "  %" PRIu64 " bad", p->bad);
	if (!ui->tty) {
		fprintf(stderr, "%s\n", line);
		return;
	}
	const size_t room = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) || window.ws_col < 20
				    ? 79
				    : window.ws_col - 1u;
	const size_t width = (size_t)n < room ? (size_t)n : room;
	const size_t old = ui->shown > width ? ui->shown - width : 0;
	fprintf(stderr, "\r%.*s%*s", (int)width, line, (int)old, "");
	fflush(stderr);
	ui->shown = width + old;
}

static void ui_percent(struct json *json, const char *key, unsigned percent)
{
	if (percent <= 100)
		json_u64(json, key, percent);
	else
		json_null(json, key);
}

static void ui_progress_event(const struct ui *ui, const struct sp_progress *p,
			      const struct ui_rate *rate)
{
	struct json json = {.out = stderr, .compact = true};

	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "event", "progress");
	json_string(&json, "phase", p->phase);
	json_u64(&json, "done", p->done);
	json_u64(&json, "total", p->total);
	json_u64(&json, "percent", rate->percent);
	json_u64(&json, "bytes", p->bytes);
	json_tenths(&json, "bytes_per_second", rate->bytes);
	json_tenths(&json, "speed", rate->speed);
	if (rate->left >= 0)
		json_tenths(&json, "seconds_left", rate->left);
	else
		json_null(&json, "seconds_left");
	json_u64(&json, "errors", p->bad);
	if (ui->burns) {
		ui_percent(&json, "buffer", ui->buffer);
		ui_percent(&json, "fifo", ui->fifo);
	}
	json_end_object(&json);
}

int ui_progress(void *user, const struct sp_progress *p)
{
	struct ui *ui = user;
	struct timespec now;
	const bool silent = ui->progress == UI_PROGRESS_NEVER ||
			    (ui->progress == UI_PROGRESS_AUTO && (!ui->tty || ui->quiet));

	if (ui_signal || silent)
		return ui_signal != 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const bool fresh = !ui->phase || strcmp(ui->phase, p->phase) != 0;
	if (fresh) {
		ui->phase = p->phase;
		ui->began = now;
		ui->drawn = (struct timespec){0};
	}
	const struct ui_rate rate = ui_measure(ui, p, ui_since(&now, &ui->began));
	/* a log wants a line a second and the last one, a terminal every call */
	const bool due = ui->tty || ui_since(&now, &ui->drawn) >= 1 || p->done == p->total;
	if (ui->progress == UI_PROGRESS_JSON) {
		ui_progress_event(ui, p, &rate);
	} else if (due) {
		ui_draw(ui, p, &rate);
		ui->drawn = now;
	}
	return 0;
}

int ui_finish(struct ui *ui, int code)
{
	struct sp_error err;

	ui_clear(ui);
	errno = 0;
	const bool failed = fflush(stdout) != 0;
	if (failed)
		sp_fail_errno(&err, errno, "cannot write to standard output");
	else if (ferror(stdout)) /* a write failed long ago, its reason is forgotten */
		sp_fail(&err, SP_ERR_IO, "cannot write to standard output");
	else
		return code;
	const int io = ui_fail(ui, &err);
	return code ? code : io;
}
