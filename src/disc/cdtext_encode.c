/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One block of CD-Text is made from the texts of a disc: in a character set that has their letters,
 * and cut where 256 packs are not enough. */
#include "base/bytes.h"
#include "codec/letters.h"
#include "disc/cdtext.h"

#include <stdlib.h>
#include <string.h>

enum {
	ENCODE_LIMIT = 160, /* letters: what is said to be enough; texts are cut to this or below */
	ENCODE_CODE = 13,   /* a UPC/EAN or ISRC, never cut */
	ENCODE_GENRE_OTHER = 1,
};

struct encode {
	struct sp_cdtext_block *to;
	struct sp_error *err;
	const struct sp_disc *disc;
	unsigned block, charset;
	unsigned first, last; /* tracks */
	/* one try: */
	size_t limit; /* letters of a text */
	bool tables;  /* with the old block's packs that are no texts */
	struct sp_cdtext_lost lost;
	size_t count;  /* whole packs and the one being filled */
	unsigned fill; /* bytes in its payload; 0: none is being filled */
	unsigned type;
	bool wide, full;
	uint8_t of_type[16]; /* packs of each type */
};

static uint8_t *encode_pack(struct encode *e)
{
	if (e->count == SP_PACKS_MAX) {
		e->full = true;
		return NULL;
	}
	e->of_type[e->type & 15]++;
	return e->to->packs + e->count++ * SP_PACK_SIZE;
}

static void encode_seal(struct encode *e)
{
	if (e->fill)
		sp_cdtext_seal(e->to->packs + (e->count - 1) * SP_PACK_SIZE);
	e->fill = 0;
}

/* One byte of payload. `position`: letters of its text before it. */
static void encode_put(struct encode *e, unsigned track, size_t position, uint8_t byte)
{
	if (e->full)
		return;
	if (!e->fill) {
		uint8_t *pack = encode_pack(e);

		if (!pack)
			return;
		memset(pack, 0, SP_PACK_SIZE);
		pack[0] = (uint8_t)e->type;
		pack[1] = (uint8_t)track;
		pack[2] = (uint8_t)(e->count - 1);
		pack[3] = (uint8_t)((e->wide ? SP_PACK_WIDE : 0) | e->block << 4 |
				    (position < SP_PACK_POSITION ? position : SP_PACK_POSITION));
	}
	e->to->packs[(e->count - 1) * SP_PACK_SIZE + 4 + e->fill] = byte;
	if (++e->fill == SP_PACK_PAYLOAD)
		encode_seal(e);
}

/* A copy without control characters (of ISO 8859-1 too), cut to `limit` letters. */
static char *encode_plain(const char *text, size_t limit, unsigned *letters, bool *cut)
{
	char *copy = malloc(strlen(text) + 1);
	size_t n = 0, size = 0;

	*cut = false;
	while (copy && *text) {
		const uint8_t c = (uint8_t)*text, next = (uint8_t)text[1];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0)) {
			text += c == 0xc2 ? 2 : 1;
			++*letters;
			continue;
		}
		if ((c & 0xc0) != 0x80 && n++ == limit) {
			*cut = true;
			break;
		}
		copy[size++] = *text++;
	}
	if (copy)
		copy[size] = '\0';
	return copy;
}

/* The text in the letters of the block; what they lack is counted. */
static int encode_letters(const struct encode *e, const struct sp_text *text, uint8_t **bytes,
			  size_t *size, unsigned *letters, bool *cut)
{
	const size_t least = text->type == SP_TEXT_UPC_EAN ? ENCODE_CODE : 0;
	const char *set = sp_cdtext_letters(e->charset, text->type);
	char *plain = encode_plain(text->text, e->limit < least ? least : e->limit, letters, cut);

	const int r =
		plain ? sp_letters_from_utf8(set, plain, bytes, size, letters) : SP_ERR_MEMORY;
	free(plain);
	return r == SP_ERR_MEMORY ? sp_fail_memory(e->err)
	       : r                ? sp_fail(e->err, r, "CD-Text: this system does not know %s", set)
				  : 0;
}

static const struct sp_text *encode_find(const struct encode *e, unsigned track)
{
	for (size_t i = 0; i < e->disc->texts; i++) {
		const struct sp_text *text = &e->disc->text[i];

		if (text->block == e->block && text->track == track && text->type == e->type)
			return text;
	}
	return NULL;
}

static void encode_lose(struct encode *e, const struct sp_text *text, unsigned letters, bool cut)
{
	struct sp_cdtext_lost *lost = &e->lost;

	if ((!letters && !cut) || (e->to->beside && sp_cdtext_is_line(text)))
		return;
	if (!lost->letters && !lost->texts) {
		lost->track = text->track;
		lost->type = text->type;
	}
	lost->letters += letters;
	lost->texts += cut;
}

static void encode_put_genre(struct encode *e)
{
	const struct sp_text *text = encode_find(e, 0);
	unsigned code = e->disc->block[e->block].genre;

	if (code < 2 && text)
		code = sp_cdtext_genre_code(text->text);
	code = code ? code : ENCODE_GENRE_OTHER;
	encode_put(e, 0, 0, (uint8_t)(code >> 8));
	encode_put(e, 0, 0, (uint8_t)code);
}

static void encode_put_bytes(struct encode *e, unsigned track, const uint8_t *bytes, size_t size)
{
	const unsigned step = e->wide ? 2 : 1;
	size_t position = 0;

	for (size_t i = 0; i < size; i += step, position++) {
		encode_put(e, track, position, bytes[i]);
		if (e->wide)
			encode_put(e, track, position, i + 1 < size ? bytes[i + 1] : 0);
	}
	for (unsigned i = 0; i < step; i++)
		encode_put(e, track, position, 0);
}

/* One track's text, empty where it has none, a tab where it is that of the track before; *bytes is
 * that of the track before, and becomes this one's. */
static int encode_put_text(struct encode *e, unsigned track, uint8_t **bytes, size_t *size)
{
	static const uint8_t tab[2] = {'\t', '\t'};
	const struct sp_text *text = encode_find(e, track);
	unsigned letters = 0;
	uint8_t *new = NULL;
	size_t new_size = 0;
	bool cut = false;
	int r = 0;

	if (text)
		r = encode_letters(e, text, &new, &new_size, &letters, &cut);
	if (r < 0)
		return r;
	if (text)
		encode_lose(e, text, letters, cut);
	const bool same =
		track > e->first && new_size && new_size == *size && !memcmp(new, *bytes, new_size);
	if (same)
		encode_put_bytes(e, track, tab, e->wide ? 2 : 1);
	else
		encode_put_bytes(e, track, new, new_size);
	free(*bytes);
	*bytes = new;
	*size = new_size;
	return 0;
}

/* All texts of a type, if there are any with a place. */
static int encode_put_type(struct encode *e)
{
	const bool of_disc = sp_cdtext_of_disc(e->type);
	const unsigned genre = e->disc->block[e->block].genre;
	bool any = e->type == SP_TEXT_GENRE && genre > 1;
	uint8_t *bytes = NULL;
	size_t size = 0;
	int r = 0;

	for (size_t i = 0; i < e->disc->texts; i++) {
		const struct sp_text *text = &e->disc->text[i];

		if (text->block != e->block || text->type != e->type)
			continue;
		if (text->track && (of_disc || text->track < e->first || text->track > e->last))
			encode_lose(e, text, 0, true);
		else
			any = true;
	}
	e->wide = e->charset >= SP_TEXT_MSJIS && e->type <= SP_TEXT_MESSAGE;
	if (any && e->type == SP_TEXT_GENRE)
		encode_put_genre(e);
	for (unsigned track = 0; any && !r && track <= (of_disc ? 0 : e->last);
	     track = track ? track + 1 : e->first)
		r = encode_put_text(e, track, &bytes, &size);
	free(bytes);
	encode_seal(e);
	return r;
}

/* What the old block has of a type that is no text. */
static void encode_put_tables(struct encode *e)
{
	for (size_t i = 0; i < e->to->olds && !e->full; i++) {
		const uint8_t *old = e->to->old + i * SP_PACK_SIZE;

		if (old[0] != e->type ||
		    !sp_cdtext_pack_good(e->to->old, e->to->olds * SP_PACK_SIZE, i * SP_PACK_SIZE))
			continue;
		uint8_t *pack = e->tables ? encode_pack(e) : NULL;
		if (!e->tables)
			e->lost.packs++;
		if (!pack)
			continue;
		memcpy(pack, old, SP_PACK_SIZE);
		pack[2] = (uint8_t)(e->count - 1);
		sp_cdtext_seal(pack);
	}
}

/* The three packs that tell what the block has. */
static void encode_put_sizes(struct encode *e)
{
	uint8_t sizes[SP_PACK_SIZES_BYTES] = {0}, old[SP_PACK_SIZES_BYTES] = {0};

	sp_cdtext_sizes(e->to->old, e->to->olds * SP_PACK_SIZE, e->block, old);
	sizes[SP_SIZES_CHARSET] = (uint8_t)e->charset;
	sizes[SP_SIZES_FIRST] = (uint8_t)e->first;
	sizes[SP_SIZES_LAST] = (uint8_t)(e->last ? e->last : 1);
	sizes[SP_SIZES_COPYRIGHT] = old[SP_SIZES_COPYRIGHT];
	e->of_type[SP_PACK_SIZES & 15] = 3;
	memcpy(sizes + SP_SIZES_PACKS, e->of_type, sizeof(e->of_type));
	e->type = SP_PACK_SIZES;
	e->wide = false;
	for (unsigned i = 0; i < sizeof(sizes); i++)
		encode_put(e, i / SP_PACK_PAYLOAD, 0, sizes[i]);
}

static int encode_try(struct encode *e, size_t limit)
{
	int r = 0;

	e->limit = limit;
	e->lost = (struct sp_cdtext_lost){0};
	e->count = e->fill = 0;
	e->full = false;
	memset(e->of_type, 0, sizeof(e->of_type));
	for (e->type = SP_TEXT_TITLE; e->type < SP_PACK_SIZES && !r && !e->full; e->type++) {
		if (sp_cdtext_is_text(e->type))
			r = encode_put_type(e);
		else
			encode_put_tables(e);
	}
	if (!r && e->count)
		encode_put_sizes(e);
	return r;
}

/* The largest limit with which all fits. */
static int encode_cut(struct encode *e)
{
	size_t low = 0, high = ENCODE_LIMIT;
	int r = 0;

	while (!r && low < high) {
		const size_t middle = (low + high + 1) / 2;

		r = encode_try(e, middle);
		if (e->full)
			high = middle - 1;
		else
			low = middle;
	}
	return r ? r : encode_try(e, low);
}

/* Letters the block's texts would lose in that set. */
static int encode_missing(struct encode *e, unsigned charset, unsigned *letters)
{
	*letters = 0;
	e->charset = charset;
	e->limit = SIZE_MAX;
	for (size_t i = 0; i < e->disc->texts; i++) {
		const struct sp_text *text = &e->disc->text[i];
		uint8_t *bytes;
		size_t size;
		bool cut;

		if (text->block != e->block || !sp_cdtext_is_text(text->type))
			continue;
		const int r = encode_letters(e, text, &bytes, &size, letters, &cut);
		if (r < 0)
			return r;
		free(bytes);
	}
	return 0;
}

/* The set the block is said to be in, or the first that has more of its letters. */
static int encode_charset(struct encode *e)
{
	const unsigned said = e->disc->block[e->block].charset;
	const unsigned set[] = {said, SP_TEXT_LATIN1, SP_TEXT_MSJIS};
	unsigned best = SP_TEXT_LATIN1, fewest = UINT32_MAX, letters;

	for (size_t i = 0; i < 3 && fewest; i++) {
		if (!sp_cdtext_letters(set[i], SP_TEXT_TITLE))
			continue;
		const int r = encode_missing(e, set[i], &letters);
		if (r < 0)
			return r;
		if (letters < fewest) {
			fewest = letters;
			best = set[i];
		}
	}
	e->charset = best;
	return 0;
}

int sp_cdtext_encode_block(struct sp_cdtext_block *block, struct sp_error *err)
{
	const struct sp_disc *disc = block->disc;
	struct encode e = {.to = block, .err = err, .disc = disc, .block = block->block};
	int r = encode_charset(&e);

	e.first = disc->tracks ? disc->track[0].number : 1;
	e.last = disc->tracks ? disc->track[disc->tracks - 1].number : 0;
	e.tables = true;
	if (!r)
		r = encode_try(&e, SIZE_MAX);
	if (!r && e.full)
		r = encode_cut(&e);
	if (!r && e.full) { /* so many tables that not even empty texts fit beside them */
		e.tables = false;
		r = encode_cut(&e);
	}
	block->count = r ? 0 : e.count;
	block->lost = e.lost;
	return r;
}
