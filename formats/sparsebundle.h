/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading and writing sparse bundles have of each other. */
#ifndef SP_FORMATS_SPARSEBUNDLE_H
#define SP_FORMATS_SPARSEBUNDLE_H

#include <spindle/format.h>

#define SP_SPARSEBUNDLE_TYPE "com.apple.diskimage.sparsebundle"

extern const struct sp_format_option sp_sparsebundle_option[];
unsigned sp_sparsebundle_carries(const struct sp_options *options);
int sp_sparsebundle_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
			   struct sp_error *err);

#endif
