/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text is read: the texts of one type run through the packs of a block, the disc's first, then
 * one for each track, each ended by a zero, or two where letters have two bytes. */
#include "base/bytes.h"
#include "codec/letters.h"
#include "disc/cdtext.h"

#include <stdlib.h>
#include <string.h>

/* The text that is being put together. */
struct decode {
	struct sp_disc *disc;
	const uint8_t *packs; /* disc->cdtext */
	size_t packs_size;
	struct sp_error *err;
	uint8_t *text, *previous; /* in the letters of the packs; room for every payload */
	size_t size, previous_size;
	unsigned block, charset;
	unsigned type, track;
	unsigned first; /* the first track's number */
	unsigned genre, genre_bytes;
	unsigned sequence; /* of the next pack */
	bool wide, lost;   /* lost: its beginning is missing: pass on to the next */
	unsigned strays;   /* texts of tracks the disc does not have */
	unsigned differ;   /* texts that were set, and otherwise */
	unsigned foreign;  /* texts that are not in the letters of their block */
};

static void decode_begin(struct decode *d, unsigned track)
{
	d->track = track;
	d->size = 0;
	d->lost = false;
	d->genre = 0;
	d->genre_bytes = 0;
}

/* The bytes as UTF-8, *out NULL: they are none in that character set. */
static int decode_letters(struct decode *d, char **out)
{
	const bool unsaid = d->wide && d->charset < SP_TEXT_MSJIS; /* the table is missing */
	const char *letters = sp_cdtext_letters(unsaid ? SP_TEXT_MSJIS : d->charset, d->type);
	const char *genre = d->type == SP_TEXT_GENRE && !d->size ? sp_cdtext_genre(d->genre) : NULL;

	const int r = genre ? sp_letters_to_utf8("ASCII", genre, strlen(genre), out)
			    : sp_letters_to_utf8(letters, d->text, d->size, out);
	if (r == SP_ERR_MEMORY)
		return sp_fail_memory(d->err);
	d->foreign += r < 0;
	return 0;
}

static int decode_set(struct decode *d, const char *text)
{
	if (d->track && !sp_disc_track(d->disc, d->track)) {
		d->strays++;
		return 0;
	}
	const char *known = sp_disc_block_text(d->disc, d->block, d->track, d->type);
	if (known) {
		d->differ += strcmp(known, text) != 0;
		return 0;
	}
	return sp_disc_set_block_text(d->disc, d->block, d->track, d->type, text)
		       ? sp_fail_memory(d->err)
		       : 0;
}

static int decode_keep(struct decode *d)
{
	char *text = NULL;
	const bool tab = d->wide ? d->size && d->size <= 2 && d->text[0] == '\t' &&
					   (d->size < 2 || d->text[1] == '\t')
				 : d->size == 1 && d->text[0] == '\t';

	if (tab) { /* the same as the track before */
		memcpy(d->text, d->previous, d->previous_size);
		d->size = d->previous_size;
	}
	memcpy(d->previous, d->text, d->size);
	d->previous_size = d->size;
	if (d->track && sp_cdtext_of_disc(d->type))
		return 0;
	if (d->type == SP_TEXT_GENRE && !d->disc->block[d->block].genre)
		d->disc->block[d->block].genre = d->genre;
	int r = decode_letters(d, &text);
	if (!r && text && *text)
		r = decode_set(d, text);
	free(text);
	return r;
}

/* One letter, or half of one where a wide text has letters of one byte. */
static int decode_unit(struct decode *d, const uint8_t *unit)
{
	int r = 0;

	if (!unit[0] && (!d->wide || !unit[1])) {
		if (!d->lost)
			r = decode_keep(d);
		else
			d->previous_size = 0;
		decode_begin(d, d->track ? d->track + 1 : d->first);
		return r;
	}
	if (d->lost)
		return 0;
	d->text[d->size++] = unit[0];
	if (d->wide && unit[1])
		d->text[d->size++] = unit[1];
	return 0;
}

/* The two bytes of its code stand before a genre, and may stand again in every pack of it. */
static unsigned decode_genre(struct decode *d, const uint8_t *payload, bool begins)
{
	const unsigned code = get_be16(payload);

	if (d->type != SP_TEXT_GENRE || d->lost || d->track)
		return 0;
	if (begins) {
		d->genre = code;
		return 2;
	}
	return d->size && code == d->genre && code & 255 ? 2 : 0;
}

static int decode_pack(struct decode *d, const uint8_t *pack)
{
	const unsigned type = pack[0], track = pack[1] & 0x7f;
	const unsigned position = pack[3] & SP_PACK_POSITION;
	const bool follows = type == d->type && pack[2] == d->sequence;
	int r = 0;

	d->sequence = (pack[2] + 1u) & 255;
	if (type != d->type && d->size && !d->lost) /* a type that ended without a zero */
		r = decode_keep(d);
	if (type != d->type)
		d->size = 0;
	if (!follows)
		d->previous_size = 0;
	const bool begins = type != d->type;
	d->type = type;
	d->wide = pack[3] & SP_PACK_WIDE;
	if (!sp_cdtext_is_text(type))
		return r;
	if (!follows || (position == 0 && !d->size) || track != d->track) {
		decode_begin(d, track);
		d->lost = position != 0;
	}
	const unsigned skip = decode_genre(d, pack + 4, begins && !d->lost);
	for (unsigned i = skip; i < SP_PACK_PAYLOAD && !r; i += d->wide ? 2 : 1)
		r = decode_unit(d, pack + 4 + i);
	return r;
}

/* Every good pack of one block. */
static int decode_block(struct decode *d, unsigned block, const struct sp_notes *notes)
{
	struct sp_text_block *said = &d->disc->block[block];
	uint8_t sizes[SP_PACK_SIZES_BYTES] = {0};
	bool any = false;
	int r = 0;

	sp_cdtext_sizes(d->packs, d->packs_size, block, sizes);
	d->block = block;
	d->charset = sizes[SP_SIZES_CHARSET];
	d->first = sizes[SP_SIZES_FIRST] ? sizes[SP_SIZES_FIRST] : 1;
	d->type = d->sequence = 0;
	d->size = d->previous_size = 0;
	for (size_t at = 0; at + SP_PACK_SIZE <= d->packs_size && !r; at += SP_PACK_SIZE) {
		const uint8_t *pack = d->packs + at;

		if ((pack[3] >> 4 & 7) != block ||
		    !sp_cdtext_pack_good(d->packs, d->packs_size, at))
			continue;
		if (!any && !sp_cdtext_letters(d->charset, SP_TEXT_TITLE)) {
			const char *name = sp_text_charset_name(d->charset);

			sp_note(notes,
				"CD-Text: block %u in character set 0x%02x%s%s%s is kept "
				"and not read",
				block, d->charset, name ? " (" : "", name ? name : "",
				name ? ")" : "");
			return 0;
		}
		any = true;
		r = decode_pack(d, pack);
	}
	if (!r && any && d->size && !d->lost)
		r = decode_keep(d);
	if (any && !said->language)
		said->language = sizes[SP_SIZES_LANGUAGE + block];
	if (any && !said->charset)
		said->charset = d->charset;
	return r;
}

/* Packs that are not there, going by the tables, and those that cannot be used. */
static void decode_count(const struct decode *d, const struct sp_notes *notes)
{
	unsigned bad = 0, missing = 0, good[SP_TEXT_BLOCKS] = {0};

	for (size_t at = 0; at + SP_PACK_SIZE <= d->packs_size; at += SP_PACK_SIZE) {
		if (sp_cdtext_pack_good(d->packs, d->packs_size, at))
			good[d->packs[at + 3] >> 4 & 7]++;
		else if (d->packs[at])
			bad++;
	}
	for (unsigned block = 0; block < SP_TEXT_BLOCKS; block++) {
		uint8_t sizes[SP_PACK_SIZES_BYTES];

		if (!sp_cdtext_sizes(d->packs, d->packs_size, block, sizes))
			continue;
		const unsigned want = sizes[SP_SIZES_SEQUENCE + block] + 1u;
		missing += want > good[block] ? want - good[block] : 0;
	}
	if (bad)
		sp_note(notes, "CD-Text: %u packs with a wrong CRC are left out", bad);
	if (missing > bad)
		sp_note(notes, "CD-Text: %u packs are missing", missing - bad);
}

static bool decode_is_time(const uint8_t *at, sp_lba lba)
{
	sp_lba found;

	return sp_msf_to_lba((struct sp_msf){at[0], at[1], at[2]}, false, &found) && found == lba;
}

/* Does a table of contents among the packs tell of this disc? The pack of track 0 has the first and
 * last track and the lead-out, others the starts of four tracks. */
static void decode_toc(const struct decode *d, const struct sp_notes *notes)
{
	const struct sp_disc *disc = d->disc;
	bool same = true;

	if (!disc->sessions || !disc->tracks)
		return;
	for (size_t at = 0; at + SP_PACK_SIZE <= d->packs_size; at += SP_PACK_SIZE) {
		const uint8_t *pack = d->packs + at;

		if (pack[0] != SP_PACK_TOC || !sp_cdtext_pack_good(d->packs, d->packs_size, at))
			continue;
		if (!pack[1]) {
			same = same && pack[4] == disc->track[0].number &&
			       decode_is_time(pack + 7, disc->session[0].lead_out);
			continue;
		}
		for (unsigned i = 0; i < 4; i++) {
			const struct sp_track *track = sp_disc_track(disc, pack[1] + i);

			if (track && track->session == disc->session[0].number)
				same = same && decode_is_time(pack + 4 + 3 * i, track->start);
		}
	}
	if (!same)
		sp_note(notes, "CD-Text: its table of contents is not that of this disc");
}

int sp_cdtext_decode(struct sp_disc *disc, const struct sp_notes *notes, struct sp_error *err)
{
	struct decode d = {
		.disc = disc, .packs = disc->cdtext, .packs_size = disc->cdtext_size, .err = err};
	int r = 0;

	if (!disc->cdtext_size)
		return 0;
	d.text = malloc(disc->cdtext_size);
	d.previous = malloc(disc->cdtext_size);
	if (!d.text || !d.previous)
		r = sp_fail_memory(err);
	if (!r)
		decode_count(&d, notes);
	for (unsigned block = 0; block < SP_TEXT_BLOCKS && !r; block++)
		r = decode_block(&d, block, notes);
	if (!r)
		decode_toc(&d, notes);
	if (d.differ)
		sp_note(notes,
			"CD-Text: %u texts of packs differ from those that are known "
			"already, which stay",
			d.differ);
	if (d.strays)
		sp_note(notes, "CD-Text: %u texts of tracks the disc does not have", d.strays);
	if (d.foreign)
		sp_note(notes, "CD-Text: %u texts are not in the character set of their block",
			d.foreign);
	free(d.text);
	free(d.previous);
	return r;
}
