/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checksums of music against values computed elsewhere (tests were worked out in Python from the
 * published formulas), and answers of the database against discs they are of and are not. */
#include "base/bytes.h"

#include <spindle/accuraterip.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Audio tracks one after another from `start`; sample n is (n − zero)·2654435761 + 12345. */
struct music {
	struct sp_source source;
	int64_t zero;
	sp_lba bad; /* a sector that could not be read */
	bool silent;
};

static int music_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct music *m = (const struct music *)src;
	const int64_t at = span->lba * 588 - m->zero;

	(void)err;
	for (int64_t i = 0; i < (int64_t)span->count * 588; i++)
		put_le32(span->data + i * 4,
			 m->silent ? 0 : (uint32_t)((uint64_t)(at + i) * 2654435761u + 12345));
	for (uint32_t i = 0; i < span->count; i++)
		span->state[i] = span->lba + i == m->bad ? SP_STATE_UNREAD : 0;
	return 0;
}

static void music_close(struct sp_source *src)
{
	sp_disc_free(src->disc);
}

static const struct sp_source_ops music_ops = {.read = music_read, .close = music_close};

/* `sectors` of each track, 0-ended; the first begins at `start`, what is before it is its pregap.
 */
static struct sp_disc *music_disc(sp_lba start, const unsigned *sectors)
{
	struct sp_disc *disc = sp_disc_new();
	struct sp_session *session = sp_disc_add_session(disc);
	struct sp_region region = {.session = 1,
				   .track = 1,
				   .mode = SP_MODE_AUDIO,
				   .parts = SP_PART_USER,
				   .stored = true};
	sp_lba at = start;

	if (start > 0) {
		region.count = (uint64_t)start;
		region.kind = SP_REGION_PREGAP;
		sp_disc_add_region(disc, &region);
	}
	region.kind = SP_REGION_TRACK;
	for (unsigned i = 0; sectors[i]; i++, at += region.count) {
		struct sp_track *track = sp_disc_add_track(disc);

		track->index[1] = track->start = region.lba = at;
		track->length = region.count = sectors[i];
		region.track = track->number;
		if (!i && start > 0)
			track->index[0] = 0;
		sp_disc_add_region(disc, &region);
	}
	session->lead_out = at;
	assert_int_equal(sp_disc_check(disc, NULL), 0);
	return disc;
}

static void music_rip(struct music *m, sp_lba start, const unsigned *sectors, struct sp_ar *ar)
{
	struct sp_copy copy = {.source = &m->source};
	struct sp_error err;

	m->source = (struct sp_source){&music_ops, music_disc(start, sectors), 0};
	assert_int_equal(sp_sink_accuraterip(&copy.sink, ar, &err), 0);
	assert_int_equal(sp_copy(&copy, &err), 0);
	sp_sink_close(copy.sink);
	sp_source_close(&m->source);
}

static void checksums_are_those_of_a_track_that_is_first_last_both_or_neither(void **state)
{
	(void)state;
	static const struct {
		unsigned sectors[4];
		unsigned track; /* of 20 sectors, which the formula begins with */
		uint32_t v1, v2;
	} golden[] = {
		{{30, 20, 40}, 1, 0xac3cc368, 0xae4c48e3},
		{{20, 40}, 0, 0xc7906996, 0xc97efa8e},
		{{30, 20}, 1, 0x9afec4f6, 0x9c278f6d},
		{{20}, 0, 0xb6526b24, 0xb75a4118},
	};

	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		struct music m = {.bad = -1, .zero = golden[i].track ? 30 * 588 : 0};
		struct sp_ar ar;

		music_rip(&m, 0, golden[i].sectors, &ar);
		const struct sp_ar_track *t = &ar.track[golden[i].track];
		assert_int_equal(t->samples, 11760);
		assert_int_equal(t->v1, golden[i].v1);
		assert_int_equal(t->v2, golden[i].v2);
		assert_int_equal(t->crc32, 0x47c5ee6a);
		assert_false(t->silent || t->damaged);
		assert_int_equal(t->frame450, 0);
		sp_ar_clear(&ar);
	}
}

static void a_hidden_track_is_in_no_checksum(void **state)
{
	(void)state;
	static const unsigned one[] = {20, 0};
	struct music m = {.bad = 3, .zero = 100 * 588};
	struct sp_ar ar;

	music_rip(&m, 100, one, &ar);
	assert_int_equal(ar.tracks, 1);
	assert_int_equal(ar.track[0].v1, 0xb6526b24);
	assert_false(ar.track[0].damaged);
	sp_ar_clear(&ar);
}

static const unsigned three[] = {25, 31, 40, 0};

static void checksums_of_a_disc_are_those_of_each_track(void **state)
{
	(void)state;
	static const uint32_t golden[3][4] = {
		{0xcf0474c2, 0x740edcf6, 0x6a110d98, 0x6d286338},
		{0x011170de, 0x011170de, 0x013facee, 0x0632effd},
		{0x966765ab, 0x689d962e, 0xacdefe5e, 0xb32e6bfd},
	};
	struct music m = {.bad = 30};
	struct sp_ar ar;

	music_rip(&m, 0, three, &ar);
	assert_int_equal(ar.tracks, 3);
	assert_int_equal(ar.ctdb, 0x8b46ff6d);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ar.track[i].number, i + 1);
		assert_int_equal(ar.track[i].crc32, golden[i][0]);
		assert_int_equal(ar.track[i].ctdb, golden[i][1]);
		assert_int_equal(ar.track[i].v1, golden[i][2]);
		assert_int_equal(ar.track[i].v2, golden[i][3]);
		assert_int_equal(ar.track[i].damaged, i == 1);
	}
	sp_ar_clear(&ar);
}

static void checksums_of_other_offsets_are_those_of_a_moved_disc(void **state)
{
	(void)state;
	static const struct {
		int offset;
		uint32_t v1;
	} golden[] = {{-2939, 0xf2410138}, {-588, 0x95cf7d56}, {-1, 0xf70d6aac},
		      {0, 0x013facee},     {1, 0x0b71ef30},    {6, 0x3e6d3a7a},
		      {48, 0xeaac194e},    {2939, 0x103e58a4}};
	struct music m = {.bad = -1};
	struct sp_ar ar, moved;
	uint32_t v1;

	music_rip(&m, 0, three, &ar);
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		assert_true(sp_ar_v1_at(&ar, 1, golden[i].offset, &v1));
		assert_int_equal(v1, golden[i].v1);
		/* the first and last track's are seen by moving the disc indeed */
		m.zero = -golden[i].offset;
		music_rip(&m, 0, three, &moved);
		for (size_t t = 0; t < 3; t++) {
			assert_true(sp_ar_v1_at(&ar, t, golden[i].offset, &v1));
			assert_int_equal(v1, moved.track[t].v1);
		}
		sp_ar_clear(&moved);
	}
	assert_false(sp_ar_v1_at(&ar, 1, 2940, &v1));
	assert_false(sp_ar_v1_at(&ar, 1, -2940, &v1));
	assert_false(sp_ar_v1_at(&ar, 3, 0, &v1));
	sp_ar_clear(&ar);
}

static void sector_450_has_a_checksum_of_its_own(void **state)
{
	(void)state;
	static const unsigned sectors[] = {460, 20, 451, 450, 0};
	struct music m = {.bad = -1};
	struct sp_ar ar;
	uint32_t crc;

	music_rip(&m, 0, sectors, &ar);
	assert_int_equal(ar.track[0].frame450, 0x030a798a);
	assert_int_equal(ar.track[1].frame450, 0);
	assert_int_not_equal(ar.track[2].frame450, 0);
	assert_int_equal(ar.track[3].frame450, 0);
	assert_true(sp_ar_frame450_at(&ar, 0, -2939, &crc));
	assert_true(sp_ar_frame450_at(&ar, 0, 2939, &crc));
	assert_false(sp_ar_frame450_at(&ar, 0, 2940, &crc));
	assert_false(sp_ar_frame450_at(&ar, 1, 0, &crc));
	sp_ar_clear(&ar);
}

static void short_and_silent_tracks_have_no_false_checksums(void **state)
{
	(void)state;
	static const unsigned tiny[] = {4, 0}, two[] = {3, 2, 0};
	struct music m = {.bad = -1};
	struct sp_ar ar;
	uint32_t v1;

	music_rip(&m, 0, tiny, &ar);
	assert_int_equal(ar.track[0].v1, 0);
	assert_int_equal(ar.ctdb, 0);
	assert_false(sp_ar_v1_at(&ar, 0, 0, &v1));
	sp_ar_clear(&ar);
	music_rip(&m, 0, two, &ar);
	assert_int_equal(ar.ctdb, 0);
	sp_ar_clear(&ar);
	m.silent = true;
	music_rip(&m, 0, three, &ar);
	assert_true(ar.track[0].silent && ar.track[1].silent && ar.track[2].silent);
	assert_int_equal(ar.track[1].v2, 0);
	sp_ar_clear(&ar);
}

/* --- answers ------------------------------------------------------------------------------- */

static size_t answer_put(uint8_t *p, const struct sp_disc *disc, const uint8_t *confidence,
			 const uint32_t *crc, const uint32_t *frame450)
{
	uint32_t id[3];
	char text[27];

	assert_true(sp_disc_id_accuraterip(disc, text));
	for (unsigned i = 0; i < 3; i++) {
		id[i] = (uint32_t)strtoul(text + i * 9, NULL, 16);
		put_le32(p + 1 + i * 4, id[i]);
	}
	p[0] = (uint8_t)disc->tracks;
	for (size_t i = 0; i < disc->tracks; i++) {
		p[13 + i * 9] = confidence[i];
		put_le32(p + 14 + i * 9, crc[i]);
		put_le32(p + 18 + i * 9, frame450[i]);
	}
	return 13 + disc->tracks * 9;
}

static const unsigned long_three[] = {500, 470, 480, 0};

static void every_pressing_counts_for_a_track(void **state)
{
	(void)state;
	struct music m = {.bad = -1};
	struct sp_ar_verdict verdict[SP_TRACK_MAX];
	struct sp_ar_response response;
	struct sp_ar ar, other;
	uint8_t data[1000];
	size_t size = 0;

	struct sp_disc *disc = music_disc(0, long_three);
	music_rip(&m, 0, long_three, &ar);
	m.zero = -664;
	music_rip(&m, 0, long_three, &other);
	const uint32_t none[3] = {0};
	const uint32_t v1[] = {ar.track[0].v1, ar.track[1].v1, 0x12345678};
	const uint32_t v2[] = {ar.track[0].v2, 0x87654321, 0x11111111};
	const uint32_t moved[] = {other.track[0].v1, other.track[1].v1, other.track[2].v1};
	size += answer_put(data + size, disc, (const uint8_t[]){7, 3, 200}, v1, none);
	size += answer_put(data + size, disc, (const uint8_t[]){9, 100, 1}, v2, none);
	size += answer_put(data + size, disc, (const uint8_t[]){4, 4, 4}, moved, none);

	assert_int_equal(sp_ar_parse(&response, "x.bin", data, size, NULL), 0);
	assert_true(sp_ar_is_of(&response, disc));
	sp_ar_compare(&ar, &response, verdict);
	assert_int_equal(verdict[0].confidence, 16);
	assert_int_equal(verdict[0].version, 2);
	assert_int_equal(verdict[1].confidence, 3);
	assert_int_equal(verdict[1].version, 1);
	assert_int_equal(verdict[1].most, 100);
	assert_int_equal(verdict[2].confidence, 0);
	assert_int_equal(verdict[2].other, 4);
	assert_int_equal(verdict[2].offset, 664);
	assert_int_equal(verdict[2].most, 200);
	sp_ar_response_clear(&response);

	/* as tracks 2 … 4 behind data: its place comes first, and the last track has none */
	const uint32_t behind[] = {0, ar.track[0].v1, ar.track[1].v2};
	size = answer_put(data, disc, (const uint8_t[]){0, 6, 5}, behind, none);
	assert_int_equal(sp_ar_parse(&response, "x.bin", data, size, NULL), 0);
	for (unsigned i = 0; i < 3; i++)
		ar.track[i].number = i + 2;
	sp_ar_compare(&ar, &response, verdict);
	assert_int_equal(verdict[0].confidence, 6);
	assert_int_equal(verdict[0].version, 1);
	assert_int_equal(verdict[1].confidence, 5);
	assert_int_equal(verdict[1].version, 2);
	assert_int_equal(verdict[2].confidence, 0);
	sp_ar_response_clear(&response);
	/* or by the music alone */
	size = answer_put(data, disc, (const uint8_t[]){7, 3, 2}, v1, none);
	assert_int_equal(sp_ar_parse(&response, "x.bin", data, size, NULL), 0);
	sp_ar_compare(&ar, &response, verdict);
	assert_int_equal(verdict[0].confidence, 7);
	assert_int_equal(verdict[1].confidence, 3);
	sp_ar_response_clear(&response);
	sp_ar_clear(&ar);
	sp_ar_clear(&other);
	sp_disc_free(disc);
}

static void a_drive_offset_is_found_from_one_answer(void **state)
{
	(void)state;
	static const int offsets[] = {0, 6, -1164, 667, 2939, -2939};
	struct sp_disc *disc = music_disc(0, long_three);
	struct sp_ar_response response;
	struct music m = {.bad = -1};
	struct sp_ar truth, ar;
	uint8_t data[200];
	unsigned tracks;
	int found;

	music_rip(&m, 0, long_three, &truth);
	const uint32_t crc[3] = {1, 2, 3};
	const uint32_t frame[] = {truth.track[0].frame450, truth.track[1].frame450, 0xdead};
	const size_t size = answer_put(data, disc, (const uint8_t[]){5, 5, 5}, crc, frame);
	assert_int_equal(sp_ar_parse(&response, "x.bin", data, size, NULL), 0);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		/* the drive gives sample n where the disc has n + offset */
		m.zero = offsets[i];
		music_rip(&m, 0, long_three, &ar);
		assert_true(sp_ar_drive_offset(&ar, &response, &found, &tracks));
		assert_int_equal(found, offsets[i]);
		assert_int_equal(tracks, 2);
		sp_ar_clear(&ar);
	}
	/* one track alone is no evidence where there are more */
	response.answer[1].frame450 = 0xbeef;
	assert_false(sp_ar_drive_offset(&truth, &response, &found, &tracks));
	assert_int_equal(tracks, 1);
	sp_ar_response_clear(&response);
	sp_ar_clear(&truth);
	sp_disc_free(disc);
}

static void what_is_no_answer_is_refused(void **state)
{
	(void)state;
	struct sp_disc *disc = music_disc(0, three), *longer = music_disc(0, long_three);
	struct sp_ar_response response;
	uint8_t data[200];
	const uint32_t crc[3] = {1, 2, 3};
	struct sp_error err;
	size_t size = answer_put(data, disc, (const uint8_t[]){1, 1, 1}, crc, crc);

	assert_int_equal(sp_ar_parse(&response, "x.bin", data, size, &err), 0);
	assert_true(sp_ar_is_of(&response, disc));
	assert_false(sp_ar_is_of(&response, longer));
	sp_ar_response_clear(&response);
	for (size_t cut = 0; cut < size; cut++) {
		assert_int_equal(sp_ar_parse(&response, "x.bin", data, cut, &err), SP_ERR_FORMAT);
		sp_ar_response_clear(&response);
	}
	size += answer_put(data + size, longer, (const uint8_t[]){1, 1, 1}, crc, crc);
	assert_int_equal(sp_ar_parse(&response, "x.bin", data, size, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.bin: at byte 40 begins the answer for another disc");
	sp_ar_response_clear(&response);
	static const char html[] = "<html><body>404</body></html>";
	assert_int_equal(
		sp_ar_parse(&response, "x.bin", (const uint8_t *)html, sizeof(html) - 1, &err),
		SP_ERR_FORMAT);
	sp_ar_response_clear(&response);
	sp_disc_free(disc);
	sp_disc_free(longer);
}

/* Answers the database gave, as whipper keeps them for its tests. */
static void answers_of_the_database_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned tracks, pressings;
		uint32_t id1, id2, cddb;
	} known[] = {
		{"dBAR-002-0000f21c-00027ef8-05021002.bin", 2, 2, 0xf21c, 0x27ef8, 0x05021002},
		{"dBAR-011-0010e284-009228a3-9809ff0b.bin", 11, 32, 0x10e284, 0x9228a3, 0x9809ff0b},
		{"dBAR-020-002e5023-029d8e49-040eaa14.bin", 20, 1, 0x2e5023, 0x29d8e49, 0x040eaa14},
	};
	const char *corpus = getenv("SPINDLE_CORPUS");
	static uint8_t data[8192];
	char path[4096];

	if (!corpus)
		skip();
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct sp_ar_response response;

		snprintf(path, sizeof(path), "%s/accuraterip/whipper/%s", corpus, known[i].name);
		FILE *file = fopen(path, "rb");
		assert_non_null(file);
		const size_t size = fread(data, 1, sizeof(data), file);
		fclose(file);
		assert_int_equal(sp_ar_parse(&response, known[i].name, data, size, NULL), 0);
		assert_int_equal(response.tracks, known[i].tracks);
		assert_int_equal(response.pressings, known[i].pressings);
		assert_int_equal(response.pressing[0].id1, known[i].id1);
		assert_int_equal(response.pressing[0].id2, known[i].id2);
		assert_int_equal(response.pressing[0].cddb, known[i].cddb);
		if (!i) {
			assert_int_equal(response.answer[0].confidence, 12);
			assert_int_equal(response.answer[0].crc, 0x284fc705);
			assert_int_equal(response.answer[0].frame450, 0x3b97f8a4);
			assert_int_equal(response.answer[1].confidence, 20);
			assert_int_equal(response.answer[1].crc, 0x9cc1f32e);
			assert_int_equal(response.answer[1].frame450, 0xdc5500de);
			assert_int_equal(response.answer[2].frame450, 0);
		}
		sp_ar_response_clear(&response);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_a_track_that_is_first_last_both_or_neither),
		cmocka_unit_test(a_hidden_track_is_in_no_checksum),
		cmocka_unit_test(checksums_of_a_disc_are_those_of_each_track),
		cmocka_unit_test(checksums_of_other_offsets_are_those_of_a_moved_disc),
		cmocka_unit_test(sector_450_has_a_checksum_of_its_own),
		cmocka_unit_test(short_and_silent_tracks_have_no_false_checksums),
		cmocka_unit_test(every_pressing_counts_for_a_track),
		cmocka_unit_test(a_drive_offset_is_found_from_one_answer),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(answers_of_the_database_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
