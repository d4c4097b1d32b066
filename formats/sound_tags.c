/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags of sound files: where they lie in each kind of file, and what of them is taken. */
#include "formats/sound_tags.h"

#include "base/bytes.h"
#include "codec/charset.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TAGS_ROOM = 4u << 20, /* bytes of one tag that are looked at: pictures may be in it */
	TAGS_BLOCKS = 1024,   /* blocks, chunks, comments or items of one file */
	TAGS_TEXT = 512,      /* bytes of a text */
	TAGS_PAGES = 4096,    /* Ogg */
	TAGS_PACKETS = 3,
};

/* --- what is taken ------------------------------------------------------------------------- */

static bool tags_is(const char *key, const char *name)
{
	return !strcasecmp(key, name);
}

/* Two letters, three letters or digits, seven digits: with or without dashes (ISO 3901). */
static void tags_isrc(struct sp_sound_tags *tags, const char *text)
{
	char isrc[13];
	size_t n = 0;

	for (; *text && n < 12; text++) {
		const bool digit = *text >= '0' && *text <= '9';
		const char up = *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text;

		if (*text == '-' || *text == ' ')
			continue;
		if (!digit && !(up >= 'A' && up <= 'Z' && n < 5))
			return;
		if (digit && n < 2)
			return;
		isrc[n++] = up;
	}
	if (n != 12 || *text || tags->isrc[0])
		return;
	isrc[12] = '\0';
	memcpy(tags->isrc, isrc, sizeof(isrc));
}

/* "3" or "3/12" */
static unsigned tags_number(const char *text)
{
	unsigned n = 0;

	while (*text >= '0' && *text <= '9' && n < 10000)
		n = n * 10 + (unsigned)(*text++ - '0');
	return *text && *text != '/' && *text != ' ' ? 0 : n;
}

static void tags_clean(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	size_t n = strlen(text);
	while (n && text[n - 1] == ' ')
		text[--n] = '\0';
}

int sp_sound_tags_take(struct sp_sound_tags *tags, const char *key, unsigned charset,
		       const void *text, size_t size)
{
	static const char *const names[SP_SOUND_TEXTS][2] = {{"TITLE", "TITLE"},
							     {"ARTIST", "ARTIST"},
							     {"ALBUM", "ALBUM"},
							     {"ALBUMARTIST", "ALBUM ARTIST"}};
	char *utf8 = size <= TAGS_TEXT ? sp_charset_decode(charset, text, size, NULL) : NULL;

	if (!utf8)
		return size <= TAGS_TEXT ? SP_ERR_MEMORY : 0;
	tags_clean(utf8);
	for (size_t i = 0; *utf8 && i < SP_SOUND_TEXTS; i++)
		if ((tags_is(key, names[i][0]) || tags_is(key, names[i][1])) && !tags->text[i]) {
			tags->text[i] = utf8;
			return 0;
		}
	if (tags_is(key, "ISRC"))
		tags_isrc(tags, utf8);
	if ((tags_is(key, "TRACKNUMBER") || tags_is(key, "TRACK")) && !tags->track)
		tags->track = tags_number(utf8);
	if ((tags_is(key, "DISCNUMBER") || tags_is(key, "DISC")) && !tags->disc)
		tags->disc = tags_number(utf8);
	free(utf8);
	return 0;
}

/* --- Vorbis comments ----------------------------------------------------------------------- */

static int tags_key_value(struct sp_sound_tags *tags, const uint8_t *text, size_t size)
{
	const uint8_t *equals = memchr(text, '=', size);
	char key[24];

	if (!equals || (size_t)(equals - text) >= sizeof(key))
		return 0;
	const size_t n = (size_t)(equals - text);
	memcpy(key, text, n);
	key[n] = '\0';
	return sp_sound_tags_take(tags, key, SP_CHARSET_UTF8, equals + 1, size - n - 1);
}

/* A maker's name and a list, each with its length in 4 bytes. */
static int tags_comments(struct sp_sound_tags *tags, const uint8_t *data, size_t size)
{
	int r = 0;

	if (size < 8 || !sp_range_ok(4, get_le32(data), size - 4))
		return 0;
	size_t at = 4 + (size_t)get_le32(data);
	uint32_t count = get_le32(data + at);
	at += 4;
	for (unsigned i = 0; !r && count-- && i < TAGS_BLOCKS && size - at >= 4; i++) {
		const uint32_t n = get_le32(data + at);

		if (n > size - at - 4)
			break;
		r = tags_key_value(tags, data + at + 4, n);
		at += 4 + (size_t)n;
	}
	return r;
}

/* --- where they lie ------------------------------------------------------------------------ */

struct tags_file {
	struct sp_sound_tags *tags;
	struct sp_io *io;
	uint64_t begin; /* of the sound, behind ID3v2 */
	struct sp_error *err;
};

/* *data: the bytes, malloc'd; NULL with status 0: they are not all there, or too many. */
static int tags_get(struct tags_file *f, uint64_t at, uint64_t size, uint8_t **data)
{
	*data = NULL;
	if (size > TAGS_ROOM || !size || !sp_range_ok(at, size, f->io->size))
		return 0;
	*data = malloc((size_t)size);
	if (!*data)
		return sp_fail_memory(f->err);
	const int r = sp_io_read(f->io, at, *data, (size_t)size, f->err);
	if (r < 0) {
		free(*data);
		*data = NULL;
	}
	return r;
}

static int tags_head(struct tags_file *f, uint64_t at, uint8_t *head, size_t size, bool *there)
{
	*there = sp_range_ok(at, size, f->io->size);
	return *there ? sp_io_read(f->io, at, head, size, f->err) : 0;
}

/* ID3v2 at a place, and how long it is. */
static int tags_id3(struct tags_file *f, uint64_t at, uint64_t *length)
{
	uint8_t head[10], *tag;
	bool there;
	int r = tags_head(f, at, head, sizeof(head), &there);

	*length = 0;
	if (r < 0 || !there || memcmp(head, "ID3", 3) != 0 ||
	    ((head[6] | head[7] | head[8] | head[9]) & 0x80))
		return r;
	*length = 10 + ((uint64_t)head[6] << 21 | (uint64_t)head[7] << 14 | (uint64_t)head[8] << 7 |
			head[9]);
	r = tags_get(f, at, *length, &tag);
	if (!r && tag && sp_id3_read(f->tags, tag, (size_t)*length) < 0)
		r = sp_fail_memory(f->err);
	free(tag);
	*length += head[5] & 0x10 ? 10 : 0;
	return r;
}

/* METADATA_BLOCK_VORBIS_COMMENT (RFC 9639, 8.6) */
static int tags_flac(struct tags_file *f)
{
	uint64_t at = f->begin + 4;
	uint8_t head[4] = {0}, *data;
	bool there;
	int r = 0;

	for (unsigned i = 0; !r && i < TAGS_BLOCKS && !(head[0] & 0x80); i++) {
		r = tags_head(f, at, head, sizeof(head), &there);
		if (r < 0 || !there)
			break;
		const uint32_t size = get_be32(head) & 0xffffff;
		if ((head[0] & 0x7f) == 4) {
			r = tags_get(f, at + 4, size, &data);
			if (!r && data && tags_comments(f->tags, data, size) < 0)
				r = sp_fail_memory(f->err);
			free(data);
		}
		at += 4 + (uint64_t)size;
	}
	return r;
}

/* One of the first packets of an Ogg stream: "\3vorbis", "OpusTags" or FLAC's block 4. */
static int tags_packet(struct tags_file *f, const uint8_t *data, size_t size)
{
	const size_t skip = size > 7 && !memcmp(data, "\3vorbis", 7)   ? 7
			    : size > 8 && !memcmp(data, "OpusTags", 8) ? 8
			    : size > 4 && (data[0] & 0x7f) == 4        ? 4
								       : 0;

	return skip && tags_comments(f->tags, data + skip, size - skip) < 0 ? sp_fail_memory(f->err)
									    : 0;
}

/* Pages (RFC 3533): the first packets put together of their segments. */
static int tags_ogg(struct tags_file *f)
{
	uint8_t *packet = malloc(TAGS_ROOM), head[27], table[255];
	uint64_t at = f->begin;
	size_t used = 0;
	unsigned packets = 0;
	bool there;
	int r = packet ? 0 : sp_fail_memory(f->err);

	for (unsigned i = 0; !r && i < TAGS_PAGES && packets < TAGS_PACKETS; i++) {
		r = tags_head(f, at, head, sizeof(head), &there);
		if (r < 0 || !there || memcmp(head, "OggS", 4) != 0)
			break;
		r = tags_head(f, at + sizeof(head), table, head[26], &there);
		at += sizeof(head) + head[26];
		for (unsigned s = 0; !r && there && s < head[26] && packets < TAGS_PACKETS; s++) {
			if (!sp_range_ok(at, table[s], f->io->size) || used + 255 > TAGS_ROOM)
				goto out;
			r = sp_io_read(f->io, at, packet + used, table[s], f->err);
			at += table[s];
			used += table[s];
			if (r < 0 || table[s] == 255)
				continue;
			r = tags_packet(f, packet, used);
			used = 0;
			packets++;
		}
	}
out:
	free(packet);
	return r;
}

/* Chunks whose text is a whole one: key, and four letters (big- or little-endian makes no
 * difference). */
static const struct tags_chunk {
	const char *id, *key;
} tags_info[] = {{"INAM", "TITLE"},       {"IART", "ARTIST"},      {"IPRD", "ALBUM"},
		 {"ITRK", "TRACKNUMBER"}, {"IPRT", "TRACKNUMBER"}, {NULL, NULL}},
  tags_aiff[] = {{"NAME", "TITLE"}, {"AUTH", "ARTIST"}, {NULL, NULL}};

static int tags_chunk_text(struct tags_file *f, const struct tags_chunk *known, const uint8_t *id,
			   uint64_t at, uint32_t size)
{
	uint8_t *data;

	while (known->id && memcmp(known->id, id, 4) != 0)
		known++;
	if (!known->id || size > TAGS_TEXT)
		return 0;
	int r = tags_get(f, at, size, &data);
	if (!r && data) {
		const size_t n = strnlen((const char *)data, size);
		const unsigned charset =
			sp_utf8_valid((const char *)data, n) ? SP_CHARSET_UTF8 : SP_CHARSET_CP1252;

		if (sp_sound_tags_take(f->tags, known->key, charset, data, n) < 0)
			r = sp_fail_memory(f->err);
	}
	free(data);
	return r;
}

/* The chunks of RIFF or FORM from `at` to `end`, those of a LIST INFO among them. */
static int tags_chunks(struct tags_file *f, bool big)
{
	const struct tags_chunk *known = big ? tags_aiff : tags_info;
	uint64_t at = f->begin + 12, ignored;
	uint8_t head[12] = {0};
	bool there = true;
	int r = 0;

	for (unsigned i = 0; !r && there && i < TAGS_BLOCKS; i++) {
		r = tags_head(f, at, head, 8, &there);
		if (r < 0 || !there)
			break;
		const uint32_t size = big ? get_be32(head + 4) : get_le32(head + 4);
		if (!memcmp(head, "LIST", 4) && !big && size >= 4) {
			r = tags_head(f, at + 8, head + 8, 4, &there);
			if (!r && there && !memcmp(head + 8, "INFO", 4)) {
				at += 12; /* and on with what is in it */
				continue;
			}
		}
		if (!memcmp(head, "id3 ", 4) || !memcmp(head, "ID3 ", 4))
			r = tags_id3(f, at + 8, &ignored);
		else
			r = tags_chunk_text(f, known, head, at + 8, size);
		at += 8 + (uint64_t)size + (size & 1);
	}
	return r;
}

/* APEv2 before `end`: its footer, of 32 bytes, tells how much there is before it. */
static int tags_ape(struct tags_file *f, uint64_t end)
{
	uint8_t foot[32], *data = NULL;
	bool there = end >= sizeof(foot);
	int r = there ? tags_head(f, end - sizeof(foot), foot, sizeof(foot), &there) : 0;

	if (r < 0 || !there || memcmp(foot, "APETAGEX", 8) != 0)
		return r;
	const uint32_t size = get_le32(foot + 12);
	if (size < sizeof(foot) || size > end)
		return 0;
	r = tags_get(f, end - size, size, &data);
	size_t at = 0, left = data ? size - sizeof(foot) : 0;
	for (unsigned i = 0; !r && left > 9 && i < TAGS_BLOCKS; i++) {
		const uint32_t n = get_le32(data + at), flags = get_le32(data + at + 4);
		const char *key = (const char *)data + at + 8;
		const size_t name = strnlen(key, left - 8);

		if (name == left - 8 || n > left - 9 - name)
			break;
		if (!(flags & 6) &&
		    sp_sound_tags_take(f->tags, key, SP_CHARSET_UTF8, key + name + 1,
				       strnlen(key + name + 1, n)) < 0)
			r = sp_fail_memory(f->err);
		at += 9 + name + n;
		left -= 9 + name + n;
	}
	free(data);
	return r;
}

static int tags_tail(struct tags_file *f)
{
	uint8_t tag[128] = {0};
	bool there = f->io->size >= sizeof(tag);
	int r = there ? tags_head(f, f->io->size - sizeof(tag), tag, sizeof(tag), &there) : 0;

	if (r < 0)
		return r;
	there = there && !memcmp(tag, "TAG", 3);
	r = tags_ape(f, f->io->size - (there ? sizeof(tag) : 0));
	if (!r && there && sp_id3v1_read(f->tags, tag) < 0)
		r = sp_fail_memory(f->err);
	return r;
}

int sp_sound_tags_read(struct sp_sound_tags *tags, struct sp_io *io, struct sp_error *err)
{
	struct tags_file f = {.tags = tags, .io = io, .err = err};
	uint8_t head[12] = {0};
	uint64_t length;
	bool there;

	*tags = (struct sp_sound_tags){0};
	int r = tags_id3(&f, 0, &length);
	f.begin = length;
	if (!r)
		r = tags_head(&f, f.begin, head, sizeof(head), &there);
	if (!r && !memcmp(head, "fLaC", 4))
		r = tags_flac(&f);
	else if (!r && !memcmp(head, "OggS", 4))
		r = tags_ogg(&f);
	else if (!r && !memcmp(head + 8, "WAVE", 4))
		r = tags_chunks(&f, false);
	else if (!r && (!memcmp(head + 8, "AIFF", 4) || !memcmp(head + 8, "AIFC", 4)))
		r = tags_chunks(&f, true);
	if (!r)
		r = tags_tail(&f);
	if (r < 0)
		sp_sound_tags_clear(tags);
	return r;
}

void sp_sound_tags_clear(struct sp_sound_tags *tags)
{
	for (size_t i = 0; i < SP_SOUND_TEXTS; i++)
		free(tags->text[i]);
	*tags = (struct sp_sound_tags){0};
}
