/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every compression method looks like to containers of compressed blocks. */
#ifndef SP_CODEC_CODEC_H
#define SP_CODEC_CODEC_H

#include <spindle/error.h>

#include <stddef.h>
#include <stdint.h>

/* How a step of a stream ended. */
enum sp_codec_step {
	SP_CODEC_MORE,    /* all input was taken, or all output room filled */
	SP_CODEC_END,     /* the stream is complete */
	SP_CODEC_BAD,     /* malformed */
	SP_CODEC_NOMEMORY /* or more of it wanted than the codec allows itself */
};

/* One method. States are used by one thread at a time; there is nothing else to share. A NULL
 * function: the method has no such side. Memory a state or `work` takes beyond the caller's
 * buffers: zlib 64 KiB, to encode 2 MiB; bzip2 4 MiB, to encode 8 MiB; xz as much as is decoded
 * but never more than 67 MiB, to encode 13 × the block but never more than 48 MiB; adc 300 KiB;
 * lzfse 1 MiB, to encode 4 MiB. */
struct sp_codec {
	const char *name; /* as messages and options say it: zlib bzip2 xz adc lzfse */

	/* A block that is in memory whole. `*work` is scratch memory, NULL at first, that the codec
	 * keeps there from call to call and work_free releases. Exactly `out_size` bytes must come
	 * out of exactly the stream in `in` (what follows its end is ignored): 0, SP_ERR_FORMAT
	 * (malformed, too short or too long: *done bytes were right), SP_ERR_MEMORY. */
	int (*decode)(void **work, const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size,
		      size_t *done);
	/* Compress; 0 when the result does not fit into `room` (or there is no memory): the caller
	 * stores the block as it is. `level` 0: the codec's default, else 1…9. */
	size_t (*encode)(void **work, unsigned level, const uint8_t *in, size_t in_size,
			 uint8_t *out, size_t room);
	void (*work_free)(void *work); /* NULL is fine */

	/* Blocks too large to be held whole, piece by piece; enum sp_codec_step. END and BAD stay:
	 * a further step takes and gives nothing. adc has no end mark: it says END when a step is
	 * given no input and there is nothing left of what came before. */
	void *(*begin)(void); /* NULL: no memory */
	int (*step)(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		    size_t *out_room);
	void (*end)(void *stream); /* NULL is fine */
};

extern const struct sp_codec sp_codec_zlib; /* RFC 1950: libdeflate whole, zlib in pieces */
extern const struct sp_codec sp_codec_bzip2;
extern const struct sp_codec sp_codec_xz;
extern const struct sp_codec sp_codec_adc;   /* Apple Data Compression; decodes only */
extern const struct sp_codec sp_codec_lzfse; /* streams of bvx-, bvx1, bvx2, bvxn … bvx$ */

/* Decode a whole block by a stream just begun, which stays the caller's; results as of decode. */
int sp_codec_whole(const struct sp_codec *codec, void *stream, const uint8_t *in, size_t in_size,
		   uint8_t *out, size_t out_size, size_t *done);

#endif
