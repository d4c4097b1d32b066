/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of several dumps of one disc the best evidence counts, and what nothing decides is a conflict. */
#include "disc/repair.h"
#include "disc/subchannel.h"
#include "tests/doubles.h"
#include "tests/streams.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* clang-format off */
static const struct layout_piece disc_pieces[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, SP_PART_MAIN},
	{LAYOUT_MAIN, 100, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 10, 0, 0},
	{LAYOUT_MAIN, 90, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece longer_pieces[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, SP_PART_MAIN},
	{LAYOUT_MAIN, 101, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 10, 0, 0},
	{LAYOUT_MAIN, 89, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece bare_pieces[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, SP_PART_USER},
	{LAYOUT_MAIN, 100, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 10, 0, 0},
	{LAYOUT_MAIN, 90, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece sub_pieces[] = {
	{LAYOUT_SESSION, 0, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER | SP_PART_PW}, {LAYOUT_MAIN, 100, 0, 0},
	{LAYOUT_END, 0, 0, 0},
};
/* clang-format on */

enum {
	AUDIO = 130,  /* an LBA of the audio track */
	STORED = 190, /* sectors; the pregap is not */
};

/* A dump of the disc with some sectors wrong. */
struct wrong {
	sp_lba lba;
	uint64_t count;
	uint16_t state;
	unsigned kind;
};
enum { FLIP, MANY, BURST, BURST_BELOW, OTHER_DATA, OTHER_PLACE, QUIET };

struct dump {
	struct sp_source source;
	struct sp_source *inner;
	struct wrong wrong[4];
};

/* A whole sector with other contents or of another place, its EDC right. */
static void dump_build(uint8_t *raw, sp_lba lba, uint8_t fill)
{
	uint8_t user[2048];

	memset(user, fill, sizeof(user));
	assert_int_equal(sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER, SP_PART_MAIN, lba, 1,
					   user, raw, NULL, NULL, NULL),
			 0);
}

static void dump_spoil(const struct wrong *w, sp_lba lba, uint8_t *raw)
{
	switch (w->kind) {
	case FLIP:
		raw[500 + lba % 7] ^= 0x40;
		break;
	case MANY: /* two rows and more: no parity helps */
		for (unsigned i = 0; i < 400; i++)
			raw[600 + i] ^= (uint8_t)(i * 37 + 1 + w->count);
		break;
	case BURST: /* a row and a half */
	case BURST_BELOW:
		for (unsigned i = 0; i < 129; i++)
			raw[600 + (w->kind == BURST ? 0 : 43) + i] ^= (uint8_t)(w->kind + i % 200);
		break;
	case OTHER_DATA:
		dump_build(raw, lba, 0x33);
		break;
	case OTHER_PLACE:
		dump_build(raw, lba + 9, 0x33);
		break;
	default:
		break;
	}
}

static int dump_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct dump *dump = (struct dump *)src;
	const int r = sp_source_read(dump->inner, span, err);

	for (uint32_t i = 0; !r && i < span->count; i++) {
		for (size_t j = 0; j < 4; j++) {
			const struct wrong *w = &dump->wrong[j];
			const sp_lba lba = span->lba + i;

			if (lba < w->lba || lba >= w->lba + (sp_lba)w->count)
				continue;
			dump_spoil(w, lba, span->data + i * span->stride);
			span->state[i] |= w->state;
		}
	}
	return r;
}

static void dump_close(struct sp_source *src)
{
	sp_source_close(((struct dump *)src)->inner);
	free(src);
}

static struct sp_source *dump_of(const struct layout_piece *pieces, const struct wrong *wrong,
				 size_t count)
{
	static const struct sp_source_ops ops = {.read = dump_read, .close = dump_close};
	struct dump *dump = calloc(1, sizeof(*dump));

	assert_non_null(dump);
	dump->inner = streams_source(pieces, 0, false);
	dump->source = (struct sp_source){&ops, dump->inner->disc, 0};
	for (size_t i = 0; i < count; i++)
		dump->wrong[i] = wrong[i];
	return &dump->source;
}

static struct sp_source *dump_with(sp_lba lba, uint64_t count, unsigned kind, uint16_t state)
{
	const struct wrong wrong = {lba, count, state, kind};

	return dump_of(disc_pieces, &wrong, 1);
}

static struct sp_source *whole(void)
{
	return dump_of(disc_pieces, NULL, 0);
}

static struct sp_source *merge_of(struct sp_source *const *source, size_t count, bool majority,
				  unsigned prefer, struct sp_merged *merged)
{
	const struct sp_merge merge = {source, count, majority, prefer};
	struct sp_source *out = NULL;
	struct sp_error err;

	if (sp_merge_open(&out, &merge, merged, &err))
		fail_msg("%s", err.text);
	return out;
}

/* Merges and holds the result against the disc as it was; closes all. Returns 0, or 1 + the first
 * LBA that differs. */
static sp_lba merged_differs(struct sp_source *const *source, size_t count, bool majority,
			     unsigned prefer, struct sp_merged *merged)
{
	struct sp_source *out = merge_of(source, count, majority, prefer, merged), *sound = whole();
	const sp_lba differ = streams_differ(sound, out);
	struct sp_copy copy = {.source = out};

	assert_int_equal(sp_sink_null(&copy.sink, NULL), 0);
	assert_int_equal(sp_copy(&copy, NULL), 0); /* read again, counted once */
	sp_sink_close(copy.sink);
	assert_int_equal(merged->sectors, STORED);
	sp_source_close(out);
	sp_source_close(sound);
	return differ;
}

static void equal_dumps_give_the_disc(void **state)
{
	struct sp_source *source[3] = {whole(), whole(), whole()};
	struct sp_merged merged;

	(void)state;
	assert_int_equal(merged_differs(source, 3, false, 0, &merged), 0);
	assert_int_equal(merged.how[SP_MERGE_EQUAL], STORED);
	assert_int_equal(merged.runs.count, 2);
	sp_runs_free(&merged.runs);
}

/* Each pair: what the first has and what the second has, and who must be believed. */
static void better_evidence_wins_whoever_is_first(void **state)
{
	static const struct {
		sp_lba lba;
		unsigned bad_kind;
		uint16_t bad_state;
		unsigned good_kind;
		uint16_t good_state;
		unsigned how;
	} row[] = {
		{20, QUIET, SP_STATE_UNREAD, QUIET, 0, SP_MERGE_EVIDENCE},
		{20, MANY, SP_STATE_UNREAD, FLIP, 0, SP_MERGE_REPAIRED},
		{20, MANY, SP_STATE_PADDED, QUIET, 0, SP_MERGE_EVIDENCE},
		{20, MANY, 0, QUIET, 0, SP_MERGE_EVIDENCE},
		{20, MANY, 0, QUIET, SP_STATE_C2, SP_MERGE_EVIDENCE},
		{20, MANY, 0, FLIP, SP_STATE_C2, SP_MERGE_REPAIRED},
		{20, FLIP, 0, QUIET, 0, SP_MERGE_EVIDENCE},
		{20, OTHER_PLACE, 0, QUIET, 0, SP_MERGE_EVIDENCE},
		{20, OTHER_PLACE, 0, FLIP, 0, SP_MERGE_REPAIRED},
		{AUDIO, FLIP, SP_STATE_C2, QUIET, 0, SP_MERGE_EVIDENCE},
		{AUDIO, FLIP, SP_STATE_UNREAD, QUIET, 0, SP_MERGE_EVIDENCE},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		const size_t n = i / 2, bad = i % 2;
		struct sp_source *source[2];
		struct sp_merged merged;

		source[bad] = dump_with(row[n].lba, 3, row[n].bad_kind, row[n].bad_state);
		source[!bad] = dump_with(row[n].lba, 3, row[n].good_kind, row[n].good_state);
		if (merged_differs(source, 2, false, 0, &merged))
			fail_msg("row %zu, bad one %zu", n, bad);
		assert_int_equal(merged.how[row[n].how], 3);
		assert_int_equal(merged.how[SP_MERGE_EQUAL], STORED - 3);
		assert_int_equal(merged.source[!bad], 3);
		sp_runs_free(&merged.runs);
	}
}

static void damage_in_different_places_leaves_none(void **state)
{
	struct sp_source *source[2] = {dump_with(10, 40, MANY, 0), dump_with(50, 70, MANY, 0)};
	struct sp_merged merged;

	(void)state;
	/* audio has no evidence: its part of the damage is a conflict */
	assert_int_equal(merged_differs(source, 2, false, 0, &merged), 0);
	assert_int_equal(merged.how[SP_MERGE_EVIDENCE], 90);
	assert_int_equal(merged.how[SP_MERGE_CONFLICT], 10);
	assert_int_equal(merged.source[0], 50 + 10);
	assert_int_equal(merged.source[1], 40);
	sp_runs_free(&merged.runs);
}

/* Neither can be corrected alone: where they differ, one of them is wrong. Damage they share is not
 * seen so. */
static void two_beyond_correction_are_corrected_together(void **state)
{
	static const struct {
		unsigned first, second, how;
	} row[] = {{BURST, BURST_BELOW, SP_MERGE_REPAIRED}, {MANY, MANY, SP_MERGE_DAMAGED}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sp_source *source[2] = {dump_with(20, 1, row[i].first, 0),
					       dump_with(20, 1, row[i].second, 0)};
		struct sp_merged merged;

		assert_int_equal(merged_differs(source, 2, false, 0, &merged),
				 row[i].how == SP_MERGE_REPAIRED ? 0 : 21);
		assert_int_equal(merged.how[row[i].how], 1);
		sp_runs_free(&merged.runs);
	}
}

static void audio_that_differs_is_a_conflict_until_most_agree(void **state)
{
	static const struct {
		unsigned sources, prefer;
		unsigned how;
		bool right;
	} row[] = {
		{2, 0, SP_MERGE_CONFLICT, false},  {2, 2, SP_MERGE_PREFERRED, true},
		{2, 1, SP_MERGE_PREFERRED, false}, {3, 0, SP_MERGE_VOTED, true},
		{3, 1, SP_MERGE_VOTED, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sp_source *source[3] = {dump_with(AUDIO, 2, FLIP, 0), whole(), NULL};
		struct sp_merged merged;

		if (row[i].sources == 3)
			source[2] = whole();
		assert_int_equal(
			merged_differs(source, row[i].sources, false, row[i].prefer, &merged),
			row[i].right ? 0 : AUDIO + 1);
		assert_int_equal(merged.how[row[i].how], 2);
		assert_int_equal(merged.how[SP_MERGE_EQUAL], STORED - 2);
		sp_runs_free(&merged.runs);
	}
}

/* Two that were not read give the third no vote against the fourth. */
static void only_what_was_read_votes(void **state)
{
	struct sp_source *source[4] = {dump_with(AUDIO, 2, FLIP, 0), whole(),
				       dump_with(AUDIO, 2, FLIP, SP_STATE_UNREAD),
				       dump_with(AUDIO, 2, FLIP, SP_STATE_C2)};
	struct sp_merged merged;

	(void)state;
	assert_int_equal(merged_differs(source, 4, true, 0, &merged), AUDIO + 1);
	assert_int_equal(merged.how[SP_MERGE_CONFLICT], 2);
	sp_runs_free(&merged.runs);
}

static void good_data_that_differs_is_a_conflict_unless_majority_is_asked_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct sp_source *source[3] = {dump_with(20, 2, OTHER_DATA, 0), whole(), whole()};
		struct sp_merged merged;

		assert_int_equal(merged_differs(source, 3, i == 1, 0, &merged), i ? 0 : 21);
		assert_int_equal(merged.how[i ? SP_MERGE_VOTED : SP_MERGE_CONFLICT], 2);
		sp_runs_free(&merged.runs);
	}
}

static void what_no_dump_has_stays_unread(void **state)
{
	struct sp_source *source[2] = {dump_with(20, 2, QUIET, SP_STATE_UNREAD),
				       dump_with(21, 2, QUIET, SP_STATE_UNREAD)};
	struct sp_merged merged;
	uint8_t *data;
	uint16_t *bits;
	struct sp_source *out = merge_of(source, 2, false, 0, &merged);

	(void)state;
	assert_int_equal(streams_read(out, 0, 100, &data, &bits, NULL), 0);
	assert_int_equal(bits[20], 0);
	assert_int_equal(bits[21], SP_STATE_UNREAD);
	assert_int_equal(bits[22], 0);
	assert_int_equal(merged.how[SP_MERGE_UNREAD], 1);
	free(data);
	free(bits);
	sp_runs_free(&merged.runs);
	sp_source_close(out);
}

/* A dump whose Q is wrong in some sectors. */
static int sub_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct dump *dump = (struct dump *)src;
	const int r = sp_source_read(dump->inner, span, err);

	for (uint32_t i = 0; !r && i < span->count; i++)
		if (span->lba + i >= dump->wrong[0].lba &&
		    span->lba + i < dump->wrong[0].lba + (sp_lba)dump->wrong[0].count)
			span->data[i * span->stride + 2352 + 30] ^= 0x40;
	return r;
}

static void sub_channel_is_taken_where_q_is_right(void **state)
{
	static const struct sp_source_ops ops = {.read = sub_read, .close = dump_close};
	struct sp_source *source[2], *sound = dump_of(sub_pieces, NULL, 0);
	struct sp_merged merged;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct wrong wrong = {i ? 40 : 5, 20, 0, QUIET};

		source[i] = dump_of(sub_pieces, &wrong, 1);
		source[i]->ops = &ops;
	}
	struct sp_source *out = merge_of(source, 2, false, 0, &merged);
	assert_int_equal(streams_differ(sound, out), 0);
	sp_runs_free(&merged.runs);
	sp_source_close(out);
	sp_source_close(sound);
}

static void other_discs_are_refused_with_the_difference(void **state)
{
	static const struct {
		const struct layout_piece *pieces;
		const char *text;
	} row[] = {{longer_pieces, "length of track 1"}, {bare_pieces, "2048"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sp_source *source[2] = {whole(), dump_of(row[i].pieces, NULL, 0)};
		const struct sp_merge merge = {source, 2, false, 0};
		struct sp_merged merged;
		struct sp_source *out;
		struct sp_error err;

		assert_int_equal(sp_merge_open(&out, &merge, &merged, &err), SP_ERR_DIFFERS);
		if (!strstr(err.text, row[i].text))
			fail_msg("\"%s\" does not say \"%s\"", err.text, row[i].text);
		sp_source_close(source[0]);
		sp_source_close(source[1]);
	}
}

static void wrong_calls_are_refused(void **state)
{
	struct sp_source *source[2] = {whole(), whole()};
	const struct sp_merge row[] = {
		{source, 1, false, 0}, {source, 2, true, 0}, {source, 2, false, 3}};
	struct sp_merged merged;
	struct sp_source *out;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(sp_merge_open(&out, &row[i], &merged, NULL), SP_ERR_USAGE);
	source[1]->caps = SP_SOURCE_ONCE;
	const struct sp_merge merge = {source, 2, false, 0};
	assert_int_equal(sp_merge_open(&out, &merge, &merged, NULL), SP_ERR_USAGE);
	sp_source_close(source[0]);
	sp_source_close(source[1]);
}

static void metadata_one_dump_lacks_comes_from_another(void **state)
{
	struct sp_source *source[2] = {whole(), whole()};
	struct sp_merged merged;

	(void)state;
	memcpy(source[1]->disc->mcn, "4006381333931", 14);
	memcpy(source[1]->disc->track[1].isrc, "DEABC2400002", 13);
	struct sp_source *out = merge_of(source, 2, false, 0, &merged);
	assert_string_equal(out->disc->mcn, "4006381333931");
	assert_string_equal(out->disc->track[1].isrc, "DEABC2400002");
	sp_source_close(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_dumps_give_the_disc),
		cmocka_unit_test(better_evidence_wins_whoever_is_first),
		cmocka_unit_test(damage_in_different_places_leaves_none),
		cmocka_unit_test(two_beyond_correction_are_corrected_together),
		cmocka_unit_test(audio_that_differs_is_a_conflict_until_most_agree),
		cmocka_unit_test(only_what_was_read_votes),
		cmocka_unit_test(good_data_that_differs_is_a_conflict_unless_majority_is_asked_for),
		cmocka_unit_test(what_no_dump_has_stays_unread),
		cmocka_unit_test(sub_channel_is_taken_where_q_is_right),
		cmocka_unit_test(other_discs_are_refused_with_the_difference),
		cmocka_unit_test(wrong_calls_are_refused),
		cmocka_unit_test(metadata_one_dump_lacks_comes_from_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
