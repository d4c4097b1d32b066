/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a disc of blocks at any place, for those who look for tables in it. */
#ifndef SP_STREAM_BYTES_H
#define SP_STREAM_BYTES_H

#include "disc/partition.h"

#include <spindle/stream.h>

/* `src` (borrowed) is one track of 512-byte blocks or 2048-byte sectors from LBA 0 that can be read
 * in any order; else SP_ERR_USAGE. */
int sp_bytes_open(struct sp_disk *disk, struct sp_source *src, struct sp_error *err);
void sp_bytes_close(struct sp_disk *disk); /* zeroed is fine */

#endif
