/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The 512 bytes that end, or begin, an image: where everything else lies, and two checksums. */
#include "formats/dmg.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KOLY_SEARCH = 1024,       /* what pads a file to whole blocks may follow the trailer */
	KOLY_FAR = SP_PROBE_TAIL, /* or to whole clusters */
	SUM_BYTES = 128,
};

/* Numbers as in Aaru's UDIF/Constants.cs; 2 and 4 are met in real images. How many bits are stored
 * tells the SHAs apart where writers disagree on the number. */
bool dmg_sum_digest(const struct dmg_sum *sum, unsigned *kind)
{
	static const struct {
		uint32_t least, most;
		unsigned size, kind;
	} known[] = {{2, 2, 4, 0},  {4, 4, 16, 1}, {6, 9, 20, 2},
		     {6, 9, 32, 3}, {6, 9, 48, 4}, {6, 9, 64, 5}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (sum->type < known[i].least || sum->type > known[i].most ||
		    sum->size != known[i].size)
			continue;
		*kind = known[i].kind;
		return true;
	}
	return false;
}

const char *dmg_sum_name(const struct dmg_sum *sum, char text[32])
{
	static const char *const name[] = {"CRC-32",  "MD5",     "SHA-1",
					   "SHA-256", "SHA-384", "SHA-512"};
	unsigned kind;

	if (dmg_sum_digest(sum, &kind))
		return name[kind];
	snprintf(text, 32, "checksum of type %u", sum->type);
	return text;
}

void dmg_sum_parse(struct dmg_sum *sum, const uint8_t *bytes)
{
	const uint32_t bits = get_be32(bytes + 4);

	*sum = (struct dmg_sum){.type = get_be32(bytes)};
	sum->size = bits / 8 <= SUM_BYTES ? bits / 8 : SUM_BYTES;
	memcpy(sum->value, bytes + 8, SUM_BYTES);
	if (!sum->size)
		sum->type = 0;
}

bool dmg_is_koly(const uint8_t *bytes)
{
	return !memcmp(bytes, "koly\0\0\0\4\0\0\2", 12);
}

static int koly_wrong(const struct dmg_koly *koly, const struct sp_io *io, const char *what,
		      struct sp_error *err)
{
	sp_fail(err, SP_ERR_FORMAT, "%s: UDIF trailer at byte %llu: %s", io->name,
		(unsigned long long)koly->at, what);
	if (err)
		err->offset = koly->at;
	return SP_ERR_FORMAT;
}

/* What the trailer names lies in front of it and one of it ends there. Else it is that of an image
 * that is a file in what is looked at. */
bool dmg_koly_fits(const uint8_t *bytes, uint64_t at)
{
	static const unsigned place[] = {0xd8, 0x128, 0x28, 0x18}; /* a size behind each */
	bool meets = false;

	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		const uint64_t from = get_be64(bytes + place[i]);
		const uint64_t size = get_be64(bytes + place[i] + 8);

		if (size && !sp_range_ok(from, size, at))
			return false;
		meets = meets || (size && from + size == at);
	}
	return meets;
}

/* 1: the trailer of the whole file is at *at, up to 64 KiB before its end; 0: there is none. */
static int koly_far(uint64_t *at, struct sp_io *io, struct sp_error *err)
{
	const size_t size = io->size < KOLY_FAR ? (size_t)io->size : KOLY_FAR;
	uint8_t *tail = malloc(KOLY_FAR);
	int r = tail ? sp_io_read(io, io->size - size, tail, size, err) : sp_fail_memory(err);

	for (size_t i = r < 0 || size < DMG_KOLY ? 0 : size - DMG_KOLY + 1; !r && i--;)
		if (dmg_is_koly(tail + i) && dmg_koly_fits(tail + i, io->size - size + i)) {
			*at = io->size - size + i;
			r = 1;
		}
	free(tail);
	return r;
}

/* The last one that the end of the file has, else the one at its beginning, else that before much
 * that is not of the image. */
static int koly_find(struct dmg_koly *koly, uint8_t bytes[DMG_KOLY], struct sp_io *io,
		     struct sp_error *err)
{
	uint8_t tail[KOLY_SEARCH];
	const size_t size = io->size < sizeof(tail) ? (size_t)io->size : sizeof(tail);

	if (io->size < DMG_KOLY)
		return sp_fail(err, SP_ERR_FORMAT, "%s: too short for a UDIF trailer", io->name);
	int r = sp_io_read(io, io->size - size, tail, size, err);
	if (r < 0)
		return r;
	for (size_t at = size - DMG_KOLY + 1; at--;) {
		if (!dmg_is_koly(tail + at))
			continue;
		koly->at = io->size - size + at;
		memcpy(bytes, tail + at, DMG_KOLY);
		return 0;
	}
	if ((r = sp_io_read(io, 0, bytes, DMG_KOLY, err)) < 0)
		return r;
	if (dmg_is_koly(bytes))
		return 0;
	if ((r = koly_far(&koly->at, io, err)) < 0)
		return r;
	if (!r)
		return sp_fail(err, SP_ERR_FORMAT, "%s: there is no UDIF trailer", io->name);
	return sp_io_read(io, koly->at, bytes, DMG_KOLY, err);
}

int dmg_koly_read(struct dmg_koly *koly, struct sp_io *io, struct sp_error *err)
{
	uint8_t b[DMG_KOLY];

	*koly = (struct dmg_koly){0};
	const int r = koly_find(koly, b, io, err);
	if (r < 0)
		return r;
	koly->flags = get_be32(b + 12);
	koly->running = get_be64(b + 0x10);
	koly->fork = get_be64(b + 0x18);
	koly->fork_size = get_be64(b + 0x20);
	koly->rsrc = get_be64(b + 0x28);
	koly->rsrc_size = get_be64(b + 0x30);
	koly->segment = get_be32(b + 0x38);
	koly->segments = get_be32(b + 0x3c);
	memcpy(koly->id, b + 0x40, sizeof(koly->id));
	dmg_sum_parse(&koly->fork_sum, b + 0x50);
	koly->xml = get_be64(b + 0xd8);
	koly->xml_size = get_be64(b + 0xe0);
	koly->signature = get_be64(b + 0x128);
	koly->signature_size = get_be64(b + 0x130);
	dmg_sum_parse(&koly->master, b + 0x160);
	koly->variant = get_be32(b + 0x1e8);
	koly->sectors = get_be64(b + 0x1ec);
	if (!sp_range_ok(koly->fork, koly->fork_size, io->size))
		return koly_wrong(koly, io, "the data fork does not lie in the file", err);
	if (!sp_range_ok(koly->xml, koly->xml_size, io->size))
		return koly_wrong(koly, io, "the property list does not lie in the file", err);
	if (!koly->xml_size && !sp_range_ok(koly->rsrc, koly->rsrc_size, io->size))
		return koly_wrong(koly, io, "the resource fork does not lie in the file", err);
	if (koly->segments > DMG_SEGMENTS ||
	    (koly->segments > 1 && (!koly->segment || koly->segment > koly->segments)))
		return koly_wrong(koly, io, "its segment's number is none of those there are", err);
	if (koly->sectors > INT64_MAX / DMG_BLOCK)
		return koly_wrong(koly, io, "says more blocks than 64 bits count", err);
	return 0;
}
