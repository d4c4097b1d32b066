/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What making an image needs besides libisofs. */
#ifndef SP_TREE_AUTHOR_H
#define SP_TREE_AUTHOR_H

#include <spindle/tree.h>

/* --- names that a tree cannot hold --- */

enum sp_author_node { SP_AUTHOR_PLAIN, SP_AUTHOR_LINK, SP_AUTHOR_SPECIAL };
enum { SP_AUTHOR_JOLIET, SP_AUTHOR_LATIN, SP_AUTHOR_LINKS, SP_AUTHOR_SPECIALS, SP_AUTHOR_FAULTS };
struct sp_author_names {
	bool rock_ridge, joliet; /* trees the image will have */
	uint64_t count[SP_AUTHOR_FAULTS];
	char first[SP_AUTHOR_FAULTS][80];
};
/* Look at one name; `path` is the whole. */
void sp_author_name(struct sp_author_names *names, const char *path, const char *name,
		    unsigned node);
/* SP_ERR_LOSSY where something cannot be held; with `lossy` it is a note. */
int sp_author_names_judge(const struct sp_author_names *names, bool lossy,
			  const struct sp_notes *notes, struct sp_error *err);

/* --- places --- */

/* The path as the root sees it, the caller's to free; NULL: *err says why. */
char *sp_author_absolute(const char *path, struct sp_error *err);
/* Where the session after those of from->append begins. */
int sp_author_next(sp_lba *next, const struct sp_author *from, struct sp_error *err);

/* --- checksum --- */

/* The image with isomd5sum's text in its primary volume descriptor, whose application use is 512
 * spaces so far. Spools a once-only source. Takes src, also on failure. */
int sp_isomd5_view(struct sp_source **out, struct sp_source *src, struct sp_error *err);

#endif
