/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An image in the making: the one place that knows libisofs' header, for the files that make it. */
#ifndef SP_TREE_ISOFS_H
#define SP_TREE_ISOFS_H

#include "tree/author.h"

#include <libisofs/libisofs.h>
#include <time.h>

/* What libisofs gives for reading, as libburn's header declares it: public, and the same in every
 * version of both. That header belongs to the burner. */
struct burn_source {
	int refcount;
	int (*read)(struct burn_source *, unsigned char *, int);
	int (*read_sub)(struct burn_source *, unsigned char *, int);
	off_t (*get_size)(struct burn_source *);
	int (*set_size)(struct burn_source *, off_t);
	void (*free_data)(struct burn_source *);
	struct burn_source *next;
	void *data;
	int version;
	int (*read_xt)(struct burn_source *, unsigned char *, int);
	int (*cancel)(struct burn_source *);
};

struct author {
	struct sp_source source;
	const struct sp_author *from; /* while opening */
	time_t now;
	IsoImage *image;
	IsoWriteOpts *opts;
	struct burn_source *stream;
	sp_lba next; /* block that comes next */
	int efi;     /* the partition's descriptor, -1: none */
	struct sp_author_names names;
};

/* SP_ERR_IO with the message a failed call left, or else the words for its code; warnings before it
 * become notes. */
int sp_author_fail(const struct sp_author *from, int code, const char *what, struct sp_error *err);
/* The first message worse than a warning that waits, "" when none. */
void sp_author_hear(const struct sp_notes *notes, char worst[ISO_MSGS_MESSAGE_LEN]);

/* The folder and the grafts become the image's tree, over that of from->append. */
int sp_author_tree(struct author *author, struct sp_error *err);
/* What is in the folder `path` (absolute) becomes the content of `dir`, which is empty. */
int sp_author_folder(struct author *author, IsoDir *dir, const char *path, struct sp_error *err);
/* Every node as the settings want it; names are looked at. */
int sp_author_walk(struct author *author, struct sp_error *err);
/* What boots, and from where. */
int sp_author_boot(struct author *author, struct sp_error *err);

#endif
