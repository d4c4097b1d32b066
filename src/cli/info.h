/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of spindle info: what each file system says of itself, its checksums, which kind of
 * disc it is. */
#ifndef SP_CLI_INFO_H
#define SP_CLI_INFO_H

#include "cli/cli.h"
#include "report/facts.h"

#include <spindle/tree.h>

struct info_volumes {
	struct facts *volume; /* of each file system, in the order of the trees */
	size_t count;
	struct facts kinds, checksums;
	uint64_t missing; /* sectors of 2048 bytes that the volume which lacks most says it has */
};

/* Look into a source that can be read in any order; `distant`: seeks take long. Damage is told in
 * notes; fails where memory does, or the system. Free it in any case. */
int info_volumes(struct info_volumes *volumes, struct ui *ui, struct sp_source *src, bool distant,
		 struct sp_error *err);
void info_volumes_free(struct info_volumes *volumes);
/* Tell in notes which files one tree of a disc has and another has not; of trees of more than
 * `most` files and folders nothing. Fails where memory does. */
int info_differ(struct ui *ui, struct sp_inside *inside, uint64_t most, struct sp_error *err);

/* Partition tables, and what boots where. Damage is told in notes; fails as above. */
int info_tables(struct facts *partitions, struct facts *boot, struct ui *ui, struct sp_source *src,
		struct sp_error *err);

#endif
