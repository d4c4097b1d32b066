/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source's user data as one run of bytes, for file systems. */
#ifndef SP_TREE_DISC_IO_H
#define SP_TREE_DISC_IO_H

#include <spindle/tree.h>

/* LBA n begins at byte 2048 n, of blocks 512 n; of form 2 sectors come the first 2048 bytes. What
 * is damaged, not stored, or audio (zeros) reads as it is and is counted. Borrows src, which is
 * read in any order. */
int sp_disc_io(struct sp_io **out, struct sp_source *src, struct sp_error *err);
/* Bytes of a sector: 2048, or 512. */
unsigned sp_disc_io_unit(const struct sp_io *io);
/* What was read of damaged sectors since the last call. */
void sp_disc_io_damage(struct sp_io *io, struct sp_inside_damage *damage);

#endif
