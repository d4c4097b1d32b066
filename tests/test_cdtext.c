/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text: real packs against another program's reading of them, damaged packs, and packs of our
 * own the way there and back. */
#include "disc/cdtext.h"
#include "disc/subchannel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct sp_disc *disc_of(unsigned tracks)
{
	struct sp_disc *disc = sp_disc_new();

	assert_non_null(disc);
	for (unsigned i = 0; i < tracks; i++)
		assert_non_null(sp_disc_add_track(disc));
	return disc;
}

/* A file of the corpus, terminated; skips the test when there is no corpus. */
static size_t corpus_read(const char *name, char *data, size_t room)
{
	const char *dir = getenv("SPINDLE_CORPUS");
	char path[1024];

	if (!dir) {
		print_message("skipped: %s of the corpus\n", name);
		skip();
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("cannot open %s", path);
	const size_t size = fread(data, 1, room - 1, file);
	fclose(file);
	data[size] = '\0';
	return size;
}

struct heard {
	unsigned notes;
	char last[256];
};

static void hear(void *user, const char *text)
{
	struct heard *heard = user;

	heard->notes++;
	snprintf(heard->last, sizeof(heard->last), "%s", text);
}

static unsigned named_type(const char *name, size_t size)
{
	static const struct {
		const char *name;
		unsigned type;
	} types[] = {{"TITLE", SP_TEXT_TITLE},       {"PERFORMER", SP_TEXT_PERFORMER},
		     {"COMPOSER", SP_TEXT_COMPOSER}, {"SONGWRITER", SP_TEXT_SONGWRITER},
		     {"ARRANGER", SP_TEXT_ARRANGER}, {"MESSAGE", SP_TEXT_MESSAGE},
		     {"DISC_ID", SP_TEXT_DISC_ID},   {"GENRE", SP_TEXT_GENRE},
		     {"UPC_EAN", SP_TEXT_UPC_EAN},   {"ISRC", SP_TEXT_UPC_EAN}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].name) == size && memcmp(types[i].name, name, size) == 0)
			return types[i].type;
	return 0;
}

/* Every line of the expected reading is in the disc; returns how many texts. */
static size_t assert_right(const struct sp_disc *disc, char *right)
{
	unsigned track = 0, block = 0, code;
	char language[32];
	size_t seen = 0;

	for (char *line = strtok(right, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "Language %u '%31[^']", &block, language) == 2) {
			assert_string_equal(sp_text_language_name(disc->block[block].language),
					    language);
			track = 0;
			continue;
		}
		if (sscanf(line, "CD-TEXT for Track %u", &track) == 1)
			continue;
		if (sscanf(line, " GENRE_CODE: %u", &code) == 1)
			assert_int_equal(disc->block[block].genre, code);
		while (*line == ' ' || *line == '\t')
			line++;
		const char *colon = strstr(line, ": ");
		const unsigned type = colon ? named_type(line, (size_t)(colon - line)) : 0;
		if (!type)
			continue;
		const char *got = sp_disc_block_text(disc, block, track, type);
		if (!got || strcmp(got, colon + 2) != 0)
			fail_msg("block %u, track %u: \"%s\", not \"%s\"", block, track,
				 got ? got : "(none)", line);
		seen++;
	}
	return seen;
}

static void real_packs_read_as_expected(void **state)
{
	static const struct {
		const char *packs, *right;
		unsigned tracks, texts;
	} files[] = {
		{"cdtext/libcdio/cdtext-krosis.cdt", "expected/libcdio/cdtext-krosis.right", 10,
		 62},
		{"cdtext/libcdio/cdtext-libburnia.cdt", "expected/libcdio/cdtext-libburnia.right",
		 3, 58},
		{"cdtext/libcdio/cdtext.cdt", "expected/libcdio/cdtext.right", 3, 60},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char packs[8192], right[8192];
		struct heard heard = {0};
		const struct sp_notes notes = {hear, &heard};
		size_t size = corpus_read(files[i].packs, packs, sizeof(packs)), at;

		/* one of them ends with a zero byte */
		assert_true(sp_cdtext_find((const uint8_t *)packs, size, &at, &size));
		corpus_read(files[i].right, right, sizeof(right));
		struct sp_disc *disc = disc_of(files[i].tracks);
		assert_int_equal(sp_disc_set_cdtext(disc, (const uint8_t *)packs, size), 0);
		assert_int_equal(sp_cdtext_decode(disc, &notes, NULL), 0);
		size_t closed = 0; /* which the oracle does not show */
		for (size_t n = 0; n < disc->texts; n++)
			closed += disc->text[n].type == SP_TEXT_CLOSED;
		assert_int_equal(assert_right(disc, right) + closed, disc->texts);
		assert_int_equal(disc->texts, files[i].texts);
		assert_int_equal(heard.notes, 0);
		sp_disc_free(disc);
	}
}

/* What a pressed disc and another program have is made again of the texts it holds, byte for byte;
 * a third writer spells out what is repeated. */
static void packs_of_another_writer_are_made_again(void **state)
{
	static const struct {
		const char *name;
		unsigned tracks;
		bool tabs;
	} file[] = {{"cdtext/libcdio/cdtext-krosis.cdt", 10, true},
		    {"cdtext/libcdio/cdtext-libburnia.cdt", 3, true},
		    {"cdtext/libcdio/cdtext.cdt", 3, false}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char data[4096];
		uint8_t *packs;
		size_t at, made, size = corpus_read(file[i].name, data, sizeof(data));

		assert_true(sp_cdtext_find((const uint8_t *)data, size, &at, &size));
		struct sp_disc *disc = disc_of(file[i].tracks);
		struct sp_disc *back = disc_of(file[i].tracks);
		assert_int_equal(sp_disc_set_cdtext(disc, (const uint8_t *)data + at, size), 0);
		assert_int_equal(sp_cdtext_decode(disc, NULL, NULL), 0);
		assert_int_equal(sp_cdtext_encode(disc, &packs, &made, NULL, NULL), 0);
		if (file[i].tabs) {
			assert_int_equal(made, size);
			assert_memory_equal(packs, data + at, size);
		}
		assert_int_equal(sp_disc_set_cdtext(back, packs, made), 0);
		assert_int_equal(sp_cdtext_decode(back, NULL, NULL), 0);
		assert_int_equal(back->texts, disc->texts);
		for (size_t n = 0; n < disc->texts; n++) {
			const struct sp_text *t = &disc->text[n];

			assert_string_equal(sp_disc_block_text(back, t->block, t->track, t->type),
					    t->text);
		}
		free(packs);
		sp_disc_free(back);
		sp_disc_free(disc);
	}
}

/* Encode block 0, check the packs' own rules, decode into a disc of as many tracks. */
static struct sp_disc *there_and_back(const struct sp_disc *disc, struct sp_cdtext_lost *lost,
				      size_t *packs)
{
	uint8_t *data;
	size_t size;

	assert_int_equal(sp_cdtext_encode(disc, &data, &size, lost, NULL), 0);
	assert_int_equal(size % 18, 0);
	*packs = size / 18;
	unsigned of_type[16] = {0};
	for (size_t i = 0; i < *packs; i++) {
		const uint8_t *pack = data + i * 18;

		assert_int_equal(pack[2], i);
		assert_int_equal(pack[3] & 0x70, 0);
		assert_int_equal(sp_crc16_gsm(pack, 16), pack[16] << 8 | pack[17]);
		of_type[pack[0] & 15]++;
	}
	if (size) { /* block 0's table */
		const uint8_t *table = data + size - 3 * 18;
		uint8_t sizes[36];

		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(table[i * 18], 0x8f);
			assert_int_equal(table[i * 18 + 1], i);
			memcpy(sizes + i * 12, table + i * 18 + 4, 12);
		}
		assert_int_equal(sizes[1], 1);
		assert_int_equal(sizes[2], disc->tracks);
		for (unsigned i = 0; i < 16; i++)
			assert_int_equal(sizes[4 + i], of_type[i]);
		assert_int_equal(sizes[20], *packs - 1);
		assert_int_equal(sizes[28], sizes[0] == 0x80 ? 0x69 : 9);
	}
	struct sp_disc *back = disc_of((unsigned)disc->tracks);
	assert_int_equal(sp_disc_set_cdtext(back, data, size), 0);
	assert_int_equal(sp_cdtext_decode(back, NULL, NULL), 0);
	free(data);
	return back;
}

static void assert_same_texts(const struct sp_disc *a, const struct sp_disc *b)
{
	assert_int_equal(a->texts, b->texts);
	for (size_t i = 0; i < a->texts; i++) {
		const char *text = sp_disc_text(b, a->text[i].track, a->text[i].type);

		assert_non_null(text);
		assert_string_equal(a->text[i].text, text);
	}
}

static void texts_of_every_type_and_length_come_back(void **state)
{
	struct sp_disc *disc = disc_of(12);
	struct sp_cdtext_lost lost = {.letters = 99};
	size_t packs;

	(void)state;
	for (unsigned track = 0; track <= 12; track++) {
		char text[200];

		/* lengths 0…, so that ends fall on every byte of a pack, and some are missing */
		memset(text, (int)('a' + track), sizeof(text));
		text[track * 3] = '\0';
		assert_int_equal(sp_disc_set_text(disc, track, SP_TEXT_TITLE, text), 0);
		text[track * 3] = 'x';
		text[track % 2 ? track : 0] = '\0';
		assert_int_equal(sp_disc_set_text(disc, track, SP_TEXT_COMPOSER, text), 0);
	}
	sp_disc_set_text(disc, 3, SP_TEXT_PERFORMER, "Mia K\xc3\xa4tzchen \xc3\xbf\xc2\xa1");
	sp_disc_set_text(disc, 0, SP_TEXT_DISC_ID, "ABCD 123");
	sp_disc_set_text(disc, 0, SP_TEXT_GENRE, "Classical");
	sp_disc_set_text(disc, 0, SP_TEXT_UPC_EAN, "4006381333931");
	sp_disc_set_text(disc, 12, SP_TEXT_UPC_EAN, "QM7281905204");
	struct sp_disc *back = there_and_back(disc, &lost, &packs);
	assert_int_equal(lost.letters + lost.texts + lost.packs, 0);
	assert_same_texts(disc, back);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void the_first_track_need_not_be_1(void **state)
{
	struct sp_disc *disc = disc_of(2), *back = disc_of(2);
	uint8_t *data;
	size_t size;

	(void)state;
	disc->track[0].number = back->track[0].number = 7;
	disc->track[1].number = back->track[1].number = 8;
	sp_disc_set_text(disc, 0, SP_TEXT_TITLE, "d");
	sp_disc_set_text(disc, 7, SP_TEXT_TITLE, "seven");
	sp_disc_set_text(disc, 8, SP_TEXT_TITLE, "8");
	assert_int_equal(sp_cdtext_encode(disc, &data, &size, NULL, NULL), 0);
	assert_int_equal(size, 4 * 18); /* all titles in one pack: only the table tells */
	assert_int_equal(sp_disc_set_cdtext(back, data, size), 0);
	assert_int_equal(sp_cdtext_decode(back, NULL, NULL), 0);
	assert_same_texts(disc, back);
	free(data);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void a_genre_is_its_code_or_its_text(void **state)
{
	struct sp_disc *disc = disc_of(1), *back;
	uint8_t *data;
	size_t size, packs;

	(void)state;
	sp_disc_set_text(disc, 0, SP_TEXT_GENRE, "Feline classic music");
	assert_int_equal(sp_cdtext_encode(disc, &data, &size, NULL, NULL), 0);
	assert_int_equal(data[5], 1);       /* not defined */
	assert_int_equal(data[18 + 3], 10); /* the code is no character */
	free(data);
	back = there_and_back(disc, NULL, &packs);
	assert_same_texts(disc, back);
	sp_disc_free(back);

	sp_disc_set_text(disc, 0, SP_TEXT_GENRE, "classical");
	assert_int_equal(sp_cdtext_encode(disc, &data, &size, NULL, NULL), 0);
	assert_int_equal(data[5], 5);
	/* the code alone is read by its name */
	memset(data + 6, 0, 10);
	const uint16_t crc = sp_crc16_gsm(data, 16);
	data[16] = (uint8_t)(crc >> 8);
	data[17] = (uint8_t)crc;
	back = disc_of(1);
	sp_disc_set_cdtext(back, data, size);
	assert_int_equal(sp_cdtext_decode(back, NULL, NULL), 0);
	assert_string_equal(sp_disc_text(back, 0, SP_TEXT_GENRE), "Classical");
	free(data);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void what_the_character_set_lacks_is_counted(void **state)
{
	struct sp_disc *disc = disc_of(2), *back;
	struct sp_cdtext_lost lost;
	size_t packs;

	(void)state;
	sp_disc_set_text(disc, 1, SP_TEXT_TITLE,
			 "\xc3\xa9"
			 "a\xe2\x82\xac"
			 "b\xc3\xa9"
			 "c\td\xff\xc2\x85");
	back = there_and_back(disc, &lost, &packs);
	assert_string_equal(sp_disc_text(back, 1, SP_TEXT_TITLE), "\xc3\xa9"
								  "ab\xc3\xa9"
								  "cd");
	assert_int_equal(lost.letters, 4); /* euro, tab, a broken byte, a C1 control */
	assert_int_equal(lost.texts, 0);
	assert_int_equal(lost.track, 1);
	assert_int_equal(lost.type, SP_TEXT_TITLE);
	assert_int_equal(lost.blocks, 1);
	sp_disc_free(back);

	/* texts that have no place: a track's genre */
	sp_disc_set_text(disc, 1, SP_TEXT_TITLE, NULL);
	sp_disc_set_text(disc, 1, SP_TEXT_GENRE, "Jazz");
	back = there_and_back(disc, &lost, &packs);
	assert_int_equal(lost.letters, 0);
	assert_int_equal(lost.texts, 1);
	assert_int_equal(packs, 0);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void remarks_are_no_cd_text(void **state)
{
	struct sp_disc *disc = disc_of(2);
	size_t packs;

	(void)state;
	sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "a comment");
	struct sp_disc *back = there_and_back(disc, NULL, &packs);
	assert_int_equal(packs, 0);
	assert_int_equal(back->texts, 0);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void a_block_holds_256_packs_and_no_more(void **state)
{
	struct sp_disc *disc = disc_of(1), *back;
	/* 253 packs of text: the disc's, its zero, and the empty text's zero */
	static char text[253 * 12];
	struct sp_cdtext_lost lost;
	size_t packs;

	(void)state;
	memset(text, 'x', sizeof(text) - 2);
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_TITLE, text), 0);
	back = there_and_back(disc, &lost, &packs);
	assert_int_equal(packs, 256);
	assert_int_equal(lost.texts, 0);
	assert_same_texts(disc, back);
	sp_disc_free(back);
	text[sizeof(text) - 2] = 'x';
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_TITLE, text), 0);
	back = there_and_back(disc, &lost, &packs);
	assert_int_equal(lost.texts, 1); /* named, and cut to what is said to be enough */
	assert_int_equal(strlen(sp_disc_text(back, 0, SP_TEXT_TITLE)), 160);
	sp_disc_free(back);
	sp_disc_free(disc);
}

/* Titles of three tracks over four packs, the table after them. */
static uint8_t *titles(size_t *size)
{
	struct sp_disc *disc = disc_of(3);
	uint8_t *data;

	sp_disc_set_text(disc, 0, SP_TEXT_TITLE, "Night Cats II");
	sp_disc_set_text(disc, 1, SP_TEXT_TITLE, "Song of Joy");
	sp_disc_set_text(disc, 2, SP_TEXT_TITLE, "The Hunt");
	sp_disc_set_text(disc, 3, SP_TEXT_TITLE, "Mee Owwww");
	assert_int_equal(sp_cdtext_encode(disc, &data, size, NULL, NULL), 0);
	assert_int_equal(*size, 7 * 18);
	sp_disc_free(disc);
	return data;
}

static void a_damaged_pack_costs_only_its_own_texts(void **state)
{
	struct sp_disc *disc = disc_of(3);
	struct heard heard = {0};
	const struct sp_notes notes = {hear, &heard};
	size_t size;
	uint8_t *data = titles(&size);

	(void)state;
	data[18 + 6] ^= 1; /* the second: ends the disc's, begins track 1's */
	sp_disc_set_cdtext(disc, data, size);
	assert_int_equal(sp_cdtext_decode(disc, &notes, NULL), 0);
	assert_null(sp_disc_text(disc, 0, SP_TEXT_TITLE));
	assert_null(sp_disc_text(disc, 1, SP_TEXT_TITLE));
	assert_string_equal(sp_disc_text(disc, 2, SP_TEXT_TITLE), "The Hunt");
	assert_string_equal(sp_disc_text(disc, 3, SP_TEXT_TITLE), "Mee Owwww");
	assert_int_equal(heard.notes, 1);
	assert_string_equal(heard.last, "CD-Text: 1 packs with a wrong CRC are left out");
	sp_disc_free(disc);
	free(data);
}

static void the_last_pack_may_lack_its_crc(void **state)
{
	struct sp_disc *disc = disc_of(3);
	struct heard heard = {0};
	const struct sp_notes notes = {hear, &heard};
	size_t size;
	uint8_t *data = titles(&size);

	(void)state;
	memset(data + size - 2, 0, 2);
	sp_disc_set_cdtext(disc, data, size);
	assert_int_equal(sp_cdtext_decode(disc, &notes, NULL), 0);
	assert_int_equal(heard.notes, 0);
	assert_int_equal(disc->texts, 4);
	sp_disc_free(disc);
	free(data);
}

static void texts_that_are_set_stay(void **state)
{
	struct sp_disc *disc = disc_of(2); /* and track 3 is not there */
	struct heard heard = {0};
	const struct sp_notes notes = {hear, &heard};
	size_t size;
	uint8_t *data = titles(&size);

	(void)state;
	sp_disc_set_text(disc, 1, SP_TEXT_TITLE, "mine");
	sp_disc_set_cdtext(disc, data, size);
	assert_int_equal(sp_cdtext_decode(disc, &notes, NULL), 0);
	assert_string_equal(sp_disc_text(disc, 1, SP_TEXT_TITLE), "mine");
	assert_string_equal(sp_disc_text(disc, 2, SP_TEXT_TITLE), "The Hunt");
	assert_null(sp_disc_text(disc, 3, SP_TEXT_TITLE));
	assert_int_equal(heard.notes, 2); /* and that a text differs */
	assert_string_equal(heard.last, "CD-Text: 1 texts of tracks the disc does not have");
	sp_disc_free(disc);
	free(data);
}

static void another_character_set_is_kept_unread(void **state)
{
	struct sp_disc *disc = disc_of(3);
	struct heard heard = {0};
	const struct sp_notes notes = {hear, &heard};
	size_t size;
	uint8_t *data = titles(&size), *table = data + 4 * 18;

	(void)state;
	assert_int_equal(table[0], 0x8f);
	table[4] = 0x81; /* Korean */
	const uint16_t crc = sp_crc16_gsm(table, 16);
	table[16] = (uint8_t)(crc >> 8);
	table[17] = (uint8_t)crc;
	sp_disc_set_cdtext(disc, data, size);
	assert_int_equal(sp_cdtext_decode(disc, &notes, NULL), 0);
	assert_int_equal(disc->texts, 0);
	assert_string_equal(heard.last, "CD-Text: block 0 in character set 0x81 (Korean) is kept "
					"and not read");
	sp_disc_free(disc);
	free(data);
}

static void no_bytes_can_break_the_reader(void **state)
{
	uint8_t packs[40 * 18];
	uint32_t x = 1;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct sp_disc *disc = disc_of(round % 5);

		for (size_t i = 0; i < sizeof(packs); i++) {
			x = x * 1664525u + 1013904223u;
			packs[i] = (uint8_t)(x >> 24);
		}
		for (size_t at = 0; at < sizeof(packs); at += 18) { /* past the CRC, mostly */
			packs[at] = (uint8_t)(0x80 | (packs[at] & 15));
			packs[at + 3] &= 0x9f;
			if (round % 2)
				packs[at + 1] &= 3;
			if (round % 3 == 0)
				packs[at + 2] = (uint8_t)(at / 18);
			const uint16_t crc = sp_crc16_gsm(packs + at, 16);
			packs[at + 16] = (uint8_t)(crc >> 8);
			packs[at + 17] = (uint8_t)crc;
		}
		sp_disc_set_cdtext(disc, packs, sizeof(packs));
		assert_int_equal(sp_cdtext_decode(disc, NULL, NULL), 0);
		for (size_t i = 0; i < disc->texts; i++)
			assert_true(disc->text[i].track <= round % 5);
		sp_disc_free(disc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_packs_read_as_expected),
		cmocka_unit_test(packs_of_another_writer_are_made_again),
		cmocka_unit_test(texts_of_every_type_and_length_come_back),
		cmocka_unit_test(the_first_track_need_not_be_1),
		cmocka_unit_test(a_genre_is_its_code_or_its_text),
		cmocka_unit_test(what_the_character_set_lacks_is_counted),
		cmocka_unit_test(remarks_are_no_cd_text),
		cmocka_unit_test(a_block_holds_256_packs_and_no_more),
		cmocka_unit_test(a_damaged_pack_costs_only_its_own_texts),
		cmocka_unit_test(the_last_pack_may_lack_its_crc),
		cmocka_unit_test(texts_that_are_set_stay),
		cmocka_unit_test(another_character_set_is_kept_unread),
		cmocka_unit_test(no_bytes_can_break_the_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
