/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 1950 in pieces, by zlib: the streaming half of sp_codec_zlib. */
#ifndef SP_CODEC_INFLATE_H
#define SP_CODEC_INFLATE_H

#include <stddef.h>
#include <stdint.h>

/* As of struct sp_codec. */
void *sp_inflate_begin(void);
int sp_inflate_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		    size_t *out_room);
void sp_inflate_end(void *stream);

#endif
