/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ID3 tags: versions 2.2, 2.3 and 2.4 (id3.org's documents of these names), and 1. */
#include "formats/sound_tags.h"

#include "base/bytes.h"
#include "codec/charset.h"

#include <string.h>

enum { ID3_HEAD = 10, ID3_FRAMES_MAX = 4096 };

/* clang-format off */
static const struct {
	const char *frame, *old, *key; /* old: of 2.2 */
} id3_frames[] = {
	{"TIT2", "TT2", "TITLE"},  {"TPE1", "TP1", "ARTIST"},      {"TALB", "TAL", "ALBUM"},
	{"TPE2", "TP2", "ALBUMARTIST"}, {"TRCK", "TRK", "TRACKNUMBER"}, {"TPOS", "TPA", "DISCNUMBER"},
	{"TSRC", "TRC", "ISRC"},
};
/* clang-format on */

/* 7 bits of each byte. */
static uint32_t id3_safe(const uint8_t *p)
{
	return (uint32_t)(p[0] & 0x7f) << 21 | (uint32_t)(p[1] & 0x7f) << 14 |
	       (uint32_t)(p[2] & 0x7f) << 7 | (p[3] & 0x7f);
}

/* ff 00 becomes ff. Returns the size that is left. */
static size_t id3_undo(uint8_t *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		data[n++] = data[i];
		if (data[i] == 0xff && i + 1 < size && !data[i + 1])
			i++;
	}
	return n;
}

/* The text of a frame: its encoding, and one string or, of 2.4, the first of several. */
static int id3_text(struct sp_sound_tags *tags, const char *key, const uint8_t *data, size_t size)
{
	static const unsigned charset[] = {SP_CHARSET_CP1252, SP_CHARSET_UTF16LE,
					   SP_CHARSET_UTF16BE, SP_CHARSET_UTF8};
	const unsigned encoding = size ? data[0] : 4;
	const bool wide = encoding == 1 || encoding == 2;
	size_t n = 0;

	if (encoding > 3)
		return 0;
	unsigned set = charset[encoding];
	data++;
	size--;
	if (encoding == 1 && size >= 2) {
		set = data[0] == 0xfe && data[1] == 0xff ? SP_CHARSET_UTF16BE : SP_CHARSET_UTF16LE;
		if ((data[0] ^ data[1]) == 0x01 && (data[0] == 0xff || data[0] == 0xfe)) {
			data += 2;
			size -= 2;
		}
	}
	while (n + wide < size && (data[n] || (wide && data[n + 1])))
		n += wide ? 2 : 1;
	return sp_sound_tags_take(tags, key, set, data, n);
}

static const char *id3_key(const uint8_t *id, bool old)
{
	for (size_t i = 0; i < sizeof(id3_frames) / sizeof(id3_frames[0]); i++)
		if (!memcmp(id, old ? id3_frames[i].old : id3_frames[i].frame, old ? 3 : 4))
			return id3_frames[i].key;
	return NULL;
}

/* What the flags of a frame put before its text, and around it. False: compressed or encrypted. */
static bool id3_flags(unsigned version, unsigned flags, uint8_t **data, size_t *size)
{
	size_t skip = 0;

	if (flags & (version == 4 ? 0x0c : 0xc0))
		return false;
	if (version == 4)
		skip = (flags & 0x40 ? 1 : 0) + (flags & 0x01 ? 4 : 0);
	else if (version == 3)
		skip = flags & 0x20 ? 1 : 0;
	if (skip > *size)
		return false;
	*data += skip;
	*size -= skip;
	if (version == 4 && flags & 0x02)
		*size = id3_undo(*data, *size);
	return true;
}

int sp_id3_read(struct sp_sound_tags *tags, uint8_t *tag, size_t size)
{
	if (size < ID3_HEAD || memcmp(tag, "ID3", 3) != 0 || tag[3] < 2 || tag[3] > 4)
		return 0;
	const unsigned version = tag[3];
	const size_t head = version == 2 ? 6 : 10;
	const uint8_t flags = tag[5];
	uint8_t *at = tag + ID3_HEAD;
	size_t left = id3_safe(tag + 6);
	int r = 0;

	left = left < size - ID3_HEAD ? left : size - ID3_HEAD;
	if (flags & 0x80 && version < 4)
		left = id3_undo(at, left);
	if (flags & 0x40 && version > 2) { /* an extended header */
		if (left < 4)
			return 0;
		const uint64_t more = version == 4 ? id3_safe(at) : (uint64_t)get_be32(at) + 4;
		if (more > left)
			return 0;
		at += more;
		left -= (size_t)more;
	}
	for (unsigned n = 0; !r && n < ID3_FRAMES_MAX && left > head && at[0]; n++) {
		const char *key = id3_key(at, version == 2);
		const uint32_t length =
			version == 2   ? (uint32_t)at[3] << 16 | (uint32_t)at[4] << 8 | at[5]
			: version == 3 ? get_be32(at + 4)
				       : id3_safe(at + 4);
		uint8_t *data = at + head;
		size_t text = length;

		if (length > left - head)
			break;
		if (key && id3_flags(version, version == 2 ? 0 : at[9], &data, &text))
			r = id3_text(tags, key, data, text);
		at += head + length;
		left -= head + length;
	}
	return r;
}

int sp_id3v1_read(struct sp_sound_tags *tags, const uint8_t tag[128])
{
	static const struct {
		const char *key;
		unsigned at;
	} field[] = {{"TITLE", 3}, {"ARTIST", 33}, {"ALBUM", 63}};
	int r = 0;

	if (memcmp(tag, "TAG", 3) != 0)
		return 0;
	for (size_t i = 0; !r && i < sizeof(field) / sizeof(field[0]); i++)
		r = sp_sound_tags_take(tags, field[i].key, SP_CHARSET_CP1252, tag + field[i].at,
				       strnlen((const char *)tag + field[i].at, 30));
	if (!tag[125] && tag[126] && !tags->track) /* version 1.1 */
		tags->track = tag[126];
	return r;
}
