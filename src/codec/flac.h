/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFLAC: CD audio in, a FLAC stream out. */
#ifndef SP_CODEC_FLAC_H
#define SP_CODEC_FLAC_H

#include <spindle/error.h>

#include <stddef.h>
#include <stdint.h>

enum {
	SP_FLAC_LEVEL_MAX = 8,
	SP_FLAC_HEAD = 42,            /* "fLaC" and STREAMINFO: other metadata begins there */
	SP_FLAC_BLOCK_MAX = 0xffffff, /* a metadata block's bytes, of 24 bits (RFC 9639 8.1) */
	SP_FLAC_PCM_FRAME = 4,        /* bytes of a sample of both channels */
};

/* Where the stream goes: `at` ascends, but for a last visit to the head. 0, or a negative status
 * with *err filled. */
typedef int sp_flac_out_fn(void *user, uint64_t at, const void *data, size_t size,
			   struct sp_error *err);

struct sp_flac;

/* An encoder of 44100 Hz, 16 bits, 2 channels, whose every frame is decoded again and compared.
 * `level` 0 (fast) … 8 (small); `samples` expected, of both channels. Between the head and the
 * first frame are metadata blocks to write over: at least an empty comment and `room` bytes of
 * padding. NULL: no memory. */
struct sp_flac *sp_flac_new(unsigned level, uint64_t samples, uint32_t room, sp_flac_out_fn *out,
			    void *user);
/* `samples` of left and right, little-endian. SP_ERR_IO also where what was encoded does not decode
 * to what was given. */
int sp_flac_encode(struct sp_flac *flac, const uint8_t *pcm, size_t samples, struct sp_error *err);
/* The last frame, and STREAMINFO with the MD5 of all samples. *first is where the first frame is in
 * the stream. Nothing more is encoded. */
int sp_flac_end(struct sp_flac *flac, uint64_t *first, struct sp_error *err);
void sp_flac_free(struct sp_flac *flac); /* NULL is fine; without an end nothing is written */

/* What a comment block calls its maker: the encoder's name and version. */
const char *sp_flac_vendor(void);

#endif
