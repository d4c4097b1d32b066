/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packs for a target: those of the source as long as they say what the texts say, block by
 * block, and new ones for the rest. */
#include "base/bytes.h"
#include "disc/cdtext.h"

#include <stdlib.h>
#include <string.h>

enum { PACKS_ENGLISH = 0x09, PACKS_JAPANESE = 0x69 };

struct packs {
	uint8_t *data;
	size_t count, room;
	struct sp_cdtext_lost lost;
	struct sp_error *err;
};

/* A disc with the same tracks and, when `lines`, the texts a sheet's keywords hold. NULL: no
 * memory. */
static struct sp_disc *packs_scratch(const struct sp_disc *disc, bool lines)
{
	struct sp_disc *scratch = sp_disc_new();
	int r = 0;

	for (size_t i = 0; scratch && i < disc->tracks && !r; i++) {
		struct sp_track *track = sp_disc_add_track(scratch);

		if (track)
			track->number = disc->track[i].number;
		else
			r = SP_ERR_MEMORY;
	}
	for (size_t i = 0; scratch && lines && i < disc->texts && !r; i++) {
		const struct sp_text *text = &disc->text[i];

		if (text->type != SP_TEXT_REMARK && sp_cdtext_is_line(text))
			r = sp_disc_set_text(scratch, text->track, text->type, text->text);
	}
	if (!r)
		return scratch;
	sp_disc_free(scratch);
	return NULL;
}

static bool packs_has(const struct sp_disc *disc, const struct sp_disc *texts, unsigned block)
{
	for (size_t i = 0; i < texts->texts; i++) {
		const struct sp_text *text = &texts->text[i];

		if (text->block != block || text->type == SP_TEXT_REMARK)
			continue;
		const char *other = sp_disc_block_text(disc, block, text->track, text->type);
		if (!other || strcmp(other, text->text) != 0)
			return false;
	}
	return true;
}

/* Blocks of disc->cdtext that say no more and no less than the texts, as bits. */
static int packs_true(const struct sp_disc *disc, unsigned use, unsigned *blocks,
		      struct sp_error *err)
{
	struct sp_disc *said = packs_scratch(disc, use == SP_CDTEXT_BESIDE);

	*blocks = 0;
	if (!said || sp_disc_set_cdtext(said, disc->cdtext, disc->cdtext_size) < 0) {
		sp_disc_free(said);
		return sp_fail_memory(err);
	}
	const int r = sp_cdtext_decode(said, NULL, err);
	for (unsigned b = 0; b < SP_TEXT_BLOCKS && !r; b++) {
		const struct sp_text_block *want = &disc->block[b], *have = &said->block[b];

		if ((!want->language || want->language == have->language) &&
		    (!want->genre || want->genre == have->genre) && packs_has(said, disc, b) &&
		    packs_has(disc, said, b))
			*blocks |= 1u << b;
	}
	sp_disc_free(said);
	return r;
}

/* Room for one more block. */
static uint8_t *packs_room(struct packs *to)
{
	if (to->room - to->count < SP_PACKS_MAX) {
		const size_t room = to->room + SP_PACKS_MAX;
		uint8_t *data = realloc(to->data, room * SP_PACK_SIZE);

		if (!data)
			return NULL;
		to->data = data;
		to->room = room;
	}
	return to->data + to->count * SP_PACK_SIZE;
}

/* The good packs of one block of the source; the rest of what `from` says is counted. */
static size_t packs_of(const uint8_t *from, size_t size, unsigned block, uint8_t *to)
{
	size_t count = 0;

	for (size_t at = 0; at + SP_PACK_SIZE <= size && count < SP_PACKS_MAX; at += SP_PACK_SIZE)
		if ((from[at + 3] >> 4 & 7) == block && sp_cdtext_pack_good(from, size, at))
			memcpy(to + count++ * SP_PACK_SIZE, from + at, SP_PACK_SIZE);
	return count;
}

static int packs_block(struct packs *to, const struct sp_disc *disc, unsigned block, bool keep,
		       bool beside)
{
	uint8_t old[SP_PACKS_MAX * SP_PACK_SIZE];
	const size_t olds = packs_of(disc->cdtext, disc->cdtext_size, block, old);
	uint8_t *at = packs_room(to);

	if (!at)
		return sp_fail_memory(to->err);
	if (keep && olds) {
		memcpy(at, old, olds * SP_PACK_SIZE);
		to->count += olds;
		return 0;
	}
	struct sp_cdtext_block made = {.disc = disc,
				       .block = block,
				       .beside = beside,
				       .old = old,
				       .olds = olds,
				       .packs = at};
	const int r = sp_cdtext_encode_block(&made, to->err);
	if (r < 0)
		return r;
	to->count += made.count;
	if (!to->lost.letters && !to->lost.texts) {
		to->lost.track = made.lost.track;
		to->lost.type = made.lost.type;
	}
	to->lost.blocks |= (unsigned)(made.lost.letters || made.lost.texts) << block;
	to->lost.letters += made.lost.letters;
	to->lost.texts += made.lost.texts;
	to->lost.packs += made.lost.packs;
	return 0;
}

/* The language of a block that has packs. */
static uint8_t packs_language(const struct sp_disc *disc, unsigned block, const uint8_t *sizes)
{
	const unsigned said = disc->block[block].language;

	if (said)
		return (uint8_t)said;
	if (sizes[SP_SIZES_LANGUAGE + block])
		return sizes[SP_SIZES_LANGUAGE + block];
	if (block)
		return 0;
	return sizes[SP_SIZES_CHARSET] == SP_TEXT_MSJIS ? PACKS_JAPANESE : PACKS_ENGLISH;
}

/* Every block's table tells the last sequence number and the language of all. */
static void packs_tell(struct packs *of, const struct sp_disc *disc)
{
	uint8_t all[SP_TEXT_BLOCKS * 2] = {0};
	const size_t size = of->count * SP_PACK_SIZE;

	for (size_t at = 0; at < size; at += SP_PACK_SIZE)
		all[of->data[at + 3] >> 4 & 7] = of->data[at + 2];
	for (unsigned b = 0; b < SP_TEXT_BLOCKS; b++) {
		uint8_t sizes[SP_PACK_SIZES_BYTES] = {0};

		if (sp_cdtext_sizes(of->data, size, b, sizes))
			all[SP_TEXT_BLOCKS + b] = packs_language(disc, b, sizes);
	}
	for (size_t at = 0; at < size; at += SP_PACK_SIZE) {
		uint8_t *pack = of->data + at;

		if (pack[0] != SP_PACK_SIZES)
			continue;
		if (pack[1] == 1) /* bytes 12…23 of the table */
			memcpy(pack + 4 + 8, all, 4);
		else if (pack[1] == 2)
			memcpy(pack + 4, all + 4, 12);
		sp_cdtext_seal(pack);
	}
}

/* Blocks of `keep` as they are in disc->cdtext, others from the texts. */
static int packs_make(struct packs *to, const struct sp_disc *disc, unsigned keep, bool beside)
{
	int r = 0;

	for (unsigned b = 0; b < SP_TEXT_BLOCKS && !r; b++)
		r = packs_block(to, disc, b, keep >> b & 1, beside);
	if (r < 0)
		return r;
	for (size_t at = 0; at < disc->cdtext_size; at += SP_PACK_SIZE)
		if (disc->cdtext[at] && !sp_cdtext_pack_good(disc->cdtext, disc->cdtext_size, at))
			to->lost.packs++;
	packs_tell(to, disc);
	return 0;
}

static int packs_copy(struct packs *to, const struct sp_disc *disc)
{
	to->data = malloc(disc->cdtext_size);
	if (!to->data)
		return sp_fail_memory(to->err);
	memcpy(to->data, disc->cdtext, disc->cdtext_size);
	to->count = disc->cdtext_size / SP_PACK_SIZE;
	return 0;
}

/* Would the lines of a sheet alone give these packs? */
static int packs_are_lines(const struct packs *packs, const struct sp_disc *disc, bool *are,
			   struct sp_error *err)
{
	struct sp_disc *lines = packs_scratch(disc, true);
	struct packs made = {.err = err};
	const int r = lines ? packs_make(&made, lines, 0, true) : sp_fail_memory(err);

	*are = !r && made.count == packs->count &&
	       (!made.count || !memcmp(made.data, packs->data, made.count * SP_PACK_SIZE));
	sp_disc_free(lines);
	free(made.data);
	return r;
}

int sp_cdtext_packs(const struct sp_disc *disc, unsigned use, uint8_t **packs, size_t *size,
		    struct sp_cdtext_lost *lost, struct sp_error *err)
{
	const unsigned all = (1u << SP_TEXT_BLOCKS) - 1;
	struct packs made = {.err = err};
	unsigned keep = 0;
	bool lines = false;
	int r = disc->cdtext_size ? packs_true(disc, use, &keep, err) : 0;

	*packs = NULL;
	*size = 0;
	if (!r)
		r = keep == all ? packs_copy(&made, disc)
				: packs_make(&made, disc, keep, use == SP_CDTEXT_BESIDE);
	if (!r && use == SP_CDTEXT_BESIDE)
		r = packs_are_lines(&made, disc, &lines, err);
	if (lost)
		*lost = made.lost;
	if (r < 0 || lines || !made.count) {
		free(made.data);
		return r;
	}
	*packs = made.data;
	*size = made.count * SP_PACK_SIZE;
	return 0;
}

int sp_cdtext_encode(const struct sp_disc *disc, uint8_t **packs, size_t *size,
		     struct sp_cdtext_lost *lost, struct sp_error *err)
{
	struct sp_disc bare = *disc; /* borrowed but for the packs, and never freed */

	bare.cdtext = NULL;
	bare.cdtext_size = 0;
	return sp_cdtext_packs(&bare, SP_CDTEXT_WHOLE, packs, size, lost, err);
}
