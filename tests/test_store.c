/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work store: any order, going on, power cuts. */
#include "stream/store.h"

#include "disc/subchannel.h"
#include "tests/crash.h"
#include "tests/streams.h"

#include <spindle/spindle.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const struct layout_piece long_audio[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER | SP_PART_PW},
	{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_MAIN, 400, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
/* clang-format on */

static const char identity[] = "  PLEXTOR \\ PX-W5224A\nTOC \x7f 1f2e3d ";

static struct sp_store *make(struct crash_folder *folder, const struct sp_disc *disc)
{
	struct sp_store *store = NULL;
	struct sp_error err = {0};

	if (sp_store_create(&store, crash_open(folder, "disc.spindle"), "disc", disc, identity,
			    &err))
		fail_msg("%s", err.text);
	return store;
}

static struct sp_store *reopen(struct crash_folder *folder)
{
	struct sp_store *store = NULL;
	struct sp_error err = {0};

	if (sp_store_open(&store, crash_open(folder, "disc.spindle"), &err))
		fail_msg("%s", err.text);
	return store;
}

static void put(struct sp_store *store, struct sp_source *from, sp_lba lba, uint32_t count,
		uint16_t state)
{
	const struct sp_region *r = sp_disc_region(from->disc, lba);
	struct sp_span span = {.lba = lba,
			       .count = count,
			       .mode = r->mode,
			       .parts = r->parts,
			       .stride = sp_sector_size(r->mode, r->parts)};
	struct sp_error err = {0};

	assert_int_equal(streams_read(from, lba, count, &span.data, &span.state, NULL), 0);
	for (uint32_t i = 0; i < count; i++)
		span.state[i] = state;
	if (sp_store_write(store, &span, &err))
		fail_msg("%s", err.text);
	free(span.data);
	free(span.state);
}

/* All stored sectors, in an order that jumps. */
static void put_all(struct sp_store *store, struct sp_source *from)
{
	const struct sp_disc *disc = from->disc;

	for (size_t i = disc->regions; i--;) {
		const struct sp_region *r = &disc->region[i];

		for (uint64_t j = 0; r->stored && j < r->count; j++)
			put(store, from, r->lba + (sp_lba)(j * 7 % r->count), 1, 0);
	}
}

static void sectors_written_in_any_order_come_back(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_with_facts(streams_odd), *back;
	struct sp_store *store = make(folder, from->disc);
	struct sp_compared found;
	struct sp_sink *sink;

	(void)unused;
	put_all(store, from);
	assert_int_equal(sp_store_source(&back, store, NULL), 0);
	assert_int_equal(streams_differ(from, back), 0); /* before any checkpoint */
	assert_int_equal(sp_store_checkpoint(store, NULL), 0);
	sp_source_close(back);
	assert_int_equal(sp_store_source(&back, reopen(folder), NULL), 0);
	assert_int_equal(streams_differ(from, back), 0);
	assert_int_equal(sp_sink_compare(&sink, back, &found, NULL), 0);
	assert_int_equal(streams_copy(from, sink, NULL), 0);
	assert_int_equal(found.same, 100);
	assert_string_equal(found.layout, "");
	sp_source_close(back);
	crash_free(folder);
}

/* The sub-channel comes and goes apart from the main channel as it does with it. */
static void sub_channel_apart_is_the_same(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_with_facts(streams_odd);
	struct sp_store *store = make(folder, from->disc);
	const size_t stride = sp_store_shape(store).stride;
	unsigned regions = 0;

	(void)unused;
	for (size_t i = 0; i < from->disc->regions; i++) {
		const struct sp_region *r = &sp_store_disc(store)->region[i];
		const size_t main = sp_sector_size(r->mode, r->parts & SP_PART_MAIN);
		const size_t whole = sp_sector_size(r->mode, r->parts);
		uint8_t rows[2 * 2352], sub[2 * 96], back[2 * 2352], *data;
		uint16_t state[2] = {0}, *states;
		struct sp_error err;

		if (!r->stored || r->count < 2 || main != stride || !(r->parts & SP_PART_PW) ||
		    from->disc->region[i].parts != r->parts)
			continue;
		regions++;
		assert_int_equal(streams_read(from, r->lba, 2, &data, &states, NULL), 0);
		for (unsigned n = 0; n < 2; n++) {
			memcpy(rows + n * main, data + n * whole, main);
			memcpy(sub + (size_t)n * 96, data + n * whole + main, 96);
		}
		struct sp_span span = {.lba = r->lba,
				       .count = 2,
				       .mode = r->mode,
				       .parts = r->parts & SP_PART_MAIN,
				       .stride = main,
				       .data = rows,
				       .state = state};
		assert_int_equal(sp_store_write_apart(store, &span, NULL, &err), SP_ERR_USAGE);
		assert_int_equal(sp_store_write_apart(store, &span, sub, &err), 0);
		span.data = back;
		assert_int_equal(sp_store_read(store, &span, &err), 0);
		assert_memory_equal(back, rows, 2 * main);
		uint8_t with[2 * 2448];
		span.data = with;
		span.parts = r->parts;
		span.stride = whole;
		assert_int_equal(sp_store_read(store, &span, &err), 0);
		assert_memory_equal(with, data, 2 * whole);
		free(data);
		free(states);
	}
	assert_true(regions > 0);
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

static void every_fact_of_the_disc_comes_back(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_with_facts(streams_odd);
	struct sp_store *store = make(folder, from->disc);

	(void)unused;
	sp_store_close(store);
	store = reopen(folder);
	const struct sp_disc *a = from->disc, *b = sp_store_disc(store);
	assert_string_equal(sp_store_identity(store), identity);
	assert_int_equal(a->medium, b->medium);
	assert_int_equal(a->profile, b->profile);
	assert_int_equal(a->layer_break, b->layer_break);
	assert_string_equal(a->mcn, b->mcn);
	assert_int_equal(a->sessions, b->sessions);
	assert_memory_equal(a->session, b->session, a->sessions * sizeof(a->session[0]));
	assert_int_equal(a->tracks, b->tracks);
	for (size_t i = 0; i < a->tracks; i++) {
		assert_memory_equal(a->track[i].index, b->track[i].index,
				    sizeof(a->track[i].index));
		assert_string_equal(a->track[i].isrc, b->track[i].isrc);
		assert_int_equal(a->track[i].control, b->track[i].control);
		assert_int_equal(a->track[i].length, b->track[i].length);
		assert_int_equal(a->track[i].mode, b->track[i].mode);
	}
	assert_int_equal(a->regions, b->regions);
	for (size_t i = 0; i < a->regions; i++) {
		assert_int_equal(a->region[i].lba, b->region[i].lba);
		assert_int_equal(a->region[i].count, b->region[i].count);
		assert_int_equal(a->region[i].parts, b->region[i].parts);
		assert_int_equal(a->region[i].kind, b->region[i].kind);
		assert_int_equal(a->region[i].stored, b->region[i].stored);
	}
	assert_int_equal(a->texts, b->texts);
	for (size_t i = 0; i < a->texts; i++) {
		assert_int_equal(a->text[i].track, b->text[i].track);
		assert_int_equal(a->text[i].type, b->text[i].type);
		assert_string_equal(a->text[i].text, b->text[i].text);
	}
	assert_int_equal(a->cdtext_size, b->cdtext_size);
	assert_memory_equal(a->cdtext, b->cdtext, a->cdtext_size);
	assert_int_equal(a->full_toc_size, b->full_toc_size);
	assert_memory_equal(a->full_toc, b->full_toc, a->full_toc_size);
	assert_memory_equal(a->pfi, b->pfi, 2048);
	assert_null(b->dmi);
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

static uint16_t state_at(struct sp_store *store, sp_lba lba)
{
	const struct sp_region *r = sp_disc_region(sp_store_disc(store), lba);
	uint8_t data[2448];
	uint16_t state = 0x1234;
	struct sp_span span = {lba,  1,     r->mode, r->parts, sp_sector_size(r->mode, r->parts),
			       data, &state};

	assert_int_equal(sp_store_read(store, &span, NULL), 0);
	for (size_t i = 0; state == SP_STATE_UNREAD && i < span.stride; i++)
		assert_int_equal(data[i], 0);
	return state;
}

static void a_store_goes_on_where_it_was_left(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_source(streams_odd, -150, false), *back;
	struct sp_store *store = make(folder, from->disc);

	(void)unused;
	put(store, from, 5, 10, SP_STATE_C2);
	put(store, from, 50, 30, 0);
	assert_int_equal(sp_store_checkpoint(store, NULL), 0);
	put(store, from, 20, 5, 0); /* closed without a checkpoint */
	sp_store_close(store);
	store = reopen(folder);
	assert_int_equal(state_at(store, 4), SP_STATE_UNREAD);
	assert_int_equal(state_at(store, 5), SP_STATE_C2);
	assert_int_equal(state_at(store, 14), SP_STATE_C2);
	assert_int_equal(state_at(store, 22), SP_STATE_UNREAD);
	assert_int_equal(state_at(store, 79), 0);
	assert_int_equal(state_at(store, 129), SP_STATE_UNREAD);
	assert_int_equal(state_at(store, -150), SP_STATE_GENERATED);
	assert_int_equal(state_at(store, 90), SP_STATE_GENERATED);
	put(store, from, 0, 40, 0);
	put(store, from, 100, 30, 0);
	assert_int_equal(sp_store_checkpoint(store, NULL), 0);
	assert_int_equal(sp_store_source(&back, store, NULL), 0);
	assert_int_equal(streams_differ(from, back), 0);
	sp_source_close(back);
	sp_source_close(from);
	crash_free(folder);
}

/* The same on the disk, in a directory of its own, opened at the end by the front door. */
static void a_store_on_disk_goes_on_and_opens_as_a_directory(void **unused)
{
	struct sp_source *from = streams_source(streams_odd, -150, false);
	struct sp_store *store;
	struct sp_io *io, *other;
	struct sp_input in;
	struct sp_error err = {0};
	char dir[] = "/tmp/spindle-test.XXXXXX", path[64];

	(void)unused;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/disc.spindle", dir);
	assert_int_equal(sp_io_open_update(&io, path, &err), 0);
	assert_int_equal(sp_store_create(&store, io, "disc", from->disc, identity, &err), 0);
	put(store, from, 5, 10, 0);
	assert_int_equal(sp_store_checkpoint(store, &err), 0);
	assert_int_equal(sp_io_open_update(&other, path, &err), SP_ERR_USAGE);
	sp_store_close(store);

	assert_int_equal(sp_io_open_update(&io, path, &err), 0);
	assert_int_equal(sp_store_open(&store, io, &err), 0);
	assert_string_equal(sp_store_identity(store), identity);
	put(store, from, 0, 5, 0);
	put(store, from, 15, 25, 0);
	put(store, from, 50, 30, 0);
	put(store, from, 100, 30, 0);
	assert_int_equal(sp_store_checkpoint(store, &err), 0);
	sp_store_close(store);

	if (sp_input_open(&in, dir, NULL, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(streams_differ(from, in.source), 0);
	sp_input_close(&in);
	sp_source_close(from);
	for (size_t i = 0; i < 4; i++) {
		static const char *const name[] = {"disc.spindle", "disc.main", "disc.sub",
						   "disc.state"};
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(remove(dir), 0);
}

static void what_is_learnt_later_is_kept_and_the_sectors_with_it(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_source(streams_odd, -150, false), *back;
	struct sp_store *store = make(folder, from->disc);

	(void)unused;
	put_all(store, from);
	for (unsigned i = 0; i < 9; i++) {
		const unsigned syncs = crash_syncs(folder);

		snprintf(from->disc->track[1].isrc, 13, "DEABC24%05u", i / 3);
		assert_int_equal(sp_store_update(store, from->disc, NULL), 0);
		if (i % 3) /* nothing new, nothing written */
			assert_int_equal(crash_syncs(folder), syncs);
		sp_store_close(store);
		store = reopen(folder);
		assert_string_equal(sp_store_disc(store)->track[1].isrc, from->disc->track[1].isrc);
	}
	assert_int_equal(sp_store_source(&back, store, NULL), 0);
	assert_int_equal(streams_differ(from, back), 0);
	sp_source_close(back);
	sp_source_close(from);
	crash_free(folder);
}

static void a_layout_that_would_misread_records_is_refused(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_source(streams_odd, -150, false);
	struct sp_store *store = make(folder, from->disc);
	struct sp_error err = {0};

	(void)unused;
	from->disc->region[1].parts = SP_PART_USER | SP_PART_PW;
	assert_int_equal(sp_store_update(store, from->disc, &err), SP_ERR_USAGE);
	assert_string_equal(err.text,
			    "disc.spindle: sectors from LBA 0 on were stored in another form");
	from->disc->region[1].parts = SP_PART_MAIN;
	assert_int_equal(sp_store_update(store, from->disc, &err), SP_ERR_USAGE);
	from->disc->region[1].parts = SP_PART_MAIN | SP_PART_PW;
	assert_int_equal(sp_store_update(store, from->disc, &err), 0);
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

static void formatted_q_is_kept_as_p_to_w(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_source(long_audio, -150, false);
	uint8_t data[2352 + 294 + 16] = {0}, back[2352 + 96], q[12];
	uint16_t state = 0;
	struct sp_span span = {
		9,    1,     SP_MODE_AUDIO, SP_PART_USER | SP_PART_C2 | SP_PART_Q, sizeof(data),
		data, &state};

	(void)unused;
	from->disc->region[1].parts = span.parts;
	struct sp_store *store = make(folder, from->disc);
	assert_int_equal(sp_store_disc(store)->region[1].parts, SP_PART_USER | SP_PART_PW);
	assert_true(sp_q_position(from->disc, 9, data + 2352 + 294));
	memset(data, 0x77, 2352);
	data[sizeof(data) - 1] = 0x80;
	assert_int_equal(sp_store_write(store, &span, NULL), 0);
	span.parts = SP_PART_USER | SP_PART_PW;
	span.stride = sizeof(back);
	span.data = back;
	assert_int_equal(sp_store_read(store, &span, NULL), 0);
	assert_memory_equal(back, data, 2352);
	sp_sub_get_q(back + 2352, q);
	assert_memory_equal(q, data + 2352 + 294, 12);
	for (unsigned i = 0; i < 96; i++)
		assert_int_equal(back[2352 + i] & 0xbf, 0x80);
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

static void a_failed_sync_is_not_forgotten(void **unused)
{
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_source(streams_odd, -150, false);
	struct sp_store *store = make(folder, from->disc);

	(void)unused;
	for (unsigned nth = 1; nth <= 3; nth++) {
		put(store, from, 5, 10, 0);
		crash_fail_sync(folder, nth);
		assert_int_equal(sp_store_checkpoint(store, NULL), SP_ERR_IO);
		assert_int_equal(sp_store_checkpoint(store, NULL), SP_ERR_IO);
		crash_now(folder, false);
		sp_store_close(store);
		store = reopen(folder);
		assert_int_equal(state_at(store, 5), SP_STATE_UNREAD);
	}
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

static void a_text_that_was_cut_off_leaves_the_one_before(void **unused)
{
	struct crash_folder *folder = crash_new(7);
	struct sp_source *from = streams_source(streams_odd, -150, false);
	struct sp_store *store = make(folder, from->disc);
	unsigned kept = 0, lost = 0;

	(void)unused;
	for (unsigned i = 1; i <= 60; i++) {
		char before[13];

		strcpy(before, sp_store_disc(store)->track[1].isrc);
		snprintf(from->disc->track[1].isrc, 13, "DEABC24%05u", i);
		crash_fail_sync(folder, 1);
		assert_int_equal(sp_store_update(store, from->disc, NULL), SP_ERR_IO);
		assert_string_equal(sp_store_disc(store)->track[1].isrc, before);
		crash_now(folder, true);
		sp_store_close(store);
		store = reopen(folder);
		const char *now = sp_store_disc(store)->track[1].isrc;
		if (!strcmp(now, before))
			lost++;
		else if (!strcmp(now, from->disc->track[1].isrc))
			kept++;
	}
	assert_int_equal(lost + kept, 60);
	assert_true(lost > 5 && kept > 5);
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

enum { CUT_SECTORS = 130, CUT_LIVES = 120, CUT_STEPS = 25 };

static const sp_lba cut_runs[][2] = {{0, 40}, {50, 80}, {100, 130}};

/* A sector's bytes name its version, all of them. */
static void cut_fill(uint8_t *data, size_t size, sp_lba lba, uint32_t version)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i < 4 ? version >> 8 * i
					  : version * 2654435761u + (uint32_t)lba * 97 + i * 13);
}

static uint16_t cut_state(uint32_t version)
{
	return version % 3 == 0 ? SP_STATE_C2 : version % 7 == 0 ? SP_STATE_UNREAD : 0;
}

struct cut {
	uint32_t seed, version;
	uint32_t safe[CUT_SECTORS]; /* version of the last checkpoint; 0: none, or written since */
};

static uint32_t cut_random(struct cut *cut, uint32_t n)
{
	cut->seed = cut->seed * 1664525u + 1013904223u;
	return (cut->seed >> 8) % n;
}

static void cut_write(struct cut *cut, struct sp_store *store, uint32_t *fresh)
{
	static uint8_t data[40 * 2448];
	uint16_t state[40];
	const sp_lba *run = cut_runs[cut_random(cut, 3)];
	const sp_lba lba = run[0] + cut_random(cut, (uint32_t)(run[1] - run[0]));
	const uint32_t count = 1 + cut_random(cut, (uint32_t)(run[1] - lba));
	const struct sp_region *r = sp_disc_region(sp_store_disc(store), lba);
	struct sp_span span = {lba,  count, r->mode, r->parts, sp_sector_size(r->mode, r->parts),
			       data, state};

	cut->version++;
	for (uint32_t i = 0; i < count; i++) {
		cut_fill(data + i * span.stride, span.stride, lba + i, cut->version);
		state[i] = cut_state(cut->version);
		cut->safe[lba + i] = 0;
		fresh[lba + i] = cut->version;
	}
	assert_int_equal(sp_store_write(store, &span, NULL), 0);
}

/* After a cut: each sector is not there, or whole in one version with that version's state. */
static void cut_verify(struct cut *cut, struct sp_store *store)
{
	uint8_t data[2448], like[2448];

	for (size_t i = 0; i < 3; i++) {
		for (sp_lba lba = cut_runs[i][0]; lba < cut_runs[i][1]; lba++) {
			const struct sp_region *r = sp_disc_region(sp_store_disc(store), lba);
			uint16_t state;
			struct sp_span span = {
				lba,  1,     r->mode, r->parts, sp_sector_size(r->mode, r->parts),
				data, &state};

			assert_int_equal(sp_store_read(store, &span, NULL), 0);
			const uint32_t version = (uint32_t)data[0] | (uint32_t)data[1] << 8 |
						 (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
			if (cut->safe[lba]) {
				assert_int_equal(state, cut_state(cut->safe[lba]));
				assert_int_equal(version, cut->safe[lba]);
			}
			if (state & SP_STATE_UNREAD && !cut->safe[lba])
				continue;
			assert_true(version >= 1 && version <= cut->version);
			assert_int_equal(state, cut_state(version));
			cut_fill(like, span.stride, lba, version);
			assert_memory_equal(data, like, span.stride);
		}
	}
}

static void a_power_cut_never_makes_a_sector_there_with_wrong_data(void **unused)
{
	struct crash_folder *folder = crash_new(99);
	struct sp_source *from = streams_source(streams_odd, -150, false);
	struct sp_store *store = make(folder, from->disc);
	struct cut cut = {.seed = 5};
	uint32_t fresh[CUT_SECTORS] = {0};

	(void)unused;
	for (unsigned life = 0; life < CUT_LIVES; life++) {
		const uint32_t steps = cut_random(&cut, CUT_STEPS);

		for (uint32_t i = 0; i < steps; i++) {
			const uint32_t what = cut_random(&cut, 8);

			if (what > 1) {
				cut_write(&cut, store, fresh);
				continue;
			}
			snprintf(from->disc->track[1].isrc, 13, "DEABC24%05u",
				 cut.version % 100000);
			assert_int_equal(what ? sp_store_checkpoint(store, NULL)
					      : sp_store_update(store, from->disc, NULL),
					 0);
			for (unsigned j = 0; j < CUT_SECTORS; j++)
				if (fresh[j])
					cut.safe[j] = fresh[j];
		}
		crash_now(folder, life & 1);
		sp_store_close(store);
		store = reopen(folder);
		cut_verify(&cut, store);
		memset(fresh, 0, sizeof(fresh));
	}
	sp_store_close(store);
	sp_source_close(from);
	crash_free(folder);
}

static void a_bad_stem_or_disc_makes_no_store(void **unused)
{
	static const char *const stem[] = {"", ".x", "a/b", "a\nb", " a"};
	struct crash_folder *folder = crash_new(1);
	struct sp_source *from = streams_source(streams_odd, -150, false);
	struct sp_io *io = crash_open(folder, "disc.spindle");
	struct sp_store *store = NULL;

	(void)unused;
	for (size_t i = 0; i < sizeof(stem) / sizeof(stem[0]); i++)
		assert_int_equal(sp_store_create(&store, io, stem[i], from->disc, "", NULL),
				 SP_ERR_USAGE);
	from->disc->track[0].length++;
	assert_int_equal(sp_store_create(&store, io, "disc", from->disc, "", NULL), SP_ERR_FORMAT);
	assert_null(store);
	sp_io_close(io);
	sp_source_close(from);
	crash_free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sectors_written_in_any_order_come_back),
		cmocka_unit_test(sub_channel_apart_is_the_same),
		cmocka_unit_test(every_fact_of_the_disc_comes_back),
		cmocka_unit_test(a_store_goes_on_where_it_was_left),
		cmocka_unit_test(a_store_on_disk_goes_on_and_opens_as_a_directory),
		cmocka_unit_test(what_is_learnt_later_is_kept_and_the_sectors_with_it),
		cmocka_unit_test(a_layout_that_would_misread_records_is_refused),
		cmocka_unit_test(formatted_q_is_kept_as_p_to_w),
		cmocka_unit_test(a_failed_sync_is_not_forgotten),
		cmocka_unit_test(a_text_that_was_cut_off_leaves_the_one_before),
		cmocka_unit_test(a_power_cut_never_makes_a_sector_there_with_wrong_data),
		cmocka_unit_test(a_bad_stem_or_disc_makes_no_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
