/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of output files that are only counted: what a dry run writes to. */
#ifndef SP_CLI_PLAN_H
#define SP_CLI_PLAN_H

#include <spindle/spindle.h>

struct plan_file {
	char *path; /* the name it would have */
	uint64_t size;
	bool exists; /* something has that name now */
};
/* Zeroed, a set is empty. */
struct plan {
	struct plan_file **file; /* the descriptor first */
	size_t files;
	bool bundle; /* the one file is a folder, with the size of all in it */
	const struct sp_format *format;
	struct sp_sink *sink;
};

/* Open the sink that sp_output_create would give for the target, over files that keep nothing but
 * their size; the same errors, but for files that exist. */
int plan_create(struct plan *plan, const struct sp_target *target, struct sp_error *err);
void plan_close(struct plan *plan);

#endif
