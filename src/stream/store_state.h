/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State words of a work store: those in the file, and those that wait until their data is safe. */
#ifndef SP_STREAM_STORE_STATE_H
#define SP_STREAM_STORE_STATE_H

#include <spindle/io.h>

#include <stddef.h>

enum {
	SP_STATES_PAGE = 4096, /* words of a page */
	SP_STATES_PAGES = 512, /* pages that can wait */
	SP_STATES_CHUNK = 128, /* words of one call, at most */
};

struct sp_states_page;

struct sp_states {
	struct sp_io *io;                             /* borrowed */
	struct sp_states_page *page[SP_STATES_PAGES]; /* by number */
	size_t pages;
};

/* As of the last write, whether it is on the disk or waits. */
int sp_states_get(const struct sp_states *states, uint64_t index, uint32_t count, uint16_t *words,
		  struct sp_error *err);
/* Let words wait; NULL: nothing is there. The pages they lie on must have room: see
 * sp_states_full. */
int sp_states_set(struct sp_states *states, uint64_t index, uint32_t count, const uint16_t *words,
		  struct sp_error *err);
/* No room for what a further call may need. */
bool sp_states_full(const struct sp_states *states);
/* Good sectors that are about to be written over are taken out, on the disk and at once: a crash
 * between may lose them, but never tells that a mixture of old and new is there. */
int sp_states_take_out(struct sp_states *states, uint64_t index, uint32_t count,
		       struct sp_error *err);
/* Write what waits and sync. It still waits when that fails. */
int sp_states_flush(struct sp_states *states, struct sp_error *err);
/* Forget what waits. */
void sp_states_clear(struct sp_states *states);

#endif
