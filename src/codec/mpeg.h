/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of MPEG audio: what their headers say, and that they follow one another without a gap. */
#ifndef SP_CODEC_MPEG_H
#define SP_CODEC_MPEG_H

#include "codec/sound.h"

struct sp_mpeg_frame {
	unsigned version; /* 1, 2, or 3 for "2.5" */
	unsigned layer;   /* 1 to 3 */
	unsigned rate, channels;
	uint32_t size; /* bytes with the header */
};

/* The frame that begins with this header; false: none does, or one of free format. */
bool sp_mpeg_frame(const uint8_t head[4], struct sp_mpeg_frame *frame);

/* A whole file of frames, which begins with one. */
struct sp_mpeg_stream {
	struct sp_mpeg_frame first;
	uint64_t frames; /* without that of the encoder's notes */
	uint64_t said;   /* by these notes ("Xing", "Info"), 0: nothing */
	uint64_t end;    /* of the last frame; tags and zeros may follow */
};

/* SP_ERR_FORMAT: something else stands between the frames, the last one is cut short, or there are
 * fewer than the encoder noted; SP_ERR_UNSUPPORTED: they change their rate or channels. */
int sp_mpeg_walk(const struct sp_sound_file *file, struct sp_mpeg_stream *stream,
		 struct sp_error *err);

#endif
