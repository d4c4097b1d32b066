/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What looks at a disc's bytes beside its trees. */
#ifndef SP_TREE_INSIDE_H
#define SP_TREE_INSIDE_H

#include <spindle/tree.h>

/* Borrowed: the source, and its user data, 2048 bytes a sector from LBA 0 (of blocks: as they are).
 */
struct sp_source *sp_inside_source(const struct sp_inside *inside);
struct sp_io *sp_inside_io(const struct sp_inside *inside);

#endif
