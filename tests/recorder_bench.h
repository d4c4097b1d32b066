/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive behind the seam, with a medium that can be written to, in a folder of its own.
 */
#ifndef TEST_RECORDER_BENCH_H
#define TEST_RECORDER_BENCH_H

#include "sim/sim.h"

#include <spindle/io.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

struct bench {
	struct sp_transport *transport;
	char folder[32], path[48];
};

static inline void bench_note(void *user, const char *text)
{
	(void)user;
	print_message("%s\n", text);
}

/* The medium in a drive that knows nothing of it yet; `medium` NULL: what it is already. */
static inline void bench_again(struct bench *b, const char *medium, const char *profile,
			       const char *faults)
{
	static const struct sp_notes notes = {.fn = bench_note};
	const struct sp_sim_setup setup = {.profile = profile, .faults = faults, .notes = &notes};
	struct sp_error err = {0};
	struct sp_sim *sim;
	struct sp_io *io;

	if (b->transport)
		b->transport->ops->close(b->transport);
	if (sp_sim_new(&sim, &setup, &err) || sp_io_open_update(&io, b->path, &err) ||
	    sp_sim_load_disc(sim, io, medium, &err) ||
	    sp_sim_transport(&b->transport, sim, "sim", &err))
		fail_msg("%s", err.text);
}

static inline struct bench *bench_new(const char *medium, const char *profile, const char *faults)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	memcpy(b->folder, "/tmp/bench-XXXXXX", 18);
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->path, sizeof(b->path), "%s/new.disc", b->folder);
	bench_again(b, medium, profile, faults);
	return b;
}

static inline void bench_free(struct bench *b)
{
	static const char *const files[] = {"new.disc", "new.main", "new.sub", "new.state"};
	char path[64];

	if (b->transport)
		b->transport->ops->close(b->transport);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", b->folder, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(b->folder), 0);
	free(b);
}

#endif
