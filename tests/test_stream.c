/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sinks that keep nothing (null, hash, check), and the spool. */
#include "tests/doubles.h"
#include "tests/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define RAW SP_PART_MAIN

enum { ALL = (1u << SP_DIGESTS) - 1 };

/* clang-format off */
/* -150 nothing stored, 0 hidden audio, 2 track 1, 5 pregap and 6 track 2, 8 a stored gap, 12 pregap
 * and 14 track 3 */
static const struct layout_piece three_tracks[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_PREGAP, 2, SP_MODES, RAW}, {LAYOUT_MAIN, 3, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 1, SP_MODES, RAW},
	{LAYOUT_MAIN, 2, 0, 0}, {LAYOUT_GAP, 4, 0, RAW},
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, RAW},
	{LAYOUT_PREGAP, 2, SP_MODES, RAW}, {LAYOUT_MAIN, 2, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece one_track[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_MAIN, 9, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece with_sub[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER | SP_PART_PW},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_MAIN, 700, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece data_track[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, RAW},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_MAIN, 300, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_XA, RAW}, {LAYOUT_MAIN, 200, 0, 0}, {LAYOUT_END, 0, 0, 0},
};

/* Of the formula's bytes, by Python's zlib and hashlib. */
static const char *const whole_hex[SP_DIGESTS] = {"e58d3f0b", "fd9729ae80870e1654d870cb34b2ef06",
	"e9e18cfd7021d2e0cd15acf215ac3b31666aa10b",
	"18dfab7789683f96d60a795e5b2ff95fbdc7c5802d6388ac181ef92e132a34a3"};
static const char *const track_hex[3][SP_DIGESTS] = {
	{"14a7d696", "e79068895fb9fd48c647530ef1161f92", "9ad799860669acb4fc7ebd046aa3e39d13e1f2c6",
	 "8e695a3a004cc0616061d3bba9fd1cb3c0aec1b620a0e412c3bf0aaa82425a0b"},
	{"49904f07", "191769733519f54afb23eb7ce7f0aee5", "880f77ed93915ba9a81134cc4889781ce9afb583",
	 "4c9d95423fc08b03694c6e902726a11f7542a81d3f2d99cb0bfdd0fe6257585a"},
	{"c661d1ac", "15412452a2b7643c7395dfdc63923219", "f34b715c6c937784c7d0345b91bdf0755d229142",
	 "25bede848708bf3873c2012b25cd7f3e5350072ad7f3d3d3ace3c9b5e3795233"},
};
static const char *const single_hex[SP_DIGESTS] = {"1fdf34ca", "746918203da085f26849abc1e075b125",
	"7fbd6e844dbd486af95d5fc040d47a4c0779760c",
	"e7635953476ca71d9aca43bd4c19eac5147ac08610879e08bce5e2cea6e520a4"};
/* clang-format on */

static struct sp_hashes hashes;

static void assert_hash(const struct sp_hash *hash, unsigned track, uint64_t size,
			const char *const hex[SP_DIGESTS])
{
	assert_int_equal(hash->track, track);
	assert_int_equal(hash->size, size);
	for (unsigned i = 0; i < SP_DIGESTS; i++)
		assert_string_equal(hash->hex[i], hex[i]);
}

static void tracks_hash_with_their_pregap_and_gaps_in_the_whole_only(void **unused)
{
	struct sp_sink *sink;

	(void)unused;
	assert_int_equal(sp_sink_hash(&sink, ALL, &hashes, NULL), 0);
	assert_int_equal(streams_copy(streams_source(three_tracks, -150, true), sink, NULL), 0);
	assert_hash(&hashes.whole, 0, 16 * 2352, whole_hex);
	assert_int_equal(hashes.tracks, 3);
	assert_hash(&hashes.track[0], 1, 5 * 2352, track_hex[0]);
	assert_hash(&hashes.track[1], 2, 3 * 2352, track_hex[1]);
	assert_hash(&hashes.track[2], 3, 4 * 2352, track_hex[2]);
}

static void a_single_track_hashes_as_the_whole(void **unused)
{
	struct sp_sink *sink;

	(void)unused;
	assert_int_equal(sp_sink_hash(&sink, ALL, &hashes, NULL), 0);
	assert_int_equal(streams_copy(streams_source(one_track, -150, true), sink, NULL), 0);
	assert_hash(&hashes.whole, 0, 9 * 2352, single_hex);
	assert_int_equal(hashes.tracks, 1);
	assert_hash(&hashes.track[0], 1, 9 * 2352, single_hex);
}

static void digests_not_asked_for_stay_empty(void **unused)
{
	struct sp_sink *sink;

	(void)unused;
	assert_int_equal(sp_sink_hash(&sink, 1u << SP_DIGEST_SHA1, &hashes, NULL), 0);
	assert_int_equal(streams_copy(streams_source(three_tracks, -150, true), sink, NULL), 0);
	assert_string_equal(hashes.whole.hex[SP_DIGEST_SHA1], whole_hex[SP_DIGEST_SHA1]);
	assert_string_equal(hashes.track[2].hex[SP_DIGEST_SHA1], track_hex[2][SP_DIGEST_SHA1]);
	assert_string_equal(hashes.whole.hex[SP_DIGEST_MD5], "");
	assert_string_equal(hashes.track[0].hex[SP_DIGEST_CRC32], "");
}

static void sub_channel_does_not_change_a_hash(void **unused)
{
	static struct sp_hashes other;
	struct sp_sink *sink;

	(void)unused;
	assert_int_equal(sp_sink_hash(&sink, 1, &hashes, NULL), 0);
	assert_int_equal(streams_copy(streams_source(with_sub, -150, false), sink, NULL), 0);
	struct layout_piece plain[sizeof(with_sub) / sizeof(with_sub[0])];
	memcpy(plain, with_sub, sizeof(plain));
	plain[1].parts = SP_PART_USER;
	assert_int_equal(sp_sink_hash(&sink, 1, &other, NULL), 0);
	assert_int_equal(streams_copy(streams_source(plain, -150, false), sink, NULL), 0);
	assert_string_equal(hashes.whole.hex[0], other.whole.hex[0]);
	assert_int_equal(hashes.whole.size, 700 * 2352);
}

static void a_null_sink_takes_everything_stored(void **unused)
{
	struct sp_sink *sink;
	struct sp_source *source = streams_source(three_tracks, -150, false);

	(void)unused;
	assert_int_equal(sp_sink_null(&sink, NULL), 0);
	struct sp_copy copy = {.source = source, .sink = sink};
	assert_int_equal(sp_copy(&copy, NULL), 0);
	assert_int_equal(copy.tally.sectors, 16);
	assert_false(sp_losses_any(&copy.losses));
	sp_sink_close(sink);
	sp_source_close(source);
}

static void check_finds_nothing_in_sound_sectors(void **unused)
{
	struct sp_tally tally;
	struct sp_sink *sink;

	(void)unused;
	assert_int_equal(sp_sink_check(&sink, &tally, NULL, NULL, NULL), 0);
	assert_int_equal(streams_copy(streams_source(data_track, -150, false), sink, NULL), 0);
	assert_int_equal(tally.sectors, 500);
	assert_int_equal(tally.bytes, 500 * 2352);
	for (unsigned bit = 0; bit < 16; bit++)
		assert_int_equal(tally.state[bit], 0);
}

/* Damage is planted at one byte of some sectors of the mode 1 track; state bits come with it. */
static void check_damage(size_t byte, uint16_t given, struct sp_tally *tally)
{
	struct double_seen seen = {0};
	struct sp_sink *sink;
	const struct double_source_plan plan = {
		.damage_at = 66, .damage_count = 130, .damage_byte = byte, .damage_state = given};
	struct sp_source *source = streams_source(data_track, -150, false);

	assert_int_equal(sp_sink_check(&sink, tally, NULL, NULL, NULL), 0);
	assert_int_equal(streams_copy(double_source(source, &plan, &seen), sink, NULL), 0);
	assert_int_equal(seen.broken, 0);
}

static unsigned bit_of(unsigned state)
{
	return (unsigned)__builtin_ctz(state);
}

static void check_finds_planted_errors_and_says_where(void **unused)
{
	/* a byte of user data, of parity alone (Q, 2248…2351), of the header */
	static const struct {
		size_t byte;
		unsigned set, clear;
	} planted[] = {
		{500, SP_STATE_EDC, SP_STATE_HEADER},
		{2300, SP_STATE_ECC, SP_STATE_EDC | SP_STATE_HEADER},
		{13, SP_STATE_HEADER, SP_STATE_C2},
		{5, SP_STATE_HEADER, SP_STATE_C2},
	};
	struct sp_tally tally;

	(void)unused;
	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		check_damage(planted[i].byte, 0, &tally);
		assert_int_equal(tally.state[bit_of(planted[i].set)], 130);
		assert_int_equal(tally.first[bit_of(planted[i].set)], 66);
		for (unsigned bit = 0; bit < 16; bit++)
			if (planted[i].clear >> bit & 1)
				assert_int_equal(tally.state[bit], 0);
	}
}

static void check_counts_the_states_sectors_came_with(void **unused)
{
	struct sp_tally tally;

	(void)unused;
	check_damage(500, SP_STATE_C2 | SP_STATE_PADDED, &tally);
	assert_int_equal(tally.state[bit_of(SP_STATE_C2)], 130);
	assert_int_equal(tally.state[bit_of(SP_STATE_PADDED)], 130);
	assert_int_equal(tally.state[bit_of(SP_STATE_EDC)], 130);
	assert_int_equal(tally.first[bit_of(SP_STATE_C2)], 66);
}

static void a_source_that_can_be_read_again_is_not_spooled(void **unused)
{
	struct sp_source *source = streams_source(three_tracks, -150, false), *out = NULL;

	(void)unused;
	assert_int_equal(sp_spool(&out, source, NULL), 0);
	assert_ptr_equal(out, source);
	sp_source_close(out);
}

struct proofs {
	unsigned right, wrong;
	char what[40], expected[20], found[20];
};

static void count_proof(void *user, const struct sp_proof *proof)
{
	struct proofs *proofs = user;

	*(proof->ok ? &proofs->right : &proofs->wrong) += 1;
	snprintf(proofs->what, sizeof(proofs->what), "%s", proof->what);
	snprintf(proofs->expected, sizeof(proofs->expected), "%s", proof->expected);
	snprintf(proofs->found, sizeof(proofs->found), "%s", proof->found);
}

static struct sp_source *spool_double(const struct layout_piece *piece,
				      const struct double_source_plan *plan,
				      struct double_seen *seen)
{
	struct sp_source *once = double_source(streams_source(piece, -150, false), plan, seen);
	struct sp_source *out = NULL;
	struct sp_error err = {0};

	assert_int_equal(once->caps & SP_SOURCE_ONCE, SP_SOURCE_ONCE);
	if (sp_spool(&out, once, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(seen->broken, 0);
	assert_int_equal(out->caps & SP_SOURCE_ONCE, 0);
	assert_int_equal(sp_disc_check(out->disc, NULL), 0);
	return out;
}

static void a_spooled_source_reads_in_any_order_what_came_once(void **unused)
{
	static const struct layout_piece *const piece[] = {three_tracks, with_sub, data_track};
	const struct double_source_plan plan = {.once = true};

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		struct double_seen seen = {0};
		struct sp_source *out = spool_double(piece[i], &plan, &seen);
		struct sp_source *like = streams_source(piece[i], -150, false);

		assert_int_equal(streams_differ(like, out), 0);
		assert_int_equal(streams_differ(out, like), 0); /* a second time */
		sp_source_close(out);
		sp_source_close(like);
	}
}

static void a_spool_keeps_states_and_makes_what_is_not_stored(void **unused)
{
	struct double_seen seen = {0};
	const struct double_source_plan plan = {.once = true,
						.damage_at = 290,
						.damage_count = 20,
						.damage_byte = 40,
						.damage_state = SP_STATE_C2 | SP_STATE_UNREAD};
	struct sp_source *out = spool_double(data_track, &plan, &seen);
	uint8_t *data;
	uint16_t *state;

	(void)unused;
	assert_int_equal(streams_read(out, 200, 100, &data, &state, NULL), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(state[i], i < 90 ? 0 : SP_STATE_C2 | SP_STATE_UNREAD);
	free(data);
	free(state);
	assert_int_equal(streams_read(out, -100, 1, &data, &state, NULL), 0);
	assert_int_equal(*state, SP_STATE_GENERATED);
	for (unsigned i = 0; i < 2048; i++)
		assert_int_equal(data[i], 0);
	free(data);
	free(state);
	sp_source_close(out);
}

static void a_spool_has_the_disc_as_it_was_at_the_end(void **unused)
{
	struct double_seen seen = {0};
	const struct double_source_plan plan = {.once = true, .late = true};
	struct sp_source *out = spool_double(three_tracks, &plan, &seen);

	(void)unused;
	assert_string_equal(out->disc->track[0].isrc, "DEABC2400001");
	assert_int_equal(out->disc->track[0].index[2], out->disc->track[0].start + 1);
	sp_source_close(out);
}

static void proofs_are_told_again_after_the_source_is_gone(void **unused)
{
	(void)unused;
	for (unsigned kind = DOUBLE_PROOF_RIGHT; kind <= DOUBLE_PROOF_WRONG; kind++) {
		struct double_seen seen = {0};
		struct proofs proofs = {0};
		const struct double_source_plan plan = {.once = true, .proof = kind};
		struct sp_source *out = spool_double(one_track, &plan, &seen);

		for (unsigned again = 0; again < 2; again++)
			assert_int_equal(sp_source_prove(out, count_proof, &proofs, NULL), 0);
		assert_int_equal(proofs.right, kind == DOUBLE_PROOF_RIGHT ? 2 : 0);
		assert_int_equal(proofs.wrong, kind == DOUBLE_PROOF_WRONG ? 2 : 0);
		assert_string_equal(proofs.what, "double CRC-32");
		assert_string_equal(proofs.expected, "11223344");
		assert_string_equal(proofs.found,
				    kind == DOUBLE_PROOF_RIGHT ? "11223344" : "55667788");
		sp_source_close(out);
	}
}

static void a_spool_that_fails_leaves_the_source_to_its_owner(void **unused)
{
	static const struct double_source_plan plan[] = {
		{.once = true, .fail_at = 5, .fail_count = 1},
		{.once = true, .proof = DOUBLE_PROOF_ERROR},
	};

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct double_seen seen = {0};
		struct sp_error err = {0};
		struct sp_source *out = NULL;
		struct sp_source *once =
			double_source(streams_source(one_track, -150, false), &plan[i], &seen);

		assert_int_equal(sp_spool(&out, once, &err), SP_ERR_IO);
		assert_null(out);
		assert_true(err.text[0]);
		sp_source_close(once); /* a second close would be seen by the sanitizer */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracks_hash_with_their_pregap_and_gaps_in_the_whole_only),
		cmocka_unit_test(a_single_track_hashes_as_the_whole),
		cmocka_unit_test(digests_not_asked_for_stay_empty),
		cmocka_unit_test(sub_channel_does_not_change_a_hash),
		cmocka_unit_test(a_null_sink_takes_everything_stored),
		cmocka_unit_test(check_finds_nothing_in_sound_sectors),
		cmocka_unit_test(check_finds_planted_errors_and_says_where),
		cmocka_unit_test(check_counts_the_states_sectors_came_with),
		cmocka_unit_test(a_source_that_can_be_read_again_is_not_spooled),
		cmocka_unit_test(a_spooled_source_reads_in_any_order_what_came_once),
		cmocka_unit_test(a_spool_keeps_states_and_makes_what_is_not_stored),
		cmocka_unit_test(a_spool_has_the_disc_as_it_was_at_the_end),
		cmocka_unit_test(proofs_are_told_again_after_the_source_is_gone),
		cmocka_unit_test(a_spool_that_fails_leaves_the_source_to_its_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
