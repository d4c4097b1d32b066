/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Property lists in XML, of which Apple's containers are full: a bounded tree, no entities. */
#ifndef SP_FORMATS_PLIST_H
#define SP_FORMATS_PLIST_H

#include <spindle/io.h>

enum {
	SP_PLIST_SIZE = 32 << 20, /* bytes of XML: block maps of the largest images have half */
	SP_PLIST_DEPTH = 32,
	SP_PLIST_NODES = 1 << 16,
};

enum sp_plist_kind {
	SP_PLIST_DICT,
	SP_PLIST_ARRAY,
	SP_PLIST_STRING,
	SP_PLIST_INTEGER, /* text as it stands there: see sp_plist_number */
	SP_PLIST_DATA,
	SP_PLIST_OTHER, /* real, date, true, false */
};

struct sp_plist_node {
	unsigned kind;
	char *key;     /* in a dict; else NULL */
	uint8_t *data; /* of all but dict and array: bytes, and a NUL behind them */
	size_t size;
	struct sp_plist_node *child, *next; /* in the order of the file */
};

/* The one value of the plist in `size` bytes of io at `at`. SP_ERR_FORMAT names the line; anything
 * declared in a DOCTYPE, and any entity beyond XML's own five, is refused. */
int sp_plist_read(struct sp_plist_node **out, struct sp_io *io, uint64_t at, uint64_t size,
		  struct sp_error *err);
void sp_plist_free(struct sp_plist_node *root); /* NULL is fine */

/* A dict's value of that kind; NULL: there is none, or `dict` is NULL or none. */
const struct sp_plist_node *sp_plist_get(const struct sp_plist_node *dict, const char *key,
					 unsigned kind);
/* A dict's text, NULL when there is none. */
const char *sp_plist_text(const struct sp_plist_node *dict, const char *key);
/* A dict's integer that is not negative. */
bool sp_plist_number(const struct sp_plist_node *dict, const char *key, uint64_t *value);

#endif
