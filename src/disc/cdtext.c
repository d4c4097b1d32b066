/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text: a block is a list of packs of 18 bytes; the texts of one type run through its packs, the
 * disc's first, then one for each track, each ended by a zero. MMC annex J. */
#include "disc/cdtext.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PACK_SIZE    18
#define PAYLOAD      12
#define PACKS_MAX    256 /* of a block: the sequence number is one byte */
#define POSITION_MAX 15  /* what a pack can say of a text's characters in packs before it */
#define TYPE_SIZES   0x8f
#define CHARSET_MAX  1 /* 0: ISO 8859-1, 1: ASCII */
#define ENGLISH      9
#define GENRE_OTHER  1

static const char *const cdtext_genre[] = {
	NULL, /* not used */
	NULL, /* not defined */
	"Adult Contemporary",
	"Alternative Rock",
	"Childrens Music",
	"Classical",
	"Contemporary Christian",
	"Country",
	"Dance",
	"Easy Listening",
	"Erotic",
	"Folk",
	"Gospel",
	"Hip Hop",
	"Jazz",
	"Latin",
	"Musical",
	"New Age",
	"Opera",
	"Operetta",
	"Pop Music",
	"Rap",
	"Reggae",
	"Rock Music",
	"Rhythm & Blues",
	"Sound Effects",
	"Soundtrack",
	"Spoken Word",
	"World Music",
};

#define GENRES (sizeof(cdtext_genre) / sizeof(cdtext_genre[0]))

/* Types that are texts, not tables. */
static bool cdtext_is_text(unsigned type)
{
	return (type >= SP_TEXT_TITLE && type <= SP_TEXT_GENRE) || type == SP_TEXT_UPC_EAN;
}

/* Types that only the disc has. */
static bool cdtext_of_disc(unsigned type)
{
	return type == SP_TEXT_DISC_ID || type == SP_TEXT_GENRE;
}

/* The text that is being put together. */
struct cdtext_reader {
	struct sp_disc *disc;
	char *text, *previous; /* UTF-8; room for every payload */
	size_t size;
	unsigned type, track;
	unsigned first; /* the first track's number */
	unsigned genre, genre_bytes;
	unsigned sequence; /* of the next pack */
	bool lost;         /* its beginning is missing: pass on to the next */
	unsigned strays;   /* texts of tracks the disc does not have */
};

static void cdtext_begin(struct cdtext_reader *r, unsigned track)
{
	r->track = track;
	r->size = 0;
	r->lost = false;
	r->genre = 0;
	r->genre_bytes = r->type == SP_TEXT_GENRE ? 2 : 0;
}

static int cdtext_keep(struct cdtext_reader *r, struct sp_error *err)
{
	if (r->type == SP_TEXT_GENRE && !r->size && r->genre < GENRES && cdtext_genre[r->genre]) {
		r->size = strlen(cdtext_genre[r->genre]);
		memcpy(r->text, cdtext_genre[r->genre], r->size);
	}
	r->text[r->size] = '\0';
	if (strcmp(r->text, "\t") == 0) /* the same as the track before */
		memcpy(r->text, r->previous, strlen(r->previous) + 1);
	memcpy(r->previous, r->text, strlen(r->text) + 1);
	if (!*r->text || (r->track && cdtext_of_disc(r->type)))
		return 0;
	if (r->track && !sp_disc_track(r->disc, r->track)) {
		r->strays++;
		return 0;
	}
	if (sp_disc_text(r->disc, r->track, r->type))
		return 0;
	return sp_disc_set_text(r->disc, r->track, r->type, r->text) ? sp_fail_memory(err) : 0;
}

static int cdtext_byte(struct cdtext_reader *r, uint8_t byte, struct sp_error *err)
{
	int status = 0;

	if (r->genre_bytes) {
		r->genre = r->genre << 8 | byte;
		r->genre_bytes--;
	} else if (!byte) {
		if (!r->lost)
			status = cdtext_keep(r, err);
		cdtext_begin(r, r->track ? r->track + 1 : r->first);
		r->genre_bytes = 0;
	} else if (!r->lost && byte < 0x80) {
		r->text[r->size++] = (char)byte;
	} else if (!r->lost) {
		r->text[r->size++] = (char)(0xc0 | byte >> 6);
		r->text[r->size++] = (char)(0x80 | (byte & 0x3f));
	}
	return status;
}

static int cdtext_pack(struct cdtext_reader *r, const uint8_t *pack, struct sp_error *err)
{
	const unsigned type = pack[0], track = pack[1] & 0x7f, position = pack[3] & POSITION_MAX;
	const bool follows = type == r->type && pack[2] == r->sequence;
	int status = 0;

	r->sequence = (pack[2] + 1u) & 255;
	if (type != r->type && r->size && !r->lost) /* a type that ended without a zero */
		status = cdtext_keep(r, err);
	if (type != r->type) {
		*r->previous = '\0';
		r->size = 0;
	}
	r->type = type;
	if (!cdtext_is_text(type))
		return status;
	if (!follows || (position == 0 && !r->size) || track != r->track) {
		cdtext_begin(r, track);
		r->lost = position != 0;
		if (r->lost)
			r->genre_bytes = 0;
	}
	for (unsigned i = 4; i < 4 + PAYLOAD && !status; i++)
		status = cdtext_byte(r, pack[i], err);
	return status;
}

/* A whole pack of the first block. Some drives give no CRC with the last one. */
static bool cdtext_usable(const struct sp_disc *disc, size_t at, unsigned *bad)
{
	const uint8_t *pack = disc->cdtext + at;

	if (!pack[0]) /* padding */
		return false;
	const unsigned crc = get_be16(pack + 16);
	if (crc != sp_crc16_gsm(pack, 16) && (crc || at + PACK_SIZE < disc->cdtext_size)) {
		++*bad;
		return false;
	}
	return !(pack[3] & 0x70);
}

int sp_cdtext_decode(struct sp_disc *disc, const struct sp_notes *notes, struct sp_error *err)
{
	struct cdtext_reader r = {.disc = disc, .first = 1};
	unsigned bad = 0, wide = 0, charset = 0;
	int status = 0;

	for (size_t at = 0; at + PACK_SIZE <= disc->cdtext_size; at += PACK_SIZE) {
		const uint8_t *pack = disc->cdtext + at;

		if (cdtext_usable(disc, at, &bad) && pack[0] == TYPE_SIZES && pack[1] == 0) {
			charset = pack[4];
			r.first = pack[5] ? pack[5] : 1;
		}
	}
	if (bad)
		sp_note(notes, "CD-Text: %u packs with a wrong CRC are left out", bad);
	if (charset > CHARSET_MAX) {
		sp_note(notes, "CD-Text in character set 0x%02x is kept and not read", charset);
		return 0;
	}
	r.text = malloc(disc->cdtext_size * 2 + 64); /* a byte is at most two of UTF-8 */
	r.previous = calloc(1, disc->cdtext_size * 2 + 64);
	if (!r.text || !r.previous)
		status = sp_fail_memory(err);
	for (size_t at = 0; at + PACK_SIZE <= disc->cdtext_size && !status; at += PACK_SIZE) {
		if (!cdtext_usable(disc, at, &bad))
			continue;
		if (disc->cdtext[at + 3] & 0x80)
			wide++;
		else
			status = cdtext_pack(&r, disc->cdtext + at, err);
	}
	if (!status && r.size && !r.lost)
		status = cdtext_keep(&r, err);
	if (wide)
		sp_note(notes, "CD-Text: %u packs of two-byte characters are not read", wide);
	if (r.strays)
		sp_note(notes, "CD-Text: %u texts of tracks the disc does not have", r.strays);
	free(r.text);
	free(r.previous);
	return status;
}

struct cdtext_writer {
	uint8_t *packs;
	size_t count;  /* whole packs and the one being filled */
	unsigned fill; /* bytes in its payload; 0: none is being filled */
	unsigned type, lost;
	uint8_t of_type[16]; /* packs of each type */
	bool full;
};

static void cdtext_seal(struct cdtext_writer *w)
{
	uint8_t *pack = w->packs + (w->count - 1) * PACK_SIZE;

	put_be16(pack + 16, sp_crc16_gsm(pack, 16));
	w->fill = 0;
}

/* One byte of payload. `position`: characters of its text before it. */
static void cdtext_put(struct cdtext_writer *w, unsigned track, size_t position, uint8_t byte)
{
	if (!w->fill) {
		if (w->count == PACKS_MAX) {
			w->full = true;
			return;
		}
		uint8_t *pack = w->packs + w->count * PACK_SIZE;

		memset(pack, 0, PACK_SIZE);
		pack[0] = (uint8_t)w->type;
		pack[1] = (uint8_t)track;
		pack[2] = (uint8_t)w->count++;
		pack[3] = (uint8_t)(position < POSITION_MAX ? position : POSITION_MAX);
		w->of_type[w->type & 15]++;
	}
	w->packs[(w->count - 1) * PACK_SIZE + 4 + w->fill] = byte;
	if (++w->fill == PAYLOAD)
		cdtext_seal(w);
}

/* The next character as ISO 8859-1, 0 at the end; what that does not have, and control characters,
 * become '?'. */
static uint8_t cdtext_latin(const char **text, unsigned *lost)
{
	const uint8_t *p = (const uint8_t *)*text;
	const bool two = (p[0] == 0xc2 || p[0] == 0xc3) && (p[1] & 0xc0) == 0x80;
	const unsigned c = two ? (p[0] & 3u) << 6 | (p[1] & 0x3fu) : p[0];

	if (!c)
		return 0;
	++*text;
	while ((**text & 0xc0) == 0x80) /* the rest of the character */
		++*text;
	if ((c >= 0x20 && c < 0x7f) || (two && c >= 0xa0))
		return (uint8_t)c;
	++*lost;
	return '?';
}

static void cdtext_put_text(struct cdtext_writer *w, unsigned track, const char *text)
{
	size_t position = 0;
	uint8_t c;

	if (w->type == SP_TEXT_GENRE) {
		unsigned code = GENRE_OTHER;

		for (unsigned i = 0; i < GENRES; i++)
			if (cdtext_genre[i] && strcasecmp(cdtext_genre[i], text) == 0)
				code = i;
		cdtext_put(w, track, 0, 0);
		cdtext_put(w, track, 0, (uint8_t)code);
	}
	while ((c = cdtext_latin(&text, &w->lost)) != 0)
		cdtext_put(w, track, position++, c);
	cdtext_put(w, track, position, 0);
}

/* All texts of a type: a text that is missing among others is empty. */
static void cdtext_put_type(struct cdtext_writer *w, const struct sp_disc *disc, unsigned type)
{
	const unsigned first = disc->tracks ? disc->track[0].number : 1;
	const unsigned last = disc->tracks ? disc->track[disc->tracks - 1].number : 0;
	const bool of_disc = cdtext_of_disc(type);
	bool any = false;

	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];

		if (text->type != type)
			continue;
		if (text->track && (of_disc || text->track < first || text->track > last))
			w->lost++;
		else
			any = true;
	}
	if (!any)
		return;
	w->type = type;
	for (unsigned track = 0; track <= (of_disc ? 0 : last); track = track ? track + 1 : first) {
		const char *text = sp_disc_text(disc, track, type);

		cdtext_put_text(w, track, text ? text : "");
	}
	if (w->fill)
		cdtext_seal(w);
}

/* The three packs that tell what the block has. */
static void cdtext_put_sizes(struct cdtext_writer *w, const struct sp_disc *disc)
{
	uint8_t sizes[3 * PAYLOAD] = {0};

	sizes[1] = disc->tracks ? (uint8_t)disc->track[0].number : 1;
	sizes[2] = disc->tracks ? (uint8_t)disc->track[disc->tracks - 1].number : 1;
	w->of_type[TYPE_SIZES & 15] = 3;
	memcpy(sizes + 4, w->of_type, sizeof(w->of_type));
	sizes[20] = (uint8_t)(w->count + 2); /* last sequence number of block 0 */
	sizes[28] = ENGLISH;
	w->type = TYPE_SIZES;
	for (unsigned i = 0; i < sizeof(sizes); i++)
		cdtext_put(w, i / PAYLOAD, 0, sizes[i]);
}

int sp_cdtext_encode(const struct sp_disc *disc, uint8_t **packs, size_t *size, unsigned *lost,
		     struct sp_error *err)
{
	struct cdtext_writer w = {.packs = malloc((size_t)PACKS_MAX * PACK_SIZE)};

	*packs = NULL;
	*size = 0;
	if (lost)
		*lost = 0;
	if (!w.packs)
		return sp_fail_memory(err);
	for (unsigned type = SP_TEXT_TITLE; type < TYPE_SIZES; type++)
		if (cdtext_is_text(type))
			cdtext_put_type(&w, disc, type);
	if (w.count)
		cdtext_put_sizes(&w, disc);
	if (lost)
		*lost = w.lost;
	if (!w.count || w.full) {
		free(w.packs);
		return w.full ? sp_fail(err, SP_ERR_UNSUPPORTED,
					"the texts do not fit in the %d packs of a block of "
					"CD-Text",
					PACKS_MAX)
			      : 0;
	}
	*packs = w.packs;
	*size = w.count * PACK_SIZE;
	return 0;
}
