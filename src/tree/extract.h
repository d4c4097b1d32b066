/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking files out of a tree: the plan of what goes where, and the folder it goes to. */
#ifndef SP_TREE_EXTRACT_H
#define SP_TREE_EXTRACT_H

#include "tree/fs.h"

/* --- the plan --- */

/* Folder 0 is the destination. A folder's parent has a lower number. */
struct plan_folder {
	size_t parent;
	char *name; /* under which it is made; NULL: not needed so far */
	char *said; /* its name in the tree, until it is needed */
	struct sp_node node;
};
struct plan_item {
	size_t folder;
	char *name; /* under which it is made */
	char *path; /* in the tree, for messages */
	struct sp_node node;
	uint64_t at;    /* byte of the disc it begins at */
	bool in_one;    /* all of it lies there in one run */
	bool apple;     /* its AppleDouble file, of node.size bytes */
	size_t link_to; /* item + 1 that is the same file under another name; 0: none */
};
struct plan {
	struct plan_folder *folder;
	size_t folders;
	struct plan_item *item; /* all but folders, in the order they are read in */
	size_t items;
	uint64_t bytes;
};
int sp_extract_plan(struct plan *plan, struct sp_extract *x, struct sp_error *err);
void sp_extract_plan_free(struct plan *plan);

/* --- AppleDouble --- */

/* Bytes of the file that goes with this one; 0: it needs none, having neither a resource fork nor
 * anything to say to the Finder. */
int sp_appledouble_size(struct sp_fs *fs, const struct sp_node *node, uint64_t *size,
			struct sp_error *err);
/* The file; it belongs to the caller and is to be closed before the file system. */
int sp_appledouble_open(struct sp_io **out, struct sp_fs *fs, const struct sp_node *node,
			const char *name, struct sp_error *err);

/* --- the destination --- */

struct out;
/* Open x->to and make the plan's folders. Both are borrowed. */
int sp_out_open(struct out **out, const struct plan *plan, struct sp_extract *x,
		struct sp_error *err);
/* Write one file; `file` is read to its end, NULL: the item's run of `disc`. What cannot be read is
 * told and counted; what cannot be written fails, maybe at a later call. */
int sp_out_file(struct out *out, const struct plan_item *item, struct sp_io *file,
		struct sp_error *err);
/* A file that cannot be read: told and counted. */
void sp_out_failed(struct out *out, const char *path, const char *why);
/* Bytes of the files that have their names. */
uint64_t sp_out_bytes(struct out *out);
/* Everything is written; then links, the folders' own times, and all to the disk. */
int sp_out_finish(struct out *out, struct sp_error *err);
void sp_out_close(struct out *out); /* NULL is fine */

#endif
