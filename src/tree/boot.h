/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What boots, told from bytes. */
#ifndef SP_TREE_BOOT_H
#define SP_TREE_BOOT_H

#include "disc/partition.h"

#include <spindle/tree.h>

/* As sp_boot_find, of a disk whose volume begins at byte `start`. */
int sp_boot_read(struct sp_boot *boot, const struct sp_disk *disk, uint64_t start,
		 struct sp_error *err);

/* Exact: 1; 0 where that is not on the disk. */
int sp_boot_get(const struct sp_disk *disk, uint64_t at, void *data, size_t size,
		struct sp_error *err);

/* Machines that the FAT file system at byte `at` has a loader for where UEFI looks for one on
 * removable media, \EFI\BOOT\BOOT….EFI (UEFI 2.10, 3.5.1.1): "x64, ia32"; "": none. What is no FAT,
 * or damaged, has none; fails where reading does. */
int sp_boot_loaders(char *text, size_t size, const struct sp_disk *disk, uint64_t at,
		    struct sp_error *err);

#endif
