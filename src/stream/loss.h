/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sink cannot hold of a disc's layout, and of sectors. */
#ifndef SP_STREAM_LOSS_H
#define SP_STREAM_LOSS_H

#include "disc/sector.h"

#include <spindle/stream.h>

/* Count into *losses what `sink` cannot hold of the layout; nothing for an observer. */
int sp_losses_layout(struct sp_losses *losses, struct sp_sink *sink, const struct sp_disc *disc,
		     struct sp_error *err);
/* The same by what every sink says of itself, for a sink's own `losses` to begin with. */
int sp_losses_common(struct sp_losses *losses, struct sp_sink *sink, const struct sp_disc *disc,
		     struct sp_error *err);
/* Count dropped sector parts. */
void sp_losses_drops(struct sp_losses *losses, const struct sp_drops *drops);
/* Count sectors with content, of a span that nobody stores: only silence may be dropped in silence.
 * `scratch` holds what the span holds. */
int sp_losses_silence(struct sp_losses *losses, const struct sp_span *span, uint8_t *scratch,
		      struct sp_error *err);

#endif
