/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing UDIF: how a disk is parted into blkx, and how their tables, the plist and the trailer are
 * printed. */
#ifndef SP_FORMATS_DMG_WRITE_H
#define SP_FORMATS_DMG_WRITE_H

#include "formats/dmg.h"

/* A run of a blkx. Sectors count from the blkx, places from the file's beginning. */
struct dmg_run {
	uint32_t type;
	uint64_t sector, count, at, size;
};

/* One blkx. */
struct dmg_piece {
	uint64_t first, count; /* sectors */
	bool free;             /* belongs to no partition */
	char name[224];        /* as macOS says it, UTF-8 */
	struct dmg_run *run;
	size_t runs;
	uint32_t crc;
	uint64_t end; /* byte behind its last stored block */
};

/* All of them, ascending and without a hole from sector 0 to the last. */
struct dmg_plan {
	struct dmg_piece *piece;
	size_t pieces;
	uint64_t sectors;
	bool whole; /* one piece: the disk without a partition map */
};

/* The type by which macOS names images of optical discs: their sectors have 2048 bytes. */
#define DMG_OPTICAL "Apple_ISO"

/* Part a disk by its map; NULL, a map that is not sound or a disk without one is one piece of
 * `type`, as macOS names file systems. */
int dmg_plan_make(struct dmg_plan *plan, uint64_t sectors, const struct sp_partitions *map,
		  const char *type, struct sp_error *err);
/* macOS' type of a volume that fills the disk. */
const char *dmg_plan_type(unsigned filesystem);
void dmg_plan_clear(struct dmg_plan *plan);

/* What the whole image says of itself. */
struct dmg_tail {
	uint64_t fork;     /* bytes of the data fork */
	uint32_t fork_crc; /* of them */
	uint32_t chunk;    /* sectors of the largest compressed run */
};
/* The plist and the trailer, after the data fork. */
int dmg_print(struct sp_io *io, const struct dmg_plan *plan, const struct dmg_tail *tail,
	      struct sp_error *err);

extern const struct sp_format_option dmg_write_option[];
unsigned dmg_write_carries(const struct sp_options *options);
int dmg_write_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		     struct sp_error *err);

#endif
