/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user data of a data track's sectors, whatever their framing. */
#ifndef SP_STREAM_VOLUME_H
#define SP_STREAM_VOLUME_H

#include <spindle/stream.h>

enum { SP_VOLUME_SECTOR = 2048 };

/* User data of the sector `at` after `start`: 1, or 0 where there is none of 2048 bytes, or `at` is
 * not below `count`. */
int sp_volume_sector(struct sp_source *src, sp_lba start, uint64_t count, uint64_t at,
		     uint8_t user[SP_VOLUME_SECTOR], struct sp_error *err);

#endif
