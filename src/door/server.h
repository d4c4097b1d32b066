/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that has the drives: answers the preloaded libraries of others over a socket. */
#ifndef SP_DOOR_SERVER_H
#define SP_DOOR_SERVER_H

#include "sim/open.h"

struct door_server;

/* Listens on DOOR_SOCKET in `folder`, which nobody else may enter, for `drives` drives, which
 * belong to the caller. `pace`: simulated seconds in one second between commands. */
int door_server_new(struct door_server **out, const char *folder, struct sp_sim_drive *drive,
		    unsigned drives, unsigned pace, struct sp_error *err);
/* Serves until `wake`, a descriptor, becomes readable. */
int door_server_run(struct door_server *server, int wake, struct sp_error *err);
void door_server_free(struct door_server *server); /* NULL is fine */

/* The files that programs look for drives in, beneath `folder`: DOOR_INFO and DOOR_SYS. */
int door_files_make(const char *folder, struct sp_sim_drive *drive, unsigned drives,
		    struct sp_error *err);
void door_files_remove(const char *folder, unsigned drives);

#endif
