/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages of an Ogg file (RFC 3533) before a decoder sees them: whole, in order, of one stream.
 */
#include "base/bytes.h"
#include "codec/sound.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	OGG_HEAD = 27, /* and a byte for each of up to 255 segments of up to 255 bytes */
	OGG_PAGE_MAX = OGG_HEAD + 255 + 255 * 255,
	OGG_FIRST = 2, /* bits of the header's type */
	OGG_LAST = 4,
};

/* CRC-32 with 0x04c11db7, the highest bit first, from 0 and not inverted (RFC 3533, section 6). */
static void ogg_crc_table(uint32_t table[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i << 24;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x80000000u ? 0x04c11db7u : 0);
		table[i] = crc;
	}
}

static uint32_t ogg_crc(const uint32_t table[256], const uint8_t *data, size_t size)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < size; i++)
		crc = crc << 8 ^ table[crc >> 24 ^ data[i]];
	return crc;
}

/* The size of the page at the beginning of `data`, 0: there is no whole one. */
static size_t ogg_page(const uint8_t *data, size_t left)
{
	if (left < OGG_HEAD || memcmp(data, "OggS", 5) != 0) /* and version 0 */
		return 0;
	size_t size = OGG_HEAD + (size_t)data[26];

	if (size > left)
		return 0;
	for (unsigned i = 0; i < data[26]; i++)
		size += data[OGG_HEAD + i];
	return size <= left ? size : 0;
}

/* What of a file is held: twice the largest page, so that bytes are read but twice at most. */
struct ogg_window {
	uint64_t from;
	size_t held;
	uint8_t data[2 * OGG_PAGE_MAX];
};

/* The page at `at`, whole and with a right CRC. */
static int ogg_take(struct ogg_window *w, const struct sp_sound_file *file, uint64_t at,
		    const uint32_t table[256], uint8_t **page, size_t *size, struct sp_error *err)
{
	const uint64_t left = file->size - at;

	if (at - w->from + (left < OGG_PAGE_MAX ? left : OGG_PAGE_MAX) > w->held) {
		w->from = at;
		w->held = left < sizeof(w->data) ? (size_t)left : sizeof(w->data);
		const int r = file->read(file->user, at, w->data, w->held, err);
		if (r < 0)
			return r;
	}
	*page = w->data + (at - w->from);
	*size = ogg_page(*page, w->held - (size_t)(at - w->from));
	const uint32_t crc = *size ? get_le32(*page + 22) : 0;
	if (*size)
		put_le32(*page + 22, 0);
	if (*size && ogg_crc(table, *page, *size) == crc)
		return 0;
	return sp_fail(err, SP_ERR_FORMAT, "%s: damaged: no whole page of Ogg at byte %" PRIu64,
		       file->name, at);
}

static int ogg_walk(struct ogg_window *w, const struct sp_sound_file *file, struct sp_error *err)
{
	uint32_t table[256], serial = 0, number = 0;
	unsigned type = 0;
	size_t size;

	ogg_crc_table(table);
	for (uint64_t at = 0; at < file->size; at += size, number++) {
		uint8_t *page;
		const int r = ogg_take(w, file, at, table, &page, &size, err);

		if (r < 0)
			return r;
		type = page[5];
		if (!number)
			serial = get_le32(page + 14);
		if (get_le32(page + 14) != serial || (number && (type & OGG_FIRST)))
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: another stream begins at byte %" PRIu64
				       ": files of more than one are not decoded",
				       file->name, at);
		if (get_le32(page + 18) != number)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: a page of Ogg is missing before byte %" PRIu64,
				       file->name, at);
	}
	if (!(type & OGG_LAST))
		return sp_fail(err, SP_ERR_FORMAT, "%s: cut short: ends without its last page",
			       file->name);
	return 0;
}

int sp_ogg_check(const struct sp_sound_file *file, struct sp_error *err)
{
	struct ogg_window *w = malloc(sizeof(*w));

	if (!w)
		return sp_fail_memory(err);
	w->from = w->held = 0;
	const int r = ogg_walk(w, file, err);
	free(w);
	return r;
}
