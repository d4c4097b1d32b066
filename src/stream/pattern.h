/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source whose every sector names its own LBA: damage is located, not just seen. */
#ifndef SP_STREAM_PATTERN_H
#define SP_STREAM_PATTERN_H

#include <spindle/stream.h>

/* Sectors of `disc` (taken on success) with valid framing in every stored region. Bytes of the user
 * data are a function of seed, LBA and offset; the first 8 are the LBA, little-endian. Sub-channel,
 * where a region stores it, is what the layout implies. */
int sp_pattern_source(struct sp_source **out, struct sp_disc *disc, uint32_t seed,
		      struct sp_error *err);
/* The user data of one sector: fills `size` bytes. */
void sp_pattern_fill(uint32_t seed, sp_lba lba, uint8_t *data, size_t size);

#endif
