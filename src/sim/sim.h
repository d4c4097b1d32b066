/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated MMC drive: commands in, data and sense out, no system calls inside. */
#ifndef SP_SIM_SIM_H
#define SP_SIM_SIM_H

#include "drive/transport.h"

#include <spindle/stream.h>

struct sp_sim;

/* Profiles that are built in; name-NULL-ended. */
struct sp_sim_named_profile {
	const char *name, *summary;
	const char *text; /* the script */
};
extern const struct sp_sim_named_profile sp_sim_profiles[];
const char *sp_sim_profile_named(const char *name); /* its text; NULL: there is none */

/* How a drive is made. */
struct sp_sim_setup {
	const char *profile;      /* text of a profile script, NULL: an ordinary drive */
	const char *profile_name; /* for messages */
	const char *faults;       /* text of a fault script, NULL: none */
	const char *faults_name;
	uint64_t seed; /* of everything random: the same seed and commands, the same answers */
	const struct sp_notes *notes;
};

/* A drive with an empty, closed tray. SP_ERR_FORMAT names line and column of a bad script. */
int sp_sim_new(struct sp_sim **out, const struct sp_sim_setup *setup, struct sp_error *err);
void sp_sim_free(struct sp_sim *sim); /* NULL is fine; what was recorded is on the disk */

/* Put a finished disc in: any image. Takes src on success. */
int sp_sim_load(struct sp_sim *sim, struct sp_source *src, struct sp_error *err);
/* Put a recordable disc in: `io` is its descriptor, opened by sp_io_open_update (or of memory);
 * empty: a blank disc of `medium` ("cd-r", "dvd+rw" …) is made there, else `medium` must be NULL or
 * what it is. Takes io on success. */
int sp_sim_load_disc(struct sp_sim *sim, struct sp_io *io, const char *medium,
		     struct sp_error *err);

/* Who stands beside the drive: called when its tray has been open for some seconds, to put another
 * disc in, or to do nothing and be called no more. */
typedef void sp_sim_user_fn(void *user, struct sp_sim *sim);
void sp_sim_user(struct sp_sim *sim, sp_sim_user_fn *fn, void *user);

/* Execute one command: fills in the answer. */
void sp_sim_execute(struct sp_sim *sim, struct sp_command *command);
/* The drive's own clock, in microseconds: it goes on with commands and waits, not by itself. */
uint64_t sp_sim_clock(const struct sp_sim *sim);
void sp_sim_wait(struct sp_sim *sim, uint64_t us);
/* Called for every command when it is done; NULL: no trace. */
typedef void sp_sim_trace_fn(void *user, const struct sp_command *command, uint64_t clock);
void sp_sim_trace(struct sp_sim *sim, sp_sim_trace_fn *fn, void *user);

/* The drive as a transport, which takes it. */
int sp_sim_transport(struct sp_transport **out, struct sp_sim *sim, const char *name,
		     struct sp_error *err);

#endif
