/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of a disc of three sessions: what is kept of the layout, and that sectors are the same. */
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

#define RAW SP_PART_MAIN

/* -150 lead, 0 hidden, 4 t1, 34 pregap 40 t2 (60 postgap) 65 lead-out; 65 gap; 165 pregap 175 t3
 * mode 1, 205 t4 XA 225; 225 gap; 325 t5 XA 345 */
static const struct layout_piece three_sessions[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_PREGAP, 4, SP_MODES, RAW}, {LAYOUT_MAIN, 30, 0, 0},
	{LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER}, {LAYOUT_PREGAP, 6, SP_MODES, RAW},
	{LAYOUT_MAIN, 20, 0, 0}, {LAYOUT_POSTGAP, 5, 0, 0}, {LAYOUT_GAP, 100, 0, 0},
	{LAYOUT_SESSION, 0, SP_SESSION_XA, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, RAW},
	{LAYOUT_PREGAP, 10, 0, 0}, {LAYOUT_MAIN, 30, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_XA, RAW},
	{LAYOUT_MAIN, 20, 0, 0}, {LAYOUT_GAP, 100, 0, 0},
	{LAYOUT_SESSION, 0, SP_SESSION_XA, 0}, {LAYOUT_TRACK, 0, SP_MODE_XA, RAW},
	{LAYOUT_MAIN, 20, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
/* clang-format on */

static struct sp_source *whole(void)
{
	struct sp_source *source = streams_source(three_sessions, -150, false);
	struct sp_disc *disc = source->disc;
	static const uint8_t packs[18] = {0x80};

	memcpy(disc->mcn, "4006381333931", 14);
	disc->track[0].index[2] = 10;
	disc->track[0].index[3] = 20;
	memcpy(disc->track[1].isrc, "DEABC2400002", 13);
	if (sp_disc_set_text(disc, 0, SP_TEXT_TITLE, "All") ||
	    sp_disc_set_text(disc, 1, SP_TEXT_TITLE, "One") ||
	    sp_disc_set_text(disc, 2, SP_TEXT_TITLE, "Two") ||
	    sp_disc_set_cdtext(disc, packs, sizeof(packs)) || sp_disc_check(disc, NULL))
		abort();
	return source;
}

/* `view` has a sound disc whose stored sectors are those of the whole at LBA - shift. Closes it. */
static void assert_same(struct sp_source *view, sp_lba shift)
{
	struct sp_source *of = whole(), *moved = NULL;
	struct sp_error err = {0};

	if (sp_disc_check(view->disc, &err))
		fail_msg("%s", err.text);
	assert_int_equal(sp_view_shift(&moved, of, shift, NULL), 0);
	assert_int_equal(streams_differ(view, moved), 0);
	sp_source_close(moved);
	sp_source_close(view);
}

static struct sp_source *track(struct sp_source *source, unsigned number)
{
	struct sp_source *view = NULL;
	struct sp_error err = {0};

	if (sp_view_track(&view, source, number, &err))
		fail_msg("%s", err.text);
	return view;
}

static struct sp_source *range(struct sp_source *source, sp_lba lba, uint64_t count)
{
	struct sp_source *view = NULL;
	struct sp_error err = {0};

	if (sp_view_range(&view, source, lba, count, &err))
		fail_msg("%s", err.text);
	return view;
}

static struct sp_source *session(struct sp_source *source, unsigned number)
{
	struct sp_source *view = NULL;
	struct sp_error err = {0};

	if (sp_view_session(&view, source, number, &err))
		fail_msg("%s", err.text);
	return view;
}

static sp_lba end_of(const struct sp_disc *disc)
{
	return disc->region[disc->regions - 1].lba + (sp_lba)disc->region[disc->regions - 1].count;
}

static void a_track_keeps_its_number_place_and_own_facts(void **unused)
{
	static const sp_lba first[] = {-150, 34, 165, 205, 325}, end[] = {34, 65, 205, 225, 345};
	static const sp_lba start[] = {4, 40, 175, 205, 325};

	(void)unused;
	for (unsigned n = 1; n <= 5; n++) {
		struct sp_source *view = track(whole(), n);
		const struct sp_disc *disc = view->disc;

		assert_int_equal(disc->tracks, 1);
		assert_int_equal(disc->track[0].number, n);
		assert_int_equal(disc->track[0].start, start[n - 1]);
		assert_int_equal(disc->region[0].lba, first[n - 1]);
		assert_int_equal(end_of(disc), end[n - 1]);
		assert_int_equal(disc->sessions, 1);
		assert_int_equal(disc->session[0].number, 1);
		assert_int_equal(disc->session[0].type, n > 2 ? SP_SESSION_XA : 0);
		assert_int_equal(disc->session[0].lead_out, end[n - 1]);
		assert_string_equal(disc->mcn, "4006381333931");
		assert_string_equal(disc->track[0].isrc, n == 2 ? "DEABC2400002" : "");
		assert_int_equal(disc->texts, n <= 2 ? 2 : 1);
		assert_string_equal(sp_disc_text(disc, 0, SP_TEXT_TITLE), "All");
		assert_int_equal(disc->cdtext_size, 0);
		assert_int_equal(disc->track[0].index[3], n == 1 ? 20 : SP_LBA_NONE);
		assert_same(view, 0);
	}
}

static void a_session_is_its_tracks_without_the_gaps_around(void **unused)
{
	static const sp_lba first[] = {-150, 165, 325}, end[] = {65, 225, 345};
	static const size_t tracks[] = {2, 2, 1};

	(void)unused;
	for (unsigned n = 1; n <= 3; n++) {
		struct sp_source *view = session(whole(), n);

		assert_int_equal(view->disc->tracks, tracks[n - 1]);
		assert_int_equal(view->disc->region[0].lba, first[n - 1]);
		assert_int_equal(end_of(view->disc), end[n - 1]);
		assert_int_equal(view->disc->sessions, 1);
		assert_same(view, 0);
	}
}

static void every_range_is_a_sound_disc_of_the_same_sectors(void **unused)
{
	struct sp_source *of = whole();
	unsigned refused = 0, made = 0;

	(void)unused;
	for (sp_lba lba = -152; lba < 350; lba += 7) {
		for (uint64_t count = 1; count < 520; count = count * 2 + 3) {
			struct sp_source *inner = whole(), *view = NULL;
			struct sp_error err = {0};
			const int rc = sp_view_range(&view, inner, lba, count, &err);

			if (rc < 0) { /* nothing, or gaps alone */
				assert_int_equal(rc, SP_ERR_USAGE);
				refused++;
				sp_source_close(inner);
				continue;
			}
			assert_true(view->disc->region[0].lba >= lba);
			assert_true(end_of(view->disc) <= lba + (sp_lba)count);
			made++;
			if (sp_disc_check(view->disc, &err))
				fail_msg("%lld+%llu: %s", (long long)lba, (unsigned long long)count,
					 err.text);
			if (made % 5 == 0)
				assert_int_equal(streams_differ(view, of), 0);
			sp_source_close(view);
		}
	}
	sp_source_close(of);
	assert_true(made > 300);
	assert_true(refused > 20);
}

static void a_range_cuts_tracks_where_it_cuts_sectors(void **unused)
{
	struct sp_source *view = range(whole(), 12, 180);
	const struct sp_disc *disc = view->disc;

	(void)unused;
	assert_int_equal(disc->tracks, 3);
	assert_int_equal(disc->track[0].start, 12);
	assert_int_equal(disc->track[0].length, 22);
	assert_int_equal(disc->track[0].index[0], SP_LBA_NONE);
	assert_int_equal(disc->track[0].index[2], SP_LBA_NONE); /* it was at 10 */
	assert_int_equal(disc->track[0].index[3], 20);
	assert_int_equal(disc->track[1].index[0], 34);
	assert_int_equal(disc->track[2].number, 3);
	assert_int_equal(disc->track[2].length, 17);
	assert_int_equal(disc->sessions, 2);
	assert_int_equal(disc->session[0].lead_out, 65);
	assert_int_equal(disc->session[1].lead_out, 192);
	assert_same(view, 0);

	view = range(whole(), 2, 1); /* of the pregap alone */
	assert_int_equal(view->disc->tracks, 1);
	assert_int_equal(view->disc->track[0].start, 2);
	assert_int_equal(view->disc->track[0].length, 1);
	assert_int_equal(view->disc->region[0].kind, SP_REGION_TRACK);
	assert_same(view, 0);

	view = range(whole(), 62, 30); /* of the postgap alone, then gap */
	assert_int_equal(view->disc->track[0].number, 2);
	assert_int_equal(view->disc->track[0].start, 62);
	assert_int_equal(end_of(view->disc), 65);
	assert_same(view, 0);

	view = range(whole(), 210, 125); /* sessions 2 and 3 are 1 and 2 of the view */
	assert_int_equal(view->disc->sessions, 2);
	assert_int_equal(view->disc->track[0].session, 1);
	assert_int_equal(view->disc->track[1].session, 2);
	assert_same(view, 0);
}

static void a_shift_moves_every_address_and_nothing_else(void **unused)
{
	static const sp_lba shift[] = {0, 1, -1, 1000, -2000};

	(void)unused;
	for (size_t i = 0; i < sizeof(shift) / sizeof(shift[0]); i++) {
		struct sp_source *view = NULL;

		assert_int_equal(sp_view_shift(&view, whole(), shift[i], NULL), 0);
		assert_int_equal(view->disc->track[0].start, 4 + shift[i]);
		assert_int_equal(view->disc->track[0].index[0], -150 + shift[i]);
		assert_int_equal(view->disc->track[0].index[3], 20 + shift[i]);
		assert_int_equal(view->disc->session[2].lead_out, 345 + shift[i]);
		assert_int_equal(view->disc->cdtext_size, 18);

		/* its sectors are those of the whole: the first 8 bytes of data say which */
		uint8_t *data;
		uint16_t *state;
		assert_int_equal(streams_read(view, 180 + shift[i], 3, &data, &state, NULL), 0);
		for (unsigned j = 0; j < 3; j++)
			assert_int_equal(data[j * 2352 + 16], 180 + j);
		free(data);
		free(state);
		assert_same(view, shift[i]);
	}
}

static void views_of_views_are_views(void **unused)
{
	struct sp_source *moved = NULL, *view;

	(void)unused;
	assert_int_equal(sp_view_shift(&moved, session(whole(), 2), -165, NULL), 0);
	view = track(range(moved, 5, 40), 3);
	assert_int_equal(view->disc->track[0].index[0], 5);
	assert_int_equal(view->disc->track[0].start, 10);
	assert_int_equal(end_of(view->disc), 40);
	assert_same(view, -165);
	view = range(range(range(whole(), 0, 300), 10, 200), 180, 1000);
	assert_int_equal(view->disc->region[0].lba, 180);
	assert_int_equal(end_of(view->disc), 210);
	assert_same(view, 0);
}

static void what_is_not_there_is_refused(void **unused)
{
	struct sp_source *of = whole(), *view = NULL;
	struct sp_error err = {0};

	(void)unused;
	assert_int_equal(sp_view_track(&view, of, 0, &err), SP_ERR_USAGE);
	assert_int_equal(sp_view_track(&view, of, 6, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "there is no track 6");
	assert_int_equal(sp_view_session(&view, of, 4, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "there is no session 4");
	assert_int_equal(sp_view_range(&view, of, 345, 10, &err), SP_ERR_USAGE);
	assert_int_equal(sp_view_range(&view, of, -150, 0, &err), SP_ERR_USAGE);
	assert_int_equal(sp_view_range(&view, of, 100, 5, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "there is no track in that part of the disc");
	assert_int_equal(sp_view_shift(&view, of, INT64_MAX, &err), SP_ERR_USAGE);
	assert_int_equal(sp_view_shift(&view, of, -100000, &err), SP_ERR_FORMAT);
	assert_null(view);
	sp_source_close(of);
}

static void a_range_may_reach_past_any_number(void **unused)
{
	struct sp_source *view = range(whole(), INT64_MIN, UINT64_MAX);

	(void)unused;
	assert_int_equal(end_of(view->disc), 345);
	assert_same(view, 0);
	view = range(whole(), 340, UINT64_MAX);
	assert_int_equal(end_of(view->disc), 345);
	assert_same(view, 0);
}

static void count_proof(void *user, const struct sp_proof *proof)
{
	*(unsigned *)user += proof->ok;
}

static void a_part_proves_nothing_and_a_shift_everything(void **unused)
{
	struct double_seen seen = {0};
	const struct double_source_plan plan = {.proof = DOUBLE_PROOF_RIGHT};
	struct sp_source *moved = NULL;
	unsigned proofs = 0;

	(void)unused;
	assert_int_equal(sp_view_shift(&moved, double_source(whole(), &plan, &seen), 8, NULL), 0);
	assert_int_equal(sp_source_prove(moved, count_proof, &proofs, NULL), 0);
	assert_int_equal(proofs, 1);
	struct sp_source *part = track(moved, 2);
	assert_int_equal(sp_source_prove(part, count_proof, &proofs, NULL), 0);
	assert_int_equal(proofs, 1);
	assert_same(part, 8);
	assert_int_equal(seen.broken, 0);
}

static void a_once_only_source_has_to_be_spooled_first(void **unused)
{
	struct double_seen seen = {0};
	const struct double_source_plan plan = {.once = true};
	struct sp_source *once = double_source(whole(), &plan, &seen), *view = NULL;

	(void)unused;
	assert_int_equal(sp_view_track(&view, once, 1, NULL), SP_ERR_USAGE);
	assert_int_equal(sp_view_shift(&view, once, 1, NULL), SP_ERR_USAGE);
	assert_int_equal(sp_spool(&once, once, NULL), 0);
	assert_same(track(once, 1), 0);
	assert_int_equal(seen.broken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_track_keeps_its_number_place_and_own_facts),
		cmocka_unit_test(a_session_is_its_tracks_without_the_gaps_around),
		cmocka_unit_test(every_range_is_a_sound_disc_of_the_same_sectors),
		cmocka_unit_test(a_range_cuts_tracks_where_it_cuts_sectors),
		cmocka_unit_test(a_shift_moves_every_address_and_nothing_else),
		cmocka_unit_test(views_of_views_are_views),
		cmocka_unit_test(what_is_not_there_is_refused),
		cmocka_unit_test(a_range_may_reach_past_any_number),
		cmocka_unit_test(a_part_proves_nothing_and_a_shift_everything),
		cmocka_unit_test(a_once_only_source_has_to_be_spooled_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
