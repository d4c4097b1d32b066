/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readers of partition tables share. */
#ifndef SP_DISC_PARTITION_LIST_H
#define SP_DISC_PARTITION_LIST_H

#include "disc/partition.h"

/* `text` is static; said once. */
void sp_partitions_trouble(struct sp_partitions *list, const char *text);
/* Append one; *out is valid until the next. */
int sp_partitions_add(struct sp_partitions *list, unsigned number, uint64_t first, uint64_t count,
		      struct sp_partition **out, struct sp_error *err);
/* 1 read, 0 not within the disk, or negative. */
int sp_partitions_get(const struct sp_disk *disk, uint64_t at, void *data, size_t size,
		      struct sp_error *err);
/* Look for a GPT on a disk whose first block is a GPT's or another's MBR: 1 and *list filled, 0
 * there is none, or negative. `head` has SP_SCHEME_HEAD bytes. */
int sp_partitions_gpt(struct sp_partitions *list, const struct sp_disk *disk, const uint8_t *head,
		      struct sp_error *err);

#endif
