/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running this test program again, with arguments, under libfault.so (see fault.c). */
#ifndef SP_TESTS_FAULT_H
#define SP_TESTS_FAULT_H

#include "tests/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where libfault.so is: $SPINDLE_LIBFAULT, or beside the program or its folder.
 * NULL: nowhere; the test that needs it is skipped. */
static inline const char *fault_library(void)
{
	static const char *const places[] = {"", "tests/"};
	static char path[4200];
	char exe[4096];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (getenv("SPINDLE_LIBFAULT"))
		return getenv("SPINDLE_LIBFAULT");
	if (n < 0)
		return NULL;
	exe[n] = '\0';
	strrchr(exe, '/')[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s%slibfault.so", exe, places[i]);
		if (access(path, R_OK) == 0)
			return path;
	}
	return NULL;
}

/* clang puts the sanitizer's allocator into the program, where a preloaded library sees none of it;
 * the sanitizer is still there to find what the other faults do. */
static inline bool fault_sees_malloc(void)
{
	return !sweep_sanitized();
}

/* Run this program with `args` (NULL-terminated, without argv[0]) and SPINDLE_FAULT=`fault`.
 * Returns what waitpid gives. Its standard error is in `said` (NULL: thrown away) and the number
 * of calls counted in *count (NULL: not wanted; untouched when it was killed). */
static inline int fault_run(const char *fault, const char *const args[], char said[1024],
			    unsigned long *count)
{
	char *argv[16] = {NULL}, counted[] = "/tmp/spindle-fault.XXXXXX", exe[4096] = "";
	int out[2], status = -1;
	const int fd = mkstemp(counted);

	if (fd < 0 || pipe(out) || readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		return -1;
	argv[0] = exe;
	for (size_t i = 0; args[i] && i < 14; i++)
		argv[i + 1] = (char *)args[i];
	const pid_t child = fork();
	if (child == 0) {
		const char *name = strrchr(exe, '/') + 1, *asan = getenv("ASAN_OPTIONS");
		char options[512];
		snprintf(options, sizeof(options), "verify_asan_link_order=0:%s", asan ? asan : "");
		setenv("ASAN_OPTIONS", options, 1);
		setenv("LD_PRELOAD", fault_library(), 1);
		setenv("SPINDLE_FAULT", fault, 1);
		setenv("SPINDLE_FAULT_COUNT", counted, 1);
		setenv("SPINDLE_FAULT_PROGRAM", name, 1);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		execv(exe, argv);
		_exit(98);
	}
	close(out[1]);
	char text[1024] = "", drop[256];
	size_t len = 0;
	for (ssize_t n;
	     (n = read(out[0], len < sizeof(text) - 1 ? text + len : drop,
		       len < sizeof(text) - 1 ? sizeof(text) - 1 - len : sizeof(drop))) > 0;)
		len += len < sizeof(text) - 1 ? (size_t)n : 0;
	text[len] = '\0';
	close(out[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (said)
		memcpy(said, text, sizeof(text));
	char number[32] = "";
	if (count && read(fd, number, sizeof(number) - 1) > 0)
		*count = strtoul(number, NULL, 10);
	close(fd);
	unlink(counted);
	return status;
}

#endif
