/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of an output set, shared by the files that make it. */
#ifndef SP_IO_OUTSET_OWN_H
#define SP_IO_OUTSET_OWN_H

#include <spindle/io.h>

#include "io/behind.h"
#include "io/bundle.h"
#include "io/offer.h"
#include "io/parts.h"

struct member {
	char *name; /* the final name in the set's directory */
	char *part; /* the temporary one */
	char *path; /* the final name as the user would write it */
	int fd;
	uint64_t size;
	struct sp_behind behind;
	bool offered;  /* what was written so far is in the offer, and `fd` is empty */
	bool has_part; /* the temporary name exists */
	bool has_name; /* the final name exists and is ours */
};

struct sp_outset {
	char *dir; /* "" or with a '/' at its end */
	int dirfd;
	bool force;
	bool made;    /* the directory is ours, and goes with us */
	bool closed;  /* a commit was tried: nothing more is written */
	bool damaged; /* a write failed: what is there is not whole */
	struct sp_parts parts;
	struct member **members; /* the descriptor first; ios point to them */
	size_t count;
	struct sp_offer *offer;   /* NULL: none */
	struct sp_pool *pool;     /* brings the members to the disk behind their writers */
	struct sp_bundle *bundle; /* not NULL: it is a folder, and nothing above is used */
};

/* outset.c */
/* 0 when `name` is free, or FORCE and a regular file. */
int outset_check(const struct sp_outset *set, const char *name, struct sp_error *err);
/* What was written of a member to the disk. */
int outset_fsync(struct sp_outset *set, struct member *m, struct sp_error *err);
/* The member is not the offered file: what was left there until now is written. */
int outset_part_ways(struct sp_outset *set, struct member *m, struct sp_error *err);

/* outset_commit.c */
/* What cannot be removed now is tried once more when the set is closed. */
void outset_remove_parts(struct sp_outset *set);

#endif
