/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process of one drive, as its parent has it: started, heard, told to go or to stop. */
#include "cli/burn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_ROOM = 4096, WORDS_MOST = 48, SIM_FAILED = 125 };

/* Our own program, and spindle-sim: beside it or in the folder above, where they were built; else
 * by PATH. */
static int drive_programs(char self[PATH_MAX], char sim[PATH_MAX + 32], struct sp_error *err)
{
	const ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);

	if (n < 0)
		return sp_fail_errno(err, errno, "/proc/self/exe");
	self[n] = '\0';
	const char *slash = strrchr(self, '/');
	const int folder = slash ? (int)(slash - self) : 0;
	const char *const near[] = {"", "/.."};
	for (size_t i = 0; i < 2; i++) {
		snprintf(sim, PATH_MAX + 32, "%.*s%s/spindle-sim", folder, self, near[i]);
		if (!access(sim, X_OK))
			return 0;
	}
	snprintf(sim, PATH_MAX + 32, "spindle-sim");
	return 0;
}

static void drive_child(char *const *word, int in, int out)
{
	/* an interrupt from the keyboard is the parent's: it says how to stop */
	setpgid(0, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(SIM_FAILED);
	execvp(word[0], word);
	_exit(SIM_FAILED);
}

static int drive_spawn(struct burn_worker *w, char *const *word, struct sp_error *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	if (!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC))
		w->pid = fork();
	else
		w->pid = -1;
	if (w->pid == 0)
		drive_child(word, in[0], out[1]);
	const int sys_errno = errno;
	if (in[0] >= 0)
		close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	w->in = in[1];
	w->out = out[0];
	if (w->pid > 0)
		return 0;
	w->pid = 0;
	return sp_fail_errno(err, sys_errno, "%s: no process can be started for it", w->drive);
}

int burn_worker_start(struct burn_worker *w, const char *command, const char *drive,
		      char *const *words, struct sp_error *err)
{
	const bool simulated = !strncmp(drive, "sim:", 4);
	char self[PATH_MAX], sim[PATH_MAX + 32];
	const char *word[WORDS_MOST];
	size_t n = 0;

	*w = (struct burn_worker){
		.drive = drive, .in = -1, .out = -1, .note = w->note, .user = w->user};
	w->result = (struct burn_result){.drive = drive, .report.state = SP_DISC_STATES};
	w->line = malloc(LINE_ROOM);
	if (!w->line)
		return sp_fail_memory(err);
	const int r = drive_programs(self, sim, err);
	if (r < 0)
		return r;
	if (simulated) {
		word[n++] = sim;
		word[n++] = "--drive";
		word[n++] = drive + 4;
		word[n++] = "--";
	}
	word[n++] = self;
	word[n++] = command;
	word[n++] = simulated ? "/dev/sr0" : drive;
	while (*words && n < WORDS_MOST - 1)
		word[n++] = *words++;
	if (*words)
		return sp_fail(err, SP_ERR_USAGE, "too many options");
	word[n] = NULL;
	return drive_spawn(w, (char *const *)word, err);
}

static int drive_tell(const struct burn_worker *w, const char *word)
{
	const ssize_t n = (ssize_t)strlen(word);

	return w->in >= 0 && write(w->in, word, (size_t)n) == n ? 0 : -1;
}

int burn_worker_go(struct burn_worker *w)
{
	w->result.went = !drive_tell(w, "go\n");
	return w->result.went ? 0 : -1;
}

int burn_worker_next(struct burn_worker *w)
{
	w->over = w->known = false;
	w->result = (struct burn_result){.drive = w->drive, .report.state = SP_DISC_STATES};
	w->discs++;
	w->phase[0] = '\0';
	w->done = w->total = w->bytes = 0;
	return drive_tell(w, "next\n");
}

void burn_worker_stop(struct burn_worker *w)
{
	if (w->in >= 0)
		close(w->in);
	w->in = -1;
}

/* --- what it says -------------------------------------------------------------------------- */

/* What a simulated drive is called there is not what the user calls it. */
static void drive_text(const struct burn_worker *w, char *out, size_t size, const char *text)
{
	const bool there = !strncmp(w->drive, "sim:", 4) && !strncmp(text, "/dev/sr0", 8);

	snprintf(out, size, "%.*s%s", there ? 120 : 0, w->drive, there ? text + 8 : text);
}

static void drive_note(struct burn_worker *w, const char *rest)
{
	char text[LINE_ROOM];

	drive_text(w, text, sizeof(text), rest);
	if (w->note)
		w->note(w->user, text);
}

/* What a disc, or all of it, came to. */
static void drive_end(struct burn_worker *w, const char *rest)
{
	char *end;

	w->result.status = (int)strtol(rest, &end, 10);
	drive_text(w, w->result.text, sizeof(w->result.text), *end ? end + 1 : "");
}

static void drive_phase(struct burn_worker *w, const char *rest)
{
	char name[16];
	unsigned long long done, total, bytes;
	char *end;
	const size_t n = strcspn(rest, " ");

	snprintf(name, sizeof(name), "%.*s", (int)n, rest);
	done = strtoull(rest + n, &end, 10);
	total = strtoull(end, &end, 10);
	bytes = strtoull(end, &end, 10);
	w->buffer = (unsigned)strtoul(end, &end, 10);
	w->fifo = (unsigned)strtoul(end, NULL, 10);
	memcpy(w->phase, name, sizeof(name));
	w->done = done;
	w->total = total;
	w->bytes = bytes;
}

/* Of spindle-sim and others who do not know the protocol. While nothing is planned it may be why it
 * cannot begin, and is an error then: it is kept until the next line. */
static void drive_said(struct burn_worker *w, const char *line)
{
	const char *text = !strncmp(line, "spindle-sim: ", 13) ? line + 13 : line;

	if (w->said[0] && w->note)
		w->note(w->user, w->said);
	snprintf(w->said, sizeof(w->said), "%s", text);
	if (!w->result.planned)
		return;
	if (w->said[0] && w->note)
		w->note(w->user, w->said);
	w->said[0] = '\0';
}

static void drive_line(struct burn_worker *w, char *line)
{
	char *rest = strchr(line, ' ');

	if (line[0] != '@') {
		drive_said(w, line);
		return;
	}
	if (rest)
		*rest++ = '\0';
	if (!strcmp(line, "@planned"))
		w->result.planned = true;
	if (!strcmp(line, "@planned") || !strcmp(line, "@end"))
		drive_said(w, ""); /* what was said was no end */
	if (!rest)
		return;
	if (!strcmp(line, "@note"))
		drive_note(w, rest);
	if (!strcmp(line, "@disc") || !strcmp(line, "@end")) {
		drive_end(w, rest);
		w->over = true;
		w->ended = line[1] == 'e';
	}
	if (!strcmp(line, "@phase"))
		drive_phase(w, rest);
	if (!strcmp(line, "@set")) {
		char *value = strchr(rest, ' ');

		if (value)
			*value++ = '\0';
		burn_report_take(&w->result.report, rest, value ? value : "");
	}
}

/* The process is gone: one that did not say its end was ended by something. */
static void drive_gone(struct burn_worker *w)
{
	int status = 0;

	burn_worker_stop(w);
	close(w->out);
	w->out = -1;
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	if (w->ended)
		return;
	w->ended = w->over = w->result.lost = true;
	w->result.status = SP_ERR_DEVICE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SIM_FAILED && w->said[0])
		snprintf(w->result.text, sizeof(w->result.text), "%s", w->said);
	else
		snprintf(w->result.text, sizeof(w->result.text),
			 "%.120s: its process ended before its time", w->drive);
}

void burn_worker_hear(struct burn_worker *w)
{
	const ssize_t n = read(w->out, w->line + w->used, LINE_ROOM - 1 - w->used);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		drive_gone(w);
		return;
	}
	w->used += (size_t)n;
	for (char *end; (end = memchr(w->line, '\n', w->used));) {
		*end = '\0';
		drive_line(w, w->line);
		w->used -= (size_t)(end + 1 - w->line);
		memmove(w->line, end + 1, w->used);
	}
	if (w->used == LINE_ROOM - 1) /* no line of ours is that long */
		w->used = 0;
}

void burn_worker_recover(struct burn_worker *w)
{
	struct burn_result *result = &w->result;
	struct sp_burn_report *report = &result->report;
	struct burn_worker other = {.note = w->note, .user = w->user};
	char state[16], closed[16];
	char *words[] = {state, closed, NULL};

	if (!result->lost || !result->planned)
		return;
	snprintf(state, sizeof(state), "%u", report->target.state);
	snprintf(closed, sizeof(closed), "%u", report->target.closed);
	const bool whole = report->written == SP_WRITTEN_WHOLE;
	int r = burn_worker_start(&other, cli_recover_worker.name, w->drive, words, NULL);
	while (!r && other.pid > 0)
		burn_worker_hear(&other);
	result->lost = r || other.result.status;
	result->recovered = !result->lost && !whole;
	report->state = result->lost ? (unsigned)SP_DISC_STATES : other.result.report.state;
	if (!result->lost && !whole)
		report->written = other.result.report.written;
	burn_worker_clear(&other);
}

void burn_worker_clear(struct burn_worker *w)
{
	burn_worker_stop(w);
	while (w->pid > 0)
		burn_worker_hear(w);
	free(w->line);
	w->line = NULL;
}
