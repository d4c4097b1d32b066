/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the file systems of a disk do not use. */
#ifndef SP_FORMATS_DMG_FREE_H
#define SP_FORMATS_DMG_FREE_H

#include "disc/partition.h"

struct dmg_unused {
	uint64_t at, size; /* bytes of the disk, whole blocks */
};
/* Ascending, none beside another. */
struct dmg_free {
	struct dmg_unused *range;
	size_t ranges;
};

/* What HFS+ and FAT volumes say is unused, in the partitions of `map`; `notes` tells, with the name
 * of the image, of which volumes that is not known. What is not a sound volume that was closed is
 * taken for used. Free *list also after an error. */
int dmg_free_find(struct dmg_free *list, const struct sp_disk *disk,
		  const struct sp_partitions *map, const char *name, const struct sp_notes *notes,
		  struct sp_error *err);
void dmg_free_clear(struct dmg_free *list);

#endif
