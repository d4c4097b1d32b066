/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How densely a sweep over calls, bytes or mutants goes: whole where time is given. */
#ifndef SPINDLE_TESTS_SWEEP_H
#define SPINDLE_TESTS_SWEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Each step costs many times more here, and finds what any other step on the same road finds. */
static inline bool sweep_sanitized(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return false;
}

/* From one of n to the next, about `most` of them in all; an eighth of it where each is sanitized;
 * each by SPINDLE_LONG. */
static inline uint64_t sweep_step(uint64_t n, uint64_t most)
{
	return getenv("SPINDLE_LONG") ? 1 : n / (sweep_sanitized() ? most / 8 + 1 : most) + 1;
}

#endif
