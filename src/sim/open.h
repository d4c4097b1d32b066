/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive by name: what is in it, what it is like, where its trace goes. */
#ifndef SP_SIM_OPEN_H
#define SP_SIM_OPEN_H

#include "sim/sim.h"

/* "IMAGE[,medium=KIND][,profile=NAME][,faults=FILE][,seed=N][,trace=FILE][,next=IMAGE]…",
 * taken apart. A comma
 * that no such key follows belongs to what is before it. */
#define SP_SIM_NEXT 16
struct sp_sim_name {
	const char *disc; /* an image, or what is to be recorded on */
	const char
		*medium; /* not NULL: recordable; where there is nothing yet, blank of this kind */
	const char *profile, *faults, *trace; /* NULL: none */
	const char *next[SP_SIM_NEXT]; /* what is put in after it, each time the tray opens */
	size_t nexts;
	uint64_t seed;
	char *text; /* what the others lie in */
};
/* SP_ERR_USAGE says what is wrong. */
int sp_sim_name_parse(struct sp_sim_name *name, const char *text, struct sp_error *err);
void sp_sim_name_clear(struct sp_sim_name *name);

struct sp_sim_trace_file;
struct sp_sim_hand;
struct sp_sim_drive {
	struct sp_sim *sim;
	struct sp_sim_trace_file *trace; /* NULL: none */
	struct sp_sim_hand *hand;        /* with the discs that follow; NULL: there are none */
};
/* Makes the drive and puts its disc in. */
int sp_sim_drive_open(struct sp_sim_drive *drive, const struct sp_sim_name *name,
		      const struct sp_notes *notes, struct sp_error *err);
/* What has been traced so far is in the file. */
int sp_sim_drive_flush(struct sp_sim_drive *drive, struct sp_error *err);
void sp_sim_drive_close(struct sp_sim_drive *drive);

/* The in-process door: `name` is "sim:" and what sp_sim_name_parse understands. */
int sp_sim_open_transport(struct sp_transport **out, const char *name, const struct sp_notes *notes,
			  struct sp_error *err);

#endif
