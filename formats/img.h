/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plain disk image says of itself: partition tables and file systems' first blocks. */
#ifndef SP_FORMATS_IMG_H
#define SP_FORMATS_IMG_H

#include <spindle/format.h>

enum { SP_IMG_BLOCK = 512 };

enum sp_img_kind {
	SP_IMG_NONE,
	SP_IMG_GPT,
	SP_IMG_APM,
	SP_IMG_MBR,
	SP_IMG_FAT, /* from here on: a file system without partitions */
	SP_IMG_NTFS,
	SP_IMG_EXFAT,
	SP_IMG_EXT,
	SP_IMG_APFS,
	SP_IMG_HFS,
	SP_IMG_HFSPLUS,
	SP_IMG_VOLUME /* an optical disc's volume, whatever else is there */
};

/* By the first bytes of a disk, at least 2052 where it has them. */
unsigned sp_img_kind(const uint8_t *head, size_t size, uint64_t disk);
/* Send notes of what was found: a line for the table, one for each partition. What cannot be read
 * or understood is not told. */
void sp_img_describe(struct sp_io *io, const struct sp_notes *notes);

#endif
