/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extended attributes of UDF's files (4/14.10, UDF 3.3.4): in the entry, and in a file of their
 * own. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { ATTR_HEAD = 24, ATTR_MOST = 65536 };

/* Bytes: 0 type, 4 subtype, 8 length of the whole, 12 what it is. */
static int attr_walk(struct udf *u, const uint8_t *data, size_t size, const struct udf_at *place,
		     udf_attribute_fn *fn, void *user, struct sp_error *err)
{
	/* space that was reserved and never used has not even the header */
	if (size < ATTR_HEAD || udf_tag(data, size, -1, -1) == UDF_TAG_BLANK)
		return 0;
	const unsigned state = udf_tag(data, size, UDF_TAG_ATTRIBUTES, -1);
	if (state != UDF_TAG_GOOD) {
		sp_fs_damaged(&u->fs,
			      "the extended attributes at block %u of partition %u: the header %s",
			      place->block, place->part, udf_tag_text(state));
		if (state != UDF_TAG_BROKEN)
			return 0;
	}
	unsigned count = 0;
	for (size_t at = ATTR_HEAD; size - at >= 12;) {
		const uint8_t *d = data + at;
		const size_t length = get_le32(d + 8);

		if (!get_le32(d) && !length)
			break;
		if (length < 12 || length > size - at || ++count > ATTR_MOST) {
			sp_fs_damaged(&u->fs,
				      "the extended attributes at block %u of partition %u: one of "
				      "%zu bytes",
				      place->block, place->part, length);
			break;
		}
		const int r = fn(user, get_le32(d), d, length);
		if (r)
			return r;
		at += length;
	}
	(void)err;
	return 0;
}

int udf_attributes(struct udf *u, const struct udf_entry *entry, udf_attribute_fn *fn, void *user,
		   struct sp_error *err)
{
	int r = attr_walk(u, entry->block + entry->begin, entry->attributes, &entry->at, fn, user,
			  err);

	if (r || !entry->attribute_file.size)
		return r;
	struct udf_entry file = {.block = malloc(u->block)};
	struct sp_error why = {0};
	uint8_t *data = NULL;
	size_t size = 0;
	r = file.block ? udf_entry_read(u, &entry->attribute_file, &file, &why)
		       : sp_fail_memory(&why);
	if (!r)
		r = udf_entry_load(u, &file, UDF_ATTRIBUTES, &data, &size, &why);
	if (!r) {
		r = attr_walk(u, data, size, &file.at, fn, user, err);
	} else if (udf_fatal(r)) {
		if (err)
			*err = why;
	} else {
		sp_fs_damaged(&u->fs,
			      "the file of extended attributes at block %u of partition "
			      "%u: %s",
			      entry->attribute_file.at.block, entry->attribute_file.at.part,
			      why.text);
		r = 0;
	}
	free(data);
	free(file.block);
	return r;
}
