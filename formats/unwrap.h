/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that another file comes out of: encrypted ones, sparse ones. */
#ifndef SP_FORMATS_UNWRAP_H
#define SP_FORMATS_UNWRAP_H

#include <spindle/format.h>

/* While *format is a wrapping, *io becomes what comes out of it and *format what that is: a plain
 * disk where nothing is known in it. Wrappings taken off are added to `list`. On failure, too, *io
 * is open and the caller's. SP_ERR_UNSUPPORTED: more than SP_WRAPPINGS of them. */
int sp_unwrap(struct sp_wrappings *list, const struct sp_format **format, struct sp_io **io,
	      const struct sp_options *options, struct sp_error *err);

/* The `open` of a wrapping. */
int sp_unwrap_open(struct sp_source **out, const struct sp_format *format, struct sp_io *io,
		   const struct sp_options *options, struct sp_error *err);

#endif
