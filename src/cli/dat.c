/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds a disc in a DAT. Read as a stream of tags: no tree, no library, no entity of its own. */
#include "cli/dat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DAT_CHUNK = 65536, DAT_TAG = 8192 };

struct dat {
	struct sp_io *io;
	struct sp_error *err;
	const struct sp_hashes *hashes;
	struct dat_match *match;
	uint64_t at; /* of the next chunk */
	size_t have, next;
	int status;
	bool roms; /* any rom at all so far */
	/* the game that is open */
	char game[DAT_NAME];
	size_t data, found; /* its data roms, and those of them that are ours */
	bool whole;         /* its one rom is the whole disc */
	bool same[SP_TRACK_MAX];
	char tag[DAT_TAG]; /* what is between < and >; what is longer is cut */
	unsigned char chunk[DAT_CHUNK];
};

static int dat_byte(struct dat *dat)
{
	if (dat->next == dat->have) {
		const uint64_t left = dat->io->size - dat->at;
		dat->have = left < DAT_CHUNK ? (size_t)left : DAT_CHUNK;
		dat->next = 0;
		if (!dat->have || dat->status)
			return EOF;
		dat->status = sp_io_read(dat->io, dat->at, dat->chunk, dat->have, dat->err);
		if (dat->status)
			return EOF;
		dat->at += dat->have;
	}
	return dat->chunk[dat->next++];
}

/* Whether `c` ends the markup whose first `n` bytes are in `tag`; `last` are the two bytes before.
 */
static bool dat_ends(const char *tag, size_t n, int c, const char last[2], int quote, int depth)
{
	if (c != '>')
		return false;
	if (!strncmp(tag, "!--", 3))
		return n >= 5 && last[0] == '-' && last[1] == '-';
	if (!strncmp(tag, "![CDATA[", 8))
		return n >= 10 && last[0] == ']' && last[1] == ']';
	return tag[0] == '!' ? depth <= 0 : !quote;
}

/* The next markup into dat->tag, without its brackets. */
static bool dat_tag(struct dat *dat)
{
	char last[2] = {0};
	int c, quote = 0, depth = 0;
	size_t n = 0;

	while ((c = dat_byte(dat)) != '<')
		if (c == EOF)
			return false;
	memset(dat->tag, 0, 10);
	while ((c = dat_byte(dat)) != EOF) {
		if (dat_ends(dat->tag, n, c, last, quote, depth)) {
			dat->tag[n < DAT_TAG ? n : DAT_TAG - 1] = '\0';
			return true;
		}
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		depth += (c == '[') - (c == ']');
		if (n < DAT_TAG - 1)
			dat->tag[n] = (char)c;
		n++;
		last[0] = last[1];
		last[1] = (char)c;
	}
	return false;
}

/* One character that an &entity; or a number stands for; returns the bytes it took, 0: not one. */
static size_t dat_entity(const char *text, char out[5])
{
	static const struct {
		const char *name;
		char c;
	} named[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
	char *end;

	memset(out, 0, 5);
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		if (strncmp(text, named[i].name, strlen(named[i].name)) != 0)
			continue;
		out[0] = named[i].c;
		return strlen(named[i].name);
	}
	const bool hex = text[1] == '#' && text[2] == 'x';
	const char *digits = text + (hex ? 3 : 2);
	if (text[1] != '#' || !strchr("0123456789abcdefABCDEF", *digits) || !*digits)
		return 0;
	const unsigned long c = strtoul(digits, &end, hex ? 16 : 10);
	if (*end != ';' || !c || c > 0x10ffff)
		return 0;
	if (c < 0x80) {
		out[0] = (char)c;
	} else if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
	} else {
		out[0] = (char)(0xf0 | c >> 18);
		out[1] = (char)(0x80 | (c >> 12 & 0x3f));
		out[2] = (char)(0x80 | (c >> 6 & 0x3f));
		out[3] = (char)(0x80 | (c & 0x3f));
	}
	return (size_t)(end + 1 - text);
}

static void dat_decode(char *out, size_t size, const char *value, size_t length)
{
	size_t used = 0;
	char one[5];

	for (size_t i = 0; i < length;) {
		size_t took = value[i] == '&' ? dat_entity(value + i, one) : 0;
		if (!took) {
			one[0] = value[i];
			one[1] = '\0';
			took = 1;
		}
		if (used + strlen(one) >= size)
			break;
		memcpy(out + used, one, strlen(one));
		used += strlen(one);
		i += took;
	}
	out[used] = '\0';
}

/* The value of an attribute of dat->tag, "" when it is not there. Returns `out`. */
static char *dat_attribute(const struct dat *dat, const char *name, char *out, size_t size)
{
	static const char space[] = " \t\r\n";
	const char *p = dat->tag + strcspn(dat->tag, space);

	out[0] = '\0';
	for (;;) {
		p += strspn(p, space);
		const size_t key = strcspn(p, "= \t\r\n");
		const char *value = p + key;
		value += strspn(value, space);
		if (!key || *value != '=')
			return out;
		value++;
		value += strspn(value, space);
		const char *end =
			*value == '"' || *value == '\'' ? strchr(value + 1, *value) : NULL;
		if (!end)
			return out;
		if (strlen(name) == key && !strncasecmp(p, name, key)) {
			dat_decode(out, size, value + 1, (size_t)(end - value - 1));
			return out;
		}
		p = end + 1;
	}
}

/* A sheet or other small companion says nothing of the disc. */
static bool dat_is_data(const char *name)
{
	static const char *const other[] = {".cue", ".gdi", ".ccd", ".sub", ".sbi", ".toc",
					    ".mds", ".m3u", ".lsd", ".txt", ".xml", ".cdt"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(other) / sizeof(*other); i++)
		if (!strcasecmp(dot, other[i]))
			return false;
	return true;
}

struct dat_rom {
	char size[24];
	char hex[SP_DIGESTS][72];
};

/* Every digest the DAT gives is ours; a CRC alone wants the size as well. */
static bool dat_equal(const struct dat_rom *rom, const struct sp_hash *hash)
{
	char size[24];
	bool any = false;

	snprintf(size, sizeof(size), "%" PRIu64, hash->size);
	if (rom->size[0] && strcmp(rom->size, size) != 0)
		return false;
	for (unsigned i = 0; i < SP_DIGESTS; i++) {
		if (!rom->hex[i][0] || !hash->hex[i][0])
			continue;
		if (strcasecmp(rom->hex[i], hash->hex[i]) != 0)
			return false;
		any = any || i != SP_DIGEST_CRC32 || rom->size[0];
	}
	return any;
}

static void dat_rom(struct dat *dat)
{
	static const char *const key[SP_DIGESTS] = {"crc", "md5", "sha1", "sha256"};
	const struct sp_hashes *hashes = dat->hashes;
	struct dat_rom rom;
	char name[DAT_NAME];
	bool ours = false;

	dat->roms = true;
	if (!dat_is_data(dat_attribute(dat, "name", name, sizeof(name))))
		return;
	dat_attribute(dat, "size", rom.size, sizeof(rom.size));
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		dat_attribute(dat, key[i], rom.hex[i], sizeof(rom.hex[i]));
	for (size_t i = 0; i < hashes->tracks; i++) {
		if (!dat_equal(&rom, &hashes->track[i]))
			continue;
		dat->same[i] = ours = true;
	}
	dat->data++;
	dat->found += ours;
	dat->whole = dat->data == 1 && dat_equal(&rom, &hashes->whole);
}

static void dat_game_begins(struct dat *dat)
{
	dat_attribute(dat, "name", dat->game, sizeof(dat->game));
	dat->data = dat->found = 0;
	dat->whole = false;
	memset(dat->same, 0, sizeof(dat->same));
}

static size_t dat_count(const bool same[SP_TRACK_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < SP_TRACK_MAX; i++)
		count += same[i];
	return count;
}

static void dat_game_ends(struct dat *dat)
{
	struct dat_match *match = dat->match;
	const size_t tracks = dat->hashes->tracks, same = dat_count(dat->same);

	match->seen++;
	if (dat->whole ||
	    (tracks && same == tracks && dat->data == tracks && dat->found == dat->data)) {
		if (match->games < DAT_GAMES)
			memcpy(match->name[match->games], dat->game, DAT_NAME);
		match->games++;
	} else if (same > dat_count(match->same)) {
		memcpy(match->nearest, dat->game, DAT_NAME);
		memcpy(match->same, dat->same, sizeof(match->same));
		match->nearest_tracks = dat->data;
	}
	dat->game[0] = '\0';
	dat->data = 0;
}

static bool dat_is(const struct dat *dat, const char *name)
{
	const size_t n = strlen(name);

	return !strncasecmp(dat->tag, name, n) && strchr(" \t\r\n/", dat->tag[n]);
}

int dat_find(struct dat_match *match, const char *path, const struct sp_hashes *hashes,
	     struct sp_error *err)
{
	struct dat *dat = calloc(1, sizeof(*dat));

	*match = (struct dat_match){0};
	if (!dat)
		return sp_fail_memory(err);
	dat->err = err;
	dat->hashes = hashes;
	dat->match = match;
	dat->status = sp_io_open_file(&dat->io, path, err);
	while (!dat->status && dat_tag(dat)) {
		if (dat_is(dat, "game") || dat_is(dat, "machine"))
			dat_game_begins(dat);
		else if (dat_is(dat, "/game") || dat_is(dat, "/machine"))
			dat_game_ends(dat);
		else if (dat_is(dat, "rom"))
			dat_rom(dat);
	}
	int r = dat->status;
	if (!r && (!match->seen || !dat->roms))
		r = sp_fail(err, SP_ERR_FORMAT, "%s: no <game> with a <rom>: not a DAT in XML",
			    path);
	sp_io_close(dat->io);
	free(dat);
	return r;
}
