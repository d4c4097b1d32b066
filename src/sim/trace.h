/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trace of every command, as lines of text. */
#ifndef SP_SIM_TRACE_H
#define SP_SIM_TRACE_H

#include "sim/sim.h"

struct sp_sim_trace_file;
/* Takes io on success; it is written from its beginning. */
int sp_sim_trace_new(struct sp_sim_trace_file **out, struct sp_io *io, struct sp_error *err);
/* A sp_sim_trace_fn; user is the trace. What could not be written is told by the next flush. */
void sp_sim_trace_line(void *user, const struct sp_command *command, uint64_t clock);
int sp_sim_trace_flush(struct sp_sim_trace_file *trace, struct sp_error *err);
void sp_sim_trace_free(struct sp_sim_trace_file *trace); /* flushes; NULL is fine */

#endif
