/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libspindle-sim.so: what its files share. The first header of each of them. */
#ifndef SP_DOOR_PRELOAD_H
#define SP_DOOR_PRELOAD_H

#undef _FILE_OFFSET_BITS /* it would rename what is defined here */
#undef _TIME_BITS
#undef _FORTIFY_SOURCE
#undef _GNU_SOURCE
#define _GNU_SOURCE 1

#include "protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define DOOR_EXPORT __attribute__((visibility("default")))

/* The next definition of a function, in `real`; NEXT_ONE where the name is always the same. */
void *preload_next(const char *name);
#define NEXT(type, name) __typeof__(type) *const real = (__typeof__(type) *)preload_next(name)
#define NEXT_ONE(type, name)                                                                       \
	static __typeof__(type) *real;                                                             \
	if (!real)                                                                                 \
	real = (__typeof__(type) *)preload_next(name)

/* --- paths (preload_path.c) ---------------------------------------------------------------- */

enum node_kind {
	NODE_NONE,   /* not ours: the system's business */
	NODE_BLOCK,  /* /dev/srN */
	NODE_SG,     /* /dev/sgN */
	NODE_LINK,   /* /dev/cdrom, a link to sr0 */
	NODE_HIDDEN, /* a drive the machine may have and the program must not see */
	NODE_FILE,   /* a file that has been put in place of the system's */
	NODE_FD,     /* /dev/fd/N of a handle */
};
struct node {
	enum node_kind kind;
	unsigned drive;
	int fd;
	char path[256]; /* of NODE_FILE, where it really lies; of NODE_LINK, its target */
};
/* NULL is fine, and NODE_NONE. errno stays. */
enum node_kind preload_node(struct node *node, const char *path);
/* How many drives there are; 0: none, everything is left alone. */
unsigned preload_drives(void);
const char *preload_folder(void);

/* --- handles (preload_handle.c) ------------------------------------------------------------ */

struct handle {
	unsigned drive, access;
	uint64_t number;
};
/* Whether a descriptor is a drive's, and which; errno stays. */
bool preload_handle(int fd, struct handle *handle);
/* open(2) of a drive: a descriptor, or -1 and errno. */
int preload_open(const struct node *node, int flags);
void preload_mark(int fd, bool ours);
/* A stream of a handle, which it takes. */
FILE *preload_stream(int fd);

/* One exchange with the drives: 0, or -1 and errno. `out` (size bytes) goes with the request; up to
 * `room` bytes of what comes are put into `in`. */
int preload_ask(struct door_request *request, const void *out, struct door_answer *answer, void *in,
		size_t room);

/* --- commands (preload_command.c) ---------------------------------------------------------- */

struct packet {
	uint8_t cdb[DOOR_MAX_CDB];
	unsigned cdb_size, direction;
	void *data;
	size_t size;
	unsigned timeout_ms;
	struct door_answer answer;
};
/* Executes it: 0 with an answer of whatever kind, -1 and errno without one. */
int preload_packet(const struct handle *handle, struct packet *packet);
/* As the kernel asks on its own: unit attentions are taken away, sense becomes errno. 0 or -1. */
int preload_simple(const struct handle *handle, struct packet *packet);
/* The same for a command that brings `size` bytes. */
int preload_in(const struct handle *handle, const uint8_t *cdb, unsigned cdb_size, void *data,
	       size_t size);
/* A number of that many bytes, the highest first. */
unsigned preload_be(const uint8_t *p, unsigned bytes);
/* ioctl(2) on a drive. */
int preload_dvd_ioctl(const struct handle *handle, void *argument);
int preload_sg_ioctl(const struct handle *handle, unsigned long request, void *argument);
int preload_cdrom_ioctl(const struct handle *handle, unsigned long request, void *argument);

#endif
