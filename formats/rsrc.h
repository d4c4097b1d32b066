/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Macintosh resource fork: where the resources of one type lie. */
#ifndef SP_FORMATS_RSRC_H
#define SP_FORMATS_RSRC_H

#include <spindle/io.h>

enum { SP_RSRC_MAX = 4096 }; /* resources of one type that are listed */

struct sp_resource {
	int16_t id;
	uint8_t attributes;
	char name[256]; /* bytes of Mac OS Roman, "" none */
	uint64_t at;    /* of its data, in the io */
	uint32_t size;
};

/* The resources of `type` in the fork of `size` bytes at `at`, in its map's order; the caller's to
 * free. None is no error: *count 0. SP_ERR_FORMAT: not a fork, or a resource that does not lie in
 * it. Inside Macintosh: More Macintosh Toolbox, 1-121. */
int sp_rsrc_list(struct sp_resource **out, size_t *count, struct sp_io *io, uint64_t at,
		 uint64_t size, const char type[4], struct sp_error *err);

#endif
