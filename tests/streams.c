/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources and copies for the tests of sinks, views, spool and store. */
#include "tests/streams.h"

#include "stream/pattern.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct layout_piece streams_odd[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, SP_PART_MAIN | SP_PART_PW},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_MAIN, 40, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 10, 0, 0},
	{LAYOUT_MAIN, 30, 0, 0}, {LAYOUT_GAP, 20, 0, 0},
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, SP_PART_USER},
	{LAYOUT_MAIN, 30, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
/* clang-format on */

static int formula_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	(void)src;
	(void)err;
	for (uint32_t i = 0; i < span->count; i++)
		for (size_t j = 0; j < span->stride; j++)
			span->data[i * span->stride + j] =
				(uint8_t)((uint64_t)(span->lba + i) * 31 + j * 7 + (j >> 8));
	return 0;
}

static void formula_close(struct sp_source *src)
{
	sp_disc_free(src->disc);
	free(src);
}

struct sp_source *streams_source(const struct layout_piece *piece, sp_lba start, bool formula)
{
	static const struct sp_source_ops ops = {.read = formula_read, .close = formula_close};
	const struct layout layout = {"streams", piece, 0, SP_MEDIUM_CD, 1, start, NULL};
	struct sp_disc *disc = layout_build(&layout);
	struct sp_source *source = NULL;

	if (sp_disc_check(disc, NULL))
		abort();
	if (!formula && !sp_pattern_source(&source, disc, 7, NULL))
		return source;
	source = calloc(1, sizeof(*source));
	if (!source)
		abort();
	*source = (struct sp_source){&ops, disc, 0};
	return source;
}

static void streams_facts(struct sp_disc *disc)
{
	uint8_t packs[36] = {0x80, 1, 2, 3}, *toc = malloc(70), *pfi = malloc(2048);
	int failed = 0;

	if (!toc || !pfi)
		abort();
	memcpy(disc->mcn, "4006381333931", 14);
	disc->track[1].index[5] = disc->track[1].start + 3;
	disc->track[1].control |= SP_CONTROL_COPY;
	memcpy(disc->track[1].isrc, "DEABC2400002", 13);
	failed |= sp_disc_set_text(disc, 0, SP_TEXT_TITLE, " A \"disc\"\\ \t\n ");
	failed |= sp_disc_set_text(disc, 2, SP_TEXT_PERFORMER, "Händel");
	failed |= sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "one");
	failed |= sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "two");
	failed |= sp_disc_set_cdtext(disc, packs, sizeof(packs));
	for (unsigned i = 0; i < 70; i++)
		toc[i] = (uint8_t)(i * 5);
	for (unsigned i = 0; i < 2048; i++)
		pfi[i] = (uint8_t)(i * 3);
	disc->full_toc = toc;
	disc->full_toc_size = 70;
	disc->pfi = pfi;
	disc->layer_break = 7;
	disc->profile = 8;
	if (failed)
		abort();
}

struct sp_source *streams_with_facts(const struct layout_piece *piece)
{
	struct sp_source *source = streams_source(piece, -150, false);

	streams_facts(source->disc);
	if (sp_disc_check(source->disc, NULL))
		abort();
	return source;
}

int streams_copy(struct sp_source *source, struct sp_sink *sink, struct sp_error *err)
{
	struct sp_copy copy = {.source = source, .sink = sink, .lossy = true};
	const int rc = sp_copy(&copy, err);

	sp_sink_close(sink);
	sp_source_close(source);
	return rc;
}

int streams_read(struct sp_source *source, sp_lba lba, uint32_t count, uint8_t **data,
		 uint16_t **state, struct sp_error *err)
{
	const struct sp_region *region = sp_disc_region(source->disc, lba);

	if (!region)
		return sp_fail(err, SP_ERR_USAGE, "no region");
	struct sp_span span = {.lba = lba,
			       .count = count,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts)};
	span.data = *data = malloc(span.stride * count);
	span.state = *state = calloc(count, sizeof(span.state[0]));
	if (!span.data || !span.state)
		abort();
	memset(span.data, 0xa5, span.stride * count);
	return sp_source_read(source, &span, err);
}

sp_lba streams_differ(struct sp_source *a, struct sp_source *b)
{
	for (size_t i = 0; i < a->disc->regions; i++) {
		const struct sp_region *r = &a->disc->region[i];

		for (uint64_t at = 0; r->stored && at < r->count; at++) {
			const sp_lba lba = r->lba + (sp_lba)at;
			uint8_t *one = NULL, *other = NULL;
			uint16_t *state = NULL, *other_state = NULL;
			const bool same = !streams_read(a, lba, 1, &one, &state, NULL) &&
					  !streams_read(b, lba, 1, &other, &other_state, NULL) &&
					  *state == *other_state &&
					  !memcmp(one, other, sp_sector_size(r->mode, r->parts));

			free(one);
			free(other);
			free(state);
			free(other_state);
			if (!same)
				return lba + 1;
		}
	}
	return 0;
}
