/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the doubles note a broken contract: loud on standard error, and kept for the test. */
#ifndef TEST_DOUBLES_SEEN_H
#define TEST_DOUBLES_SEEN_H

#include "tests/doubles.h"

#include <stdio.h>

#define seen_break(seen, ...)                                                                      \
	do {                                                                                       \
		if (!atomic_fetch_add(&(seen)->broken, 1))                                         \
			snprintf((seen)->text, sizeof((seen)->text), __VA_ARGS__);                 \
		fprintf(stderr, "# broken contract: " __VA_ARGS__);                                \
		fputc('\n', stderr);                                                               \
	} while (0)

static inline void seen_enter(struct double_seen *seen, const char *what)
{
	atomic_fetch_add(&seen->calls, 1);
	if (atomic_fetch_add(&seen->inside, 1))
		seen_break(seen, "%s called by two threads at a time", what);
}

static inline void seen_leave(struct double_seen *seen)
{
	atomic_fetch_sub(&seen->inside, 1);
}

#endif
