/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RIFF WAVE, RF64 and AIFF: a walk over their chunks to the samples. What they are of other
 * recordings is told, not guessed. */
#include "formats/wave.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <string.h>

enum {
	WAVE_CHUNKS = 4096, /* more of them before the samples is no sound file */
	WAVE_PCM = 1,
	WAVE_EXTENSIBLE = 0xfffe,
};

/* One file on the way; what was not met yet is 0. */
struct wave_walk {
	struct sp_io *io;
	struct sp_wave *w;
	bool big, format, data;
	bool coded;         /* not as plain integers */
	uint64_t long_size; /* of the data in RF64, where the chunk says 0xffffffff */
	struct sp_error *err;
};

static int wave_malformed(const struct wave_walk *walk, const char *what)
{
	return sp_fail(walk->err, SP_ERR_FORMAT, "%s: %s", walk->io->name, what);
}

static int wave_take_fmt(struct wave_walk *walk, uint64_t at, uint64_t size)
{
	uint8_t fmt[26] = {0};

	if (size < 16)
		return wave_malformed(walk, "its fmt chunk is too short");
	const int r = sp_io_read(walk->io, at, fmt, size < 26 ? 16 : 26, walk->err);
	if (r < 0)
		return r;
	unsigned tag = get_le16(fmt);
	if (tag == WAVE_EXTENSIBLE && size >= 26)
		tag = get_le16(fmt + 24);
	walk->w->channels = get_le16(fmt + 2);
	walk->w->rate = get_le32(fmt + 4);
	walk->w->bits = get_le16(fmt + 14);
	walk->format = true;
	walk->coded = tag != WAVE_PCM;
	return 0;
}

static int wave_take_ds64(struct wave_walk *walk, uint64_t at, uint64_t size)
{
	uint8_t ds64[16];

	if (size < sizeof(ds64))
		return wave_malformed(walk, "its ds64 chunk is too short");
	const int r = sp_io_read(walk->io, at, ds64, sizeof(ds64), walk->err);
	if (!r)
		walk->long_size = get_le64(ds64 + 8);
	return r;
}

static int wave_take_data(struct wave_walk *walk, uint64_t at, uint64_t size)
{
	const uint64_t left = walk->io->size - at;

	if (size == UINT32_MAX) /* RF64, or a pipe whose end nobody knew */
		size = walk->long_size ? walk->long_size : left;
	if (size > left)
		return sp_fail(walk->err, SP_ERR_FORMAT,
			       "%s: ends at byte %" PRIu64 ", its samples would end at %" PRIu64,
			       walk->io->name, walk->io->size,
			       at + size < at ? UINT64_MAX : at + size);
	walk->w->offset = at;
	walk->w->size = size;
	walk->data = true;
	return 0;
}

/* The rate of AIFF is an 80-bit float: 15 bits of exponent, 64 of mantissa with its leading one. */
static unsigned wave_extended(const uint8_t p[10])
{
	const unsigned exponent = get_be16(p) & 0x7fffu;

	if (exponent < 16383 || exponent > 16383 + 31)
		return 0;
	return (unsigned)(get_be64(p + 2) >> (63 - (exponent - 16383)));
}

static int wave_take_comm(struct wave_walk *walk, uint64_t at, uint64_t size)
{
	uint8_t comm[22] = {0};

	if (size < 18)
		return wave_malformed(walk, "its COMM chunk is too short");
	const int r = sp_io_read(walk->io, at, comm, size < 22 ? 18 : 22, walk->err);
	if (r < 0)
		return r;
	walk->w->channels = get_be16(comm);
	walk->w->bits = get_be16(comm + 6);
	walk->w->rate = wave_extended(comm + 8);
	walk->w->big_endian = true;
	walk->format = true;
	if (size < 22 || !memcmp(comm + 18, "NONE", 4) || !memcmp(comm + 18, "twos", 4))
		return 0;
	if (!memcmp(comm + 18, "sowt", 4))
		walk->w->big_endian = false;
	else
		walk->coded = true;
	return 0;
}

static int wave_take_ssnd(struct wave_walk *walk, uint64_t at, uint64_t size)
{
	uint8_t head[8];

	if (size < sizeof(head))
		return wave_malformed(walk, "its SSND chunk is too short");
	const int r = sp_io_read(walk->io, at, head, sizeof(head), walk->err);
	if (r < 0)
		return r;
	const uint64_t skip = sizeof(head) + (uint64_t)get_be32(head);
	if (skip > size)
		return wave_malformed(walk, "its samples begin past their chunk");
	return wave_take_data(walk, at + skip, size - skip);
}

static int wave_walk_chunks(struct wave_walk *walk)
{
	static const struct {
		char id[5];
		bool big;
		int (*take)(struct wave_walk *walk, uint64_t at, uint64_t size);
	} takers[] = {
		{"fmt ", false, wave_take_fmt},  {"ds64", false, wave_take_ds64},
		{"data", false, wave_take_data}, {"COMM", true, wave_take_comm},
		{"SSND", true, wave_take_ssnd},
	};
	uint64_t at = 12;
	uint8_t head[8];

	for (unsigned n = 0; n < WAVE_CHUNKS && !(walk->format && walk->data); n++) {
		if (!sp_range_ok(at, sizeof(head), walk->io->size))
			break;
		int r = sp_io_read(walk->io, at, head, sizeof(head), walk->err);
		const uint64_t size = walk->big ? get_be32(head + 4) : get_le32(head + 4);

		at += sizeof(head);
		for (size_t i = 0; !r && i < sizeof(takers) / sizeof(takers[0]); i++) {
			if (takers[i].big != walk->big || memcmp(head, takers[i].id, 4) != 0)
				continue;
			/* of the data the chunk itself says more than the file's end */
			if (takers[i].take != wave_take_data &&
			    !sp_range_ok(at, size, walk->io->size))
				return wave_malformed(walk, "it ends inside a chunk");
			r = takers[i].take(walk, at, size);
		}
		if (r < 0)
			return r;
		at += size + (size & 1);
	}
	if (walk->format && walk->data)
		return 0;
	return wave_malformed(walk, "a sound file without samples");
}

int sp_wave_find(struct sp_io *io, struct sp_wave *w, struct sp_error *err)
{
	struct wave_walk walk = {.io = io, .w = w, .err = err};
	uint8_t head[12] = {0};

	*w = (struct sp_wave){0};
	int r = sp_io_read(io, 0, head, io->size < sizeof(head) ? (size_t)io->size : sizeof(head),
			   err);
	if (r < 0)
		return r;
	const bool riff = !memcmp(head, "RIFF", 4) || !memcmp(head, "RF64", 4);
	walk.big = !memcmp(head, "FORM", 4) &&
		   (!memcmp(head + 8, "AIFF", 4) || !memcmp(head + 8, "AIFC", 4));
	if (!walk.big && !(riff && !memcmp(head + 8, "WAVE", 4)))
		return wave_malformed(&walk, "neither WAVE nor AIFF");
	r = wave_walk_chunks(&walk);
	if (r < 0)
		return r;
	w->plain = !walk.coded && w->rate == 44100 && w->bits == 16 && w->channels == 2;
	if (w->plain)
		w->size &= ~(uint64_t)3;
	return 0;
}
