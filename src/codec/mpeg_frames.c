/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A walk over the frames of MPEG audio (ISO 11172-3, 13818-3): decoders pass over what they do not
 * understand in silence. */
#include "base/bytes.h"
#include "codec/mpeg.h"

#include <inttypes.h>
#include <string.h>

enum { MPEG_BLOCK = 65536, MPEG_NOTES = 4 + 32 + 12 };

/* kbit/s: MPEG 1 layers I, II, III; MPEG 2 layer I; MPEG 2 layers II and III. */
static const uint16_t mpeg_bitrates[5][16] = {
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
};

bool sp_mpeg_frame(const uint8_t head[4], struct sp_mpeg_frame *frame)
{
	static const uint8_t versions[4] = {3, 0, 2, 1};
	static const uint16_t rates[4] = {44100, 48000, 32000, 0};
	const unsigned version = versions[head[1] >> 3 & 3], layer = 4 - (head[1] >> 1 & 3);
	const unsigned row = version == 1 ? layer - 1 : layer == 1 ? 3 : 4;

	if (head[0] != 0xff || (head[1] & 0xe0) != 0xe0 || !version || layer == 4)
		return false;
	const unsigned bits = mpeg_bitrates[row][head[2] >> 4] * 1000u;
	const unsigned rate = rates[head[2] >> 2 & 3] >> (version - 1), pad = head[2] >> 1 & 1;
	if (!bits || !rate)
		return false;
	*frame = (struct sp_mpeg_frame){
		.version = version,
		.layer = layer,
		.rate = rate,
		.channels = head[3] >> 6 == 3 ? 1 : 2,
		.size = layer == 1                   ? (12 * bits / rate + pad) * 4
			: layer == 3 && version != 1 ? 72 * bits / rate + pad
						     : 144 * bits / rate + pad,
	};
	return true;
}

/* Of the encoder's notes in place of the first frame's sound: how many frames follow; false: there
 * are none. */
static bool mpeg_notes(const uint8_t head[MPEG_NOTES], const struct sp_mpeg_frame *frame,
		       uint64_t *said)
{
	const size_t side = frame->version == 1 ? (frame->channels == 1 ? 17 : 32)
						: (frame->channels == 1 ? 9 : 17);
	const uint8_t *notes = head + 4 + side;

	if (frame->layer != 3 || (memcmp(notes, "Xing", 4) && memcmp(notes, "Info", 4)))
		return false;
	*said = get_be32(notes + 4) & 1 ? get_be32(notes + 8) : 0;
	return true;
}

/* What may follow the last frame. */
static bool mpeg_tag(const uint8_t *p, size_t left)
{
	static const char *const tag[] = {"TAG", "APETAGEX", "LYRICSBEGIN", "ID3", "3DI"};
	size_t zeros = 0;

	for (size_t i = 0; i < sizeof(tag) / sizeof(tag[0]); i++)
		if (left >= strlen(tag[i]) && !memcmp(p, tag[i], strlen(tag[i])))
			return true;
	while (zeros < left && !p[zeros])
		zeros++;
	return zeros == left;
}

static int mpeg_end(const struct sp_sound_file *file, const struct sp_mpeg_stream *stream,
		    struct sp_error *err)
{
	if (stream->frames < stream->said)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: cut short: %" PRIu64 " frames of the %" PRIu64
			       " its encoder noted",
			       file->name, stream->frames, stream->said);
	return 0;
}

int sp_mpeg_walk(const struct sp_sound_file *file, struct sp_mpeg_stream *stream,
		 struct sp_error *err)
{
	uint8_t block[MPEG_BLOCK];
	uint64_t at = 0, from = 0;
	size_t held = 0;

	*stream = (struct sp_mpeg_stream){0};
	for (bool noted = false; at < file->size;) {
		const uint64_t left = file->size - at;
		struct sp_mpeg_frame frame;

		if (at < from || at - from + MPEG_NOTES > held) {
			held = left < sizeof(block) ? (size_t)left : sizeof(block);
			from = at;
			const int r = file->read(file->user, at, block, held, err);
			if (r < 0)
				return r;
		}
		const uint8_t *p = block + (at - from);
		const size_t here = held - (size_t)(at - from);
		if (here < 4 || !sp_mpeg_frame(p, &frame)) {
			if (stream->frames && mpeg_tag(p, here))
				break;
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: damaged: no frame of MPEG audio at byte %" PRIu64,
				       file->name, at);
		}
		if (frame.size > left)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: cut short: ends inside the frame at byte %" PRIu64,
				       file->name, at);
		if (!at)
			stream->first = frame;
		if (frame.rate != stream->first.rate || frame.layer != stream->first.layer ||
		    frame.channels != stream->first.channels)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: changes its kind of sound at byte %" PRIu64, file->name,
				       at);
		noted = !at && here >= MPEG_NOTES && mpeg_notes(p, &frame, &stream->said);
		stream->frames += !noted;
		at += frame.size;
		stream->end = at;
	}
	return mpeg_end(file, stream, err);
}
