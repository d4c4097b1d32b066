/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shape of raw sectors by evidence, never by size: sync patterns, volume descriptors where they
 * must lie, error detection codes, Q's CRCs; and that samples are samples. */
#include "base/bytes.h"
#include "disc/edc.h"
#include "disc/scramble.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/raw.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t find_sync[12] = {0,    0xff, 0xff, 0xff, 0xff, 0xff,
				      0xff, 0xff, 0xff, 0xff, 0xff, 0};
static const uint32_t find_sub[] = {0, SP_Q_SIZE, SP_SUB_SIZE};

enum {
	FIND_SUBS = sizeof(find_sub) / sizeof(find_sub[0]),
	FIND_SAMPLES = 32, /* places looked at in a file */
	FIND_LISTEN = 64,  /* and where it may be audio, of which much may be silent */
	FIND_VOLUME = 16,  /* the sector volume descriptors begin in, ECMA-119 6.2.1 */
};

bool sp_raw_read(struct sp_raw_file *file, uint64_t at, void *data, size_t size)
{
	if (file->status || !sp_range_ok(at, size, file->size))
		return false;
	if (sp_range_ok(at, size, file->head_size)) {
		memcpy(data, file->head + at, size);
		return true;
	}
	if (file->io)
		file->status = sp_io_read(file->io, at, data, size, file->err);
	return file->io && !file->status;
}

static uint64_t find_stride(const struct sp_raw_shape *shape)
{
	return (uint64_t)shape->main + shape->sub;
}

bool sp_raw_sector(struct sp_raw_file *file, const struct sp_raw_shape *shape, uint64_t i,
		   uint8_t raw[2352])
{
	const uint64_t at = i * find_stride(shape);
	const uint64_t rest = at < file->size ? file->size - at : 0;
	const size_t size = rest < SP_RAW_SIZE ? (size_t)rest : SP_RAW_SIZE;

	memset(raw + size, 0, SP_RAW_SIZE - size);
	if (!size || !sp_raw_read(file, at, raw, size))
		return false;
	if (shape->scrambled && !memcmp(raw, find_sync, sizeof(find_sync)))
		sp_scramble(raw);
	return true;
}

bool sp_raw_header(const uint8_t raw[2352], sp_lba *lba)
{
	const uint8_t *h = raw + 12;

	if (memcmp(raw, find_sync, sizeof(find_sync)) != 0 || !sp_bcd_valid(h[0]) ||
	    !sp_bcd_valid(h[1]) || !sp_bcd_valid(h[2]) || (h[3] & 0x1f) > 2)
		return false;
	const struct sp_msf msf = {(uint8_t)sp_from_bcd(h[0]), (uint8_t)sp_from_bcd(h[1]),
				   (uint8_t)sp_from_bcd(h[2])};
	return sp_msf_to_lba(msf, false, lba);
}

static bool find_asked(const struct sp_raw_shape *shape, uint32_t main, uint32_t sub)
{
	return !shape->main || (shape->main == main && shape->sub == sub);
}

static bool find_is_sync(struct sp_raw_file *file, uint64_t at)
{
	uint8_t sync[sizeof(find_sync)];

	return sp_raw_read(file, at, sync, sizeof(sync)) && !memcmp(sync, find_sync, sizeof(sync));
}

/* The i-th of n places spread over a file, the first sector among them. */
static uint64_t find_place(unsigned i, unsigned n, uint64_t sectors)
{
	return sectors < n ? i % sectors : (sectors - 1) / (n - 1) * i;
}

/* Two sectors in a row begin with a sync pattern: the first ones, or any where the file begins with
 * audio. */
static bool find_syncs(struct sp_raw_shape *found, struct sp_raw_file *file, bool anywhere)
{
	for (size_t s = 0; s < FIND_SUBS; s++) {
		const uint64_t stride = SP_RAW_SIZE + find_sub[s], sectors = file->size / stride;
		const unsigned places = anywhere ? FIND_SAMPLES : 1;

		if (!find_asked(found, SP_RAW_SIZE, find_sub[s]) || !sectors ||
		    (anywhere && (sectors < 2 || file->size % stride)))
			continue;
		for (unsigned i = 0; i < places; i++) {
			uint64_t at = find_place(i, FIND_SAMPLES, sectors);

			at -= anywhere && at + 1 == sectors;
			if (!find_is_sync(file, at * stride) ||
			    (file->size != stride && !find_is_sync(file, (at + 1) * stride)))
				continue;
			found->main = SP_RAW_SIZE;
			found->sub = find_sub[s];
			found->sample = at;
			found->what = "sync patterns";
			found->score = anywhere ? 75 : 80;
			return true;
		}
	}
	return false;
}

static bool find_is_volume(const uint8_t d[16])
{
	return !memcmp(d + 1, "CD001", 5) || !memcmp(d + 1, "BEA01", 5) ||
	       !memcmp(d + 1, "CD-I ", 5) || !memcmp(d + 9, "CDROM", 5);
}

/* A volume descriptor in sector 16, or 166 where the pregap is there as well. */
static bool find_volume(struct sp_raw_shape *found, struct sp_raw_file *file)
{
	static const struct {
		uint32_t main, offset;
		unsigned mode;
	} kind[] = {{2336, 8, SP_MODE_XA},
		    {2332, 8, SP_MODE_XA},
		    {2352, 16, SP_MODE_MODE1},
		    {2352, 24, SP_MODE_XA},
		    {2048, 0, SP_MODE_MODE1}};
	uint8_t d[16];

	for (unsigned pregap = 0; pregap <= SP_MSF_OFFSET; pregap += SP_MSF_OFFSET) {
		for (size_t i = 0; i < FIND_SUBS * sizeof(kind) / sizeof(kind[0]); i++) {
			const uint32_t sub = find_sub[i % FIND_SUBS];
			const uint32_t main = kind[i / FIND_SUBS].main;
			const uint64_t at = (uint64_t)(FIND_VOLUME + pregap) * (main + sub);

			/* 2048 bytes and nothing else are another format */
			if ((main == 2048 && !sub) || !find_asked(found, main, sub) ||
			    !sp_raw_read(file, at + kind[i / FIND_SUBS].offset, d, sizeof(d)) ||
			    !find_is_volume(d))
				continue;
			found->main = main;
			found->sub = sub;
			if (found->mode == SP_RAW_EACH)
				found->mode = kind[i / FIND_SUBS].mode;
			found->base = -(sp_lba)pregap;
			found->placed = true;
			found->what = pregap ? "a volume descriptor in sector 166"
					     : "a volume descriptor in sector 16";
			found->score = 85;
			return true;
		}
	}
	return false;
}

/* A sector that begins with its sub-header: both copies agree and the EDC is that of its content.
 * Zeros prove nothing. */
static bool find_is_xa(const uint8_t *d)
{
	const bool form2 = d[2] & SP_SUBMODE_FORM2;
	const size_t size = form2 ? 8 + 2324 : 8 + 2048;

	return !memcmp(d, d + 4, 4) && get_le32(d + size) &&
	       sp_edc(0, d, size) == get_le32(d + size);
}

static bool find_xa(struct sp_raw_shape *found, struct sp_raw_file *file)
{
	static const uint32_t mains[] = {2336, 2332};
	uint8_t d[2336] = {0};

	for (size_t k = 0; k < FIND_SUBS * 2; k++) {
		const uint32_t main = mains[k / FIND_SUBS], sub = find_sub[k % FIND_SUBS];
		const uint64_t sectors = file->size / (main + sub);
		unsigned good = 0, i = 0;

		if (!find_asked(found, main, sub) || sectors < 2)
			continue;
		for (; i < 8 && i < sectors && good < 2; i++)
			good += sp_raw_read(file, find_place(i, 8, sectors) * (main + sub), d,
					    main) &&
				find_is_xa(d);
		if (good < 2)
			continue;
		found->main = main;
		found->sub = sub;
		if (found->mode == SP_RAW_EACH)
			found->mode = SP_MODE_XA;
		found->what = "sub-headers and EDC";
		found->score = 80;
		return true;
	}
	return false;
}

/* Q as it is stored: formatted in 16 bytes, or within 96 in either order. */
static bool find_q(struct sp_raw_file *file, const struct sp_raw_shape *shape, uint64_t i,
		   bool linear, uint8_t q[12])
{
	uint8_t sub[SP_SUB_SIZE];

	if (!sp_raw_read(file, i * find_stride(shape) + shape->main, sub, shape->sub))
		return false;
	if (shape->sub == SP_Q_SIZE)
		memcpy(q, sub, 12);
	else if (linear)
		memcpy(q, sub + 12, 12);
	else
		sp_sub_get_q(sub, q);
	return sp_q_valid(q);
}

/* Good Q's of the samples, in the better of both orders, which is noted. */
static unsigned find_count_q(struct sp_raw_file *file, struct sp_raw_shape *shape)
{
	const uint64_t sectors = file->size / find_stride(shape);
	unsigned good[2] = {0, 0};
	uint8_t q[12];

	for (unsigned i = 0; sectors && i < FIND_SAMPLES; i++)
		for (unsigned order = 0; order < 2; order++)
			good[order] +=
				find_q(file, shape, find_place(i, FIND_SAMPLES, sectors), order, q);
	shape->linear = shape->sub == SP_SUB_SIZE && good[1] > good[0];
	return good[shape->linear];
}

/* Nothing in the main channel tells, but Q is there: audio with its sub-channel. */
static bool find_audio_by_q(struct sp_raw_shape *found, struct sp_raw_file *file)
{
	for (size_t s = 1; s < FIND_SUBS; s++) {
		struct sp_raw_shape shape = *found;

		shape.main = SP_RAW_SIZE;
		shape.sub = find_sub[s];
		if (!find_asked(found, SP_RAW_SIZE, find_sub[s]) ||
		    file->size < 2 * find_stride(&shape) ||
		    find_count_q(file, &shape) <= FIND_SAMPLES / 2)
			continue;
		*found = shape;
		if (found->mode == SP_RAW_EACH)
			found->mode = SP_MODE_AUDIO;
		found->what = "Q sub-channel with good CRCs";
		found->score = 80;
		return true;
	}
	return false;
}

/* Where most of 16 sectors from `first` on say that sector 0 is. `q`: by Q, not by headers. */
static bool find_base(struct sp_raw_shape *shape, struct sp_raw_file *file, uint64_t first, bool q)
{
	sp_lba base[16];
	uint8_t raw[SP_RAW_SIZE];
	unsigned found = 0, best = 0;

	for (uint64_t i = first; i < first + 16; i++) {
		sp_lba lba;

		if (!q && sp_raw_sector(file, shape, i, raw) && sp_raw_header(raw, &lba))
			base[found++] = lba - (sp_lba)i;
		if (!q || !find_q(file, shape, i, shape->linear, raw) || (raw[0] & 15) != 1 ||
		    !sp_bcd_valid(raw[7]) || !sp_bcd_valid(raw[8]) || !sp_bcd_valid(raw[9]))
			continue;
		const struct sp_msf msf = {(uint8_t)sp_from_bcd(raw[7]),
					   (uint8_t)sp_from_bcd(raw[8]),
					   (uint8_t)sp_from_bcd(raw[9])};
		if (sp_msf_to_lba(msf, false, &lba))
			base[found++] = lba - (sp_lba)i;
	}
	for (unsigned i = 0; i < found; i++) {
		unsigned votes = 0;

		for (unsigned k = 0; k < found; k++)
			votes += base[k] == base[i];
		if (votes > best) {
			best = votes;
			shape->base = base[i];
		}
	}
	shape->placed = best * 2 > found && shape->base >= -SP_MSF_OFFSET;
	return shape->placed;
}

/* Which of the two readings of the sectors around the sample gives headers. */
static void find_scrambled(struct sp_raw_shape *shape, struct sp_raw_file *file)
{
	uint8_t raw[SP_RAW_SIZE];
	unsigned good[2] = {0, 0};
	sp_lba lba;

	for (uint64_t i = shape->sample; i < shape->sample + 16; i++) {
		if (!sp_raw_sector(file, shape, i, raw))
			break;
		good[0] += sp_raw_header(raw, &lba);
		sp_scramble(raw);
		good[1] += sp_raw_header(raw, &lba);
	}
	shape->scrambled = good[1] > good[0];
}

void sp_raw_find(struct sp_raw_shape *shape, struct sp_raw_file *file)
{
	const bool data = shape->mode != SP_MODE_AUDIO;
	bool synced = data && find_syncs(shape, file, false);

	if (!synced)
		synced = data && find_syncs(shape, file, true);
	if (!synced && data)
		find_volume(shape, file);
	if (synced) {
		find_scrambled(shape, file);
		find_base(shape, file, shape->sample, false);
	}
	if (!shape->score && (!data || !find_xa(shape, file)))
		find_audio_by_q(shape, file);
	if (!shape->main)
		return;
	shape->ordered = shape->sub && find_count_q(file, shape);
	if (shape->ordered && !shape->placed)
		find_base(shape, file, 0, true);
}

enum find_sound { FIND_SILENT, FIND_SMOOTH, FIND_ROUGH };

/* In one channel of a sector: how much samples differ from the one before, against how much from
 * their mean. Noise and code have about 1.4, sound far less. */
static enum find_sound find_listen(const uint8_t *data)
{
	int64_t sum = 0, apart = 0, spread = 0;

	for (size_t i = 0; i < SP_RAW_SIZE; i += 4)
		sum += (int16_t)get_le16(data + i);
	const int64_t mean = sum / (SP_RAW_SIZE / 4);
	for (size_t i = 0; i < SP_RAW_SIZE; i += 4) {
		const int64_t v = (int16_t)get_le16(data + i);

		spread += llabs(v - mean);
		apart += i ? llabs(v - (int16_t)get_le16(data + i - 4)) : 0;
	}
	if (spread < SP_RAW_SIZE / 4) /* less than one step on average */
		return FIND_SILENT;
	return apart * 5 < spread * 4 ? FIND_SMOOTH : FIND_ROUGH;
}

bool sp_raw_is_pcm(struct sp_raw_file *file, uint64_t sectors)
{
	uint8_t data[SP_RAW_SIZE];
	unsigned heard = 0, rough = 0;

	for (unsigned i = 0; sectors && i < FIND_LISTEN; i++) {
		if (!sp_raw_read(file, find_place(i, FIND_LISTEN, sectors) * SP_RAW_SIZE, data,
				 sizeof(data)))
			continue;
		const enum find_sound left = find_listen(data), right = find_listen(data + 2);

		/* tables of 32-bit numbers are smooth on the left and silent on the right */
		heard += left != FIND_SILENT || right != FIND_SILENT;
		rough += left == FIND_ROUGH || right == FIND_ROUGH ||
			 (left == FIND_SILENT) != (right == FIND_SILENT);
	}
	return heard >= FIND_LISTEN / 8 && rough * 4 <= heard;
}
