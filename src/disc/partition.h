/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partition tables and file systems of a run of bytes, wherever those come from. */
#ifndef SP_DISC_PARTITION_H
#define SP_DISC_PARTITION_H

#include <spindle/disc.h>

/* A disk's bytes. `read` is exact or an error, and never asked beyond `size`. */
struct sp_disk {
	int (*read)(void *user, uint64_t at, void *data, size_t size, struct sp_error *err);
	void *user;
	uint64_t size;
};

enum {
	SP_DISK_BLOCK = 512,
	SP_FS_HEAD = 0x10200, /* bytes from its start that tell every file system */
	SP_SCHEME_HEAD = 4608 /* … and that tell a table */
};

/* By the first bytes of a volume, SP_FS_HEAD where it has them; what is not there does not fit. */
unsigned sp_filesystem_find(const uint8_t *head, size_t size);
/* One of an optical disc. */
bool sp_filesystem_optical(unsigned filesystem);
/* Which table the first bytes of a disk of `blocks` are; a volume's boot block is none. */
unsigned sp_scheme_find(const uint8_t *head, size_t size, uint64_t blocks);

/* Fill *list, which is overwritten; free it also after an error. Fails where reading does, or
 * memory. */
int sp_partitions_read(struct sp_partitions *list, const struct sp_disk *disk,
		       struct sp_error *err);

/* The same of a table of that scheme, though another one is in force: list->scheme is it where
 * there is one. SP_SCHEME_WHOLE: the one in force. */
int sp_partitions_scheme(struct sp_partitions *list, const struct sp_disk *disk, unsigned scheme,
			 struct sp_error *err);

/* A type's word, "" when it is not known: an MBR's byte, a GUID as text, Apple's name. */
const char *sp_partition_mbr_kind(uint8_t type);
const char *sp_partition_gpt_kind(const char *guid);
const char *sp_partition_apm_kind(const char *type);

#endif
