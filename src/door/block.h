/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drive as the kernel has it: opened, closed, read as a block device. */
#ifndef SP_DOOR_BLOCK_H
#define SP_DOOR_BLOCK_H

#include "sim/sim.h"

/* What the kernel knows of a drive. */
struct door_block {
	struct sp_sim *sim;
	unsigned users; /* handles that are open */
	bool known;     /* size is what the disc in it has */
	uint64_t size;  /* bytes */
};

/* Answers are 0 or errno. */

/* As open(2) of /dev/srN: looks whether the disc is another one, which ends its unit attention;
 * without O_NONBLOCK closes the tray, wants a disc, locks the door. */
int door_block_open(struct door_block *block, bool nonblock);
/* When the last handle is closed: unlocks. */
void door_block_release(struct door_block *block);
int door_block_size(struct door_block *block, uint64_t *size);
/* Up to `size` bytes from `at`: *done is less at the disc's end, or where an error comes later. */
int door_block_read(struct door_block *block, uint64_t at, void *data, size_t size, size_t *done);
/* A command has gone by: what it changes is no longer known. */
void door_block_saw(struct door_block *block, const struct sp_command *command);

#endif
