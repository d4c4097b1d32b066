/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle-sim: runs a command that finds simulated drives in place of the machine's. */
#include "door/protocol.h"
#include "door/server.h"
#include "sim/replay.h"

#include <spindle/spindle.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SPINDLE_PKGLIBDIR
#define SPINDLE_PKGLIBDIR "/usr/local/lib/spindle"
#endif

enum {
	MAIN_FAILED = 125,
	MAIN_NOT_RUN = 126,
	MAIN_NOT_FOUND = 127,
	MAIN_PACE = 100,
	MAIN_TRACE_MAX = 256 << 20,
};
static const char main_library[] = "libspindle-sim.so";

struct main_setup {
	struct sp_sim_name name[DOOR_MAX_DRIVES];
	unsigned drives;
	unsigned pace;
	const char *replay; /* a trace, in place of a command */
	char **command;
};

static void main_usage(FILE *out)
{
	fputs("Usage: spindle-sim [OPTION]... DISC -- COMMAND [ARGUMENT]...\n"
	      "       spindle-sim --drive DISC[,KEY=VALUE]... [--drive ...] -- COMMAND ...\n"
	      "       spindle-sim --replay TRACE [OPTION]... DISC\n\n"
	      "Runs COMMAND with a simulated drive as /dev/sr0 and DISC, any image, in it.\n\n"
	      "  --medium KIND    DISC is for recording: where it is not there, a blank cd-r, "
	      "cd-rw,\n"
	      "                   dvd-r, dvd-rw, dvd+r, dvd+rw, dvd+r-dl, bd-r or bd-re\n"
	      "  --profile NAME   what the drive is like: one that is known, or a script in a "
	      "file\n"
	      "  --faults FILE    what goes wrong\n"
	      "  --trace FILE     write every command there\n"
	      "  --replay FILE    send the commands of a trace again and compare the answers\n"
	      "  --seed N         of all that is random\n"
	      "  --pace N         seconds that pass for the drive in one that passes here\n"
	      "                   (default 100)\n"
	      "  --drive DISC...  a drive; given again, another one, /dev/sr1. Keys are medium,\n"
	      "                   profile, faults, trace, seed\n"
	      "  -h, --help\n"
	      "      --version\n\n"
	      "Exit codes: COMMAND's; with --replay 1 where an answer differs; 125 spindle-sim\n"
	      "itself failed; 126 COMMAND cannot be run;\n"
	      "127 there is no COMMAND; 128+N signal N ended it.\n\n"
	      "Example:\n  spindle-sim --medium cd-rw new.disc -- cdrdao write disc.toc\n",
	      out);
}

static int main_fail(const struct sp_error *err)
{
	fprintf(stderr, "spindle-sim: %s\n", err->text);
	return MAIN_FAILED;
}

static void main_note(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "spindle-sim: %s\n", text);
}

/* --- arguments ---------------------------------------------------------------------------------
 */

static int main_number(const char *option, const char *text, uint64_t most, uint64_t *value,
		       struct sp_error *err)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] < '0' || text[0] > '9' || *value > most)
		return sp_fail(err, SP_ERR_USAGE, "%s %s: is no number that fits", option, text);
	return 0;
}

static int main_drive(struct main_setup *setup, const char *value, struct sp_error *err)
{
	if (setup->drives == DOOR_MAX_DRIVES)
		return sp_fail(err, SP_ERR_USAGE, "more than %d drives", DOOR_MAX_DRIVES);
	const int r = sp_sim_name_parse(&setup->name[setup->drives], value, err);
	if (!r)
		setup->drives++;
	return r;
}

static int main_option(struct main_setup *setup, struct sp_sim_name *one, const char *option,
		       const char *value, struct sp_error *err)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {{"--replay", &setup->replay},
		     {"--medium", &one->medium},
		     {"--profile", &one->profile},
		     {"--faults", &one->faults},
		     {"--trace", &one->trace}};
	uint64_t number;
	int r;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(option, texts[i].name)) {
			*texts[i].text = value;
			return 0;
		}
	if (!strcmp(option, "--drive"))
		return main_drive(setup, value, err);
	if (!strcmp(option, "--seed"))
		return main_number(option, value, UINT64_MAX, &one->seed, err);
	r = main_number(option, value, 100000, &number, err);
	if (!r)
		setup->pace = (unsigned)number;
	return r;
}

static bool main_knows(const char *option)
{
	static const char *const known[] = {"--medium", "--profile", "--faults", "--trace",
					    "--seed",   "--pace",    "--drive",  "--replay"};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(option, known[i]))
			return true;
	return false;
}

/* `--name value` or `--name=value`, which is cut in two; how many words it was. */
static int main_take(struct main_setup *setup, struct sp_sim_name *one, char **word,
		     struct sp_error *err)
{
	char *equals = strchr(word[0], '=');
	int r;

	if (equals)
		*equals = '\0';
	if (!main_knows(word[0]))
		return sp_fail(err, SP_ERR_USAGE, "there is no option %s (see: spindle-sim --help)",
			       word[0]);
	if (!equals && !word[1])
		return sp_fail(err, SP_ERR_USAGE, "%s wants a value", word[0]);
	r = main_option(setup, one, word[0], equals ? equals + 1 : word[1], err);
	return r < 0 ? r : equals ? 1 : 2;
}

static int main_arguments(struct main_setup *setup, char **word, struct sp_error *err)
{
	struct sp_sim_name one = {0};

	setup->pace = MAIN_PACE;
	for (; *word && strcmp(*word, "--") != 0;) {
		if ((*word)[0] != '-' || !(*word)[1]) {
			if (one.disc)
				return sp_fail(err, SP_ERR_USAGE,
					       "%s: what is to be run comes after a --", *word);
			one.disc = *word++;
			continue;
		}
		const int n = main_take(setup, &one, word, err);
		if (n < 0)
			return n;
		word += n;
	}
	if (setup->replay && (*word || setup->drives))
		return sp_fail(err, SP_ERR_USAGE, "--replay is for one DISC, without a command");
	if (!setup->replay && (!*word || !word[1]))
		return sp_fail(err, SP_ERR_USAGE, "-- and a command are missing");
	setup->command = word + 1;
	if (one.disc && setup->drives)
		return sp_fail(err, SP_ERR_USAGE, "%s: there are --drive options already",
			       one.disc);
	if (!one.disc && (one.medium || one.profile || one.faults || one.trace || one.seed))
		return sp_fail(err, SP_ERR_USAGE, "the options of a drive stand in its --drive");
	if (!one.disc && !setup->drives)
		return sp_fail(err, SP_ERR_USAGE, "a disc is missing (see: spindle-sim --help)");
	if (one.disc)
		setup->name[setup->drives++] = one;
	return 0;
}

/* --- the command -------------------------------------------------------------------------------
 */

/* Where the library to be preloaded is: as the environment says, beside this program or in the
 * folder above it, where they were built, or where it was installed. */
static int main_find_library(char path[PATH_MAX], struct sp_error *err)
{
	const char *said = getenv("SPINDLE_SIM_LIBRARY");
	char exe[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (said && realpath(said, path))
		return 0;
	if (said)
		return sp_fail_errno(err, errno, "%s", said);
	exe[n < 0 ? 0 : n] = '\0';
	char *name = strrchr(exe, '/');
	if (name) {
		*name = '\0';
		const char *const near[] = {"", "/.."};
		for (size_t i = 0; i < 2; i++) {
			char beside[PATH_MAX + 32];

			snprintf(beside, sizeof(beside), "%s%s/%s", exe, near[i], main_library);
			if (realpath(beside, path))
				return 0;
		}
	}
	snprintf(path, PATH_MAX, SPINDLE_PKGLIBDIR "/%s", main_library);
	return access(path, R_OK) ? sp_fail_errno(err, errno, "%s", path) : 0;
}

static int main_environment(const char *folder, unsigned drives, struct sp_error *err)
{
	const char *before = getenv("LD_PRELOAD");
	char library[PATH_MAX], where[128];
	char *preload = NULL;

	int r = main_find_library(library, err);
	if (r < 0)
		return r;
	if (strpbrk(library, " :"))
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: LD_PRELOAD cannot name a path with a space or a colon",
			       library);
	const size_t size = strlen(library) + (before ? strlen(before) : 0) + 2;
	snprintf(where, sizeof(where), "%u:%s", drives, folder);
	if (!(preload = malloc(size)))
		return sp_fail_memory(err);
	snprintf(preload, size, "%s%s%s", library, before && *before ? ":" : "",
		 before ? before : "");
	if (setenv("LD_PRELOAD", preload, 1) || setenv(DOOR_ENVIRONMENT, where, 1))
		r = sp_fail_memory(err);
	free(preload);
	return r;
}

static void main_child(char **command, const sigset_t *mask)
{
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	const int code = errno == ENOENT ? MAIN_NOT_FOUND : MAIN_NOT_RUN;
	fprintf(stderr, "spindle-sim: %s: %s\n", command[0], strerror(errno));
	_exit(code);
}

/* A signal's news: whether the command has ended, and how. An interrupt from the keyboard has
 * reached the command too; what was meant for this process alone is handed on. */
static bool main_signal(int signals, pid_t child, int *status)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
		kill(child, (int)info.ssi_signo);
	return waitpid(child, status, WNOHANG) == child;
}

static int main_serve(struct door_server *server, char **command, int *code, struct sp_error *err)
{
	sigset_t ours, before;
	int status = 0, r = 0;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGQUIT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, &before);
	const int signals = signalfd(-1, &ours, SFD_CLOEXEC);
	const pid_t child = signals < 0 ? -1 : fork();
	if (child < 0) {
		r = sp_fail_errno(err, errno, "%s", command[0]);
		if (signals >= 0)
			close(signals);
		return r;
	}
	if (child == 0)
		main_child(command, &before);
	do
		r = door_server_run(server, signals, err);
	while (!r && !main_signal(signals, child, &status));
	close(signals);
	*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return r;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static int main_folder(char folder[80], struct sp_error *err)
{
	const char *temporary = getenv("TMPDIR");

	if (!temporary || temporary[0] != '/' || strlen(temporary) > 40)
		temporary = "/tmp"; /* sockets have short names */
	snprintf(folder, 80, "%s/spindle-sim.XXXXXX", temporary);
	if (!mkdtemp(folder)) {
		const int r = sp_fail_errno(err, errno, "%s", folder);

		folder[0] = '\0';
		return r;
	}
	return 0;
}

static int main_run(struct main_setup *setup, int *code, struct sp_error *err)
{
	const struct sp_notes notes = {.fn = main_note};
	struct sp_sim_drive drive[DOOR_MAX_DRIVES] = {{0}};
	struct door_server *server = NULL;
	char folder[80] = "";
	int r = 0;

	for (unsigned i = 0; !r && i < setup->drives; i++)
		r = sp_sim_drive_open(&drive[i], &setup->name[i], &notes, err);
	if (!r)
		r = main_folder(folder, err);
	if (!r)
		r = door_files_make(folder, drive, setup->drives, err);
	if (!r)
		r = door_server_new(&server, folder, drive, setup->drives, setup->pace, err);
	if (!r)
		r = main_environment(folder, setup->drives, err);
	if (!r)
		r = main_serve(server, setup->command, code, err);
	door_server_free(server);
	for (unsigned i = 0; i < setup->drives; i++) {
		struct sp_error late;

		if (drive[i].sim && sp_sim_drive_flush(&drive[i], r ? &late : err) && !r)
			r = err->status;
		sp_sim_drive_close(&drive[i]);
	}
	if (folder[0]) {
		door_files_remove(folder, setup->drives);
		rmdir(folder);
	}
	return r;
}

static void main_differs(void *user, const char *text)
{
	(void)user;
	puts(text);
}

/* The whole of a trace; its lines name their places in it. */
static int main_replay_text(struct sp_sim *sim, const char *path, int *code, struct sp_error *err)
{
	struct sp_sim_replayed replayed;
	struct sp_io *io = NULL;
	char *text = NULL;
	int r = sp_io_open_file(&io, path, err);

	if (!r && io->size > MAIN_TRACE_MAX)
		r = sp_fail(err, SP_ERR_UNSUPPORTED, "%s: too large for a trace", path);
	if (!r && !(text = malloc(io->size ? (size_t)io->size : 1)))
		r = sp_fail_memory(err);
	if (!r)
		r = sp_io_read(io, 0, text, (size_t)io->size, err);
	if (!r)
		r = sp_sim_replay(sim, path, text, (size_t)io->size, main_differs, NULL, &replayed,
				  err);
	if (!r) {
		printf("%llu commands, %llu answered otherwise\n",
		       (unsigned long long)replayed.commands, (unsigned long long)replayed.differ);
		*code = replayed.differ != 0;
	}
	sp_io_close(io);
	free(text);
	return r;
}

static int main_replay(struct main_setup *setup, int *code, struct sp_error *err)
{
	const struct sp_notes notes = {.fn = main_note};
	struct sp_sim_drive drive = {0};
	int r = sp_sim_drive_open(&drive, &setup->name[0], &notes, err);

	if (!r)
		r = main_replay_text(drive.sim, setup->replay, code, err);
	if (!r)
		r = sp_sim_drive_flush(&drive, err);
	sp_sim_drive_close(&drive);
	return r;
}

int main(int argc, char **argv)
{
	struct main_setup setup = {0};
	struct sp_error err;
	int code = 0;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		main_usage(stdout);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		printf("spindle-sim %s\n", sp_version());
		return 0;
	}
	int r = main_arguments(&setup, argv + 1, &err);
	if (!r)
		r = setup.replay ? main_replay(&setup, &code, &err) : main_run(&setup, &code, &err);
	for (unsigned i = 0; i < setup.drives; i++)
		sp_sim_name_clear(&setup.name[i]);
	return r < 0 ? main_fail(&err) : code;
}
