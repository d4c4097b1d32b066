/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recorded trace, sent again: each answer held against the one that was written down. */
#ifndef SP_SIM_REPLAY_H
#define SP_SIM_REPLAY_H

#include "sim/sim.h"

/* `text` says which line's answer differs, and how. */
typedef void sp_sim_replay_fn(void *user, const char *text);
struct sp_sim_replayed {
	uint64_t commands, differ;
};
/* The lines of a trace (see trace.c), in order, at the drive's times they were sent at. Sectors
 * that were written are not in a trace: noise by the command's number is sent in their place. What
 * came in is compared by its size alone. `text` need not end in NUL; `name` is for messages.
 * SP_ERR_FORMAT names line and column of what is no trace. */
int sp_sim_replay(struct sp_sim *sim, const char *name, const char *text, size_t size,
		  sp_sim_replay_fn *differs, void *user, struct sp_sim_replayed *replayed,
		  struct sp_error *err);

#endif
