/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole block by way of a method's stream, for methods that have no faster way. */
#include "codec/codec.h"

int sp_codec_whole(const struct sp_codec *codec, void *stream, const uint8_t *in, size_t in_size,
		   uint8_t *out, size_t out_size, size_t *done)
{
	uint8_t spare, *beyond = &spare;
	size_t room = out_size, one = 1;
	if (!out_size)
		out = &spare; /* libraries want a place even where no byte goes */
	int r = codec->step(stream, &in, &in_size, &out, &room);

	/* what is due after the last byte (a checksum, an end mark) may be followed by nothing */
	if (r == SP_CODEC_MORE && !room)
		r = codec->step(stream, &in, &in_size, &beyond, &one);
	*done = out_size - room;
	if (r == SP_CODEC_NOMEMORY)
		return SP_ERR_MEMORY;
	return r == SP_CODEC_END && !room && one ? 0 : SP_ERR_FORMAT;
}
