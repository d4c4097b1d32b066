/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text made anew: in every block and character set, within 256 packs, beside packs that stay. */
#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/subchannel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
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

static void set(struct sp_disc *disc, unsigned block, unsigned track, unsigned type,
		const char *text)
{
	assert_int_equal(sp_disc_set_block_text(disc, block, track, type, text), 0);
}

/* A disc of as many tracks with those packs and what they say. */
static struct sp_disc *read_back(const struct sp_disc *like, const uint8_t *packs, size_t size)
{
	struct sp_disc *back = disc_of((unsigned)like->tracks);

	assert_int_equal(sp_disc_set_cdtext(back, packs, size), 0);
	assert_int_equal(sp_cdtext_decode(back, NULL, NULL), 0);
	return back;
}

static void assert_has(const struct sp_disc *disc, const struct sp_disc *texts)
{
	for (size_t i = 0; i < texts->texts; i++) {
		const struct sp_text *t = &texts->text[i];
		const char *text = sp_disc_block_text(disc, t->block, t->track, t->type);

		if (!text || strcmp(text, t->text) != 0)
			fail_msg("block %u, track %u, type %02x: %s, not %s", t->block, t->track,
				 t->type, text ? text : "(none)", t->text);
	}
}

static void assert_same_texts(const struct sp_disc *a, const struct sp_disc *b)
{
	assert_has(a, b);
	assert_has(b, a);
}

/* The rules of the packs themselves, whatever they say: blocks one after another, sequence numbers,
 * CRC, and the tables that count them all. */
static void assert_packs(const uint8_t *packs, size_t size)
{
	unsigned count[8][16] = {{0}}, total[8] = {0}, block = 0;

	assert_int_equal(size % 18, 0);
	for (size_t at = 0; at < size; at += 18) {
		const uint8_t *p = packs + at;

		assert_true(p[0] >= 0x80 && p[0] <= 0x8f);
		assert_true((p[3] >> 4 & 7) >= block);
		block = p[3] >> 4 & 7;
		assert_int_equal(p[2], total[block]);
		assert_int_equal(sp_crc16_gsm(p, 16), get_be16(p + 16));
		total[block]++;
		count[block][p[0] & 15]++;
	}
	for (block = 0; block < 8; block++) {
		uint8_t sizes[36] = {0};

		assert_true(total[block] <= 256);
		if (!total[block])
			continue;
		assert_true(sp_cdtext_sizes(packs, size, block, sizes));
		for (unsigned i = 0; i < 16; i++)
			assert_int_equal(sizes[4 + i], count[block][i]);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(sizes[20 + i], total[i] ? total[i] - 1 : 0);
	}
}

/* For a second reader, tests/cdtext_packs.py: the texts, and the packs they became. */
static void dump(const struct sp_disc *disc, const uint8_t *packs, size_t size)
{
	const char *name = getenv("SPINDLE_CDTEXT_DUMP");
	FILE *file = name ? fopen(name, "a") : NULL;

	if (!file)
		return;
	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];

		fprintf(file, "text %u %u %u ", text->block, text->track, text->type);
		for (const char *c = text->text; *c; c++)
			fprintf(file, "%02x", (unsigned char)*c);
		fputc('\n', file);
	}
	fputs("packs ", file);
	for (size_t i = 0; i < size; i++)
		fprintf(file, "%02x", packs[i]);
	fputc('\n', file);
	fclose(file);
}

static struct sp_disc *there_and_back(const struct sp_disc *disc, struct sp_cdtext_lost *lost)
{
	uint8_t *packs;
	size_t size;

	assert_int_equal(sp_cdtext_encode(disc, &packs, &size, lost, NULL), 0);
	assert_packs(packs, size);
	if (!lost->blocks)
		dump(disc, packs, size);
	struct sp_disc *back = read_back(disc, packs, size);
	free(packs);
	return back;
}

static void assert_nothing_lost(const struct sp_cdtext_lost *lost)
{
	assert_int_equal(lost->letters, 0);
	assert_int_equal(lost->texts, 0);
	assert_int_equal(lost->packs, 0);
	assert_int_equal(lost->blocks, 0);
}

static uint32_t random_next(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

/* One letter in UTF-8 of those a set has, behind *to. */
static void random_letter(uint32_t *x, unsigned charset, char **to)
{
	static const char *const jis[] = {"日", "本", "あ", "ア", "ｱ", "Я", "ω", "～",
					  "ー", "髙", "①",  "A",  "z", " ", "7", "\\"};
	const uint32_t c = random_next(x);

	if (charset == SP_TEXT_MSJIS) {
		const char *letter = jis[c % (sizeof(jis) / sizeof(jis[0]))];

		memcpy(*to, letter, strlen(letter));
		*to += strlen(letter);
	} else if (charset == SP_TEXT_LATIN1 && c % 3 == 0) {
		const unsigned high = 0xa0 + c / 3 % 0x60;

		*(*to)++ = (char)(0xc0 | high >> 6);
		*(*to)++ = (char)(0x80 | (high & 0x3f));
	} else {
		*(*to)++ = (char)(0x20 + c % 0x5f);
	}
}

static void random_texts(uint32_t *x, struct sp_disc *disc, unsigned block, unsigned charset)
{
	static const uint8_t types[] = {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8d, 0x8e};
	char text[256];

	disc->block[block].charset = charset;
	disc->block[block].language = 1 + random_next(x) % 0x7f;
	for (size_t i = 0; i < sizeof(types); i++) {
		const unsigned type = types[i];
		const unsigned last = sp_cdtext_of_disc(type) ? 0 : (unsigned)disc->tracks;

		for (unsigned track = 0; track <= last; track++) {
			char *to = text;

			if (random_next(x) % 3 == 0)
				continue;
			for (unsigned n = random_next(x) % 25; n; n--)
				random_letter(x, type > 0x85 ? SP_TEXT_ASCII : charset, &to);
			*to = '\0';
			set(disc, block, track, type, text);
		}
	}
	/* a block of MS-JIS has a letter ISO 8859-1 lacks, so that it stays what it is called */
	if (charset == SP_TEXT_MSJIS)
		set(disc, block, 0, SP_TEXT_TITLE, "日本");
}

static void random_texts_of_every_set_and_block_come_back(void **state)
{
	static const unsigned sets[] = {SP_TEXT_LATIN1, SP_TEXT_ASCII, SP_TEXT_MSJIS};
	uint32_t x = 3;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct sp_disc *disc = disc_of(1 + round % 7);
		struct sp_cdtext_lost lost;

		for (unsigned block = 0; block < 8; block++)
			if (round == 0 || random_next(&x) % 2)
				random_texts(&x, disc, block, sets[random_next(&x) % 3]);
		struct sp_disc *back = there_and_back(disc, &lost);
		assert_nothing_lost(&lost);
		assert_same_texts(disc, back);
		for (unsigned block = 0; block < 8; block++) {
			bool any = false;

			for (size_t i = 0; i < disc->texts; i++)
				any = any || disc->text[i].block == block;
			if (!any)
				continue;
			assert_int_equal(back->block[block].language, disc->block[block].language);
			assert_int_equal(back->block[block].charset, disc->block[block].charset);
		}
		sp_disc_free(back);
		sp_disc_free(disc);
	}
}

static void wide_letters_are_counted_in_pairs_and_end_with_two_zeros(void **state)
{
	static const uint8_t text[] = {0x93, 0xfa, 0x96, 0x7b, 0, 0, 'A', 0, 0, 0, 'B', 'c'};
	struct sp_disc *disc = disc_of(2);
	uint8_t *packs;
	size_t size;

	(void)state;
	set(disc, 0, 0, SP_TEXT_TITLE, "日本");
	set(disc, 0, 1, SP_TEXT_TITLE, "A");
	set(disc, 0, 2, SP_TEXT_TITLE, "Bcうえおかきくけこさしすせそたちつてと");
	set(disc, 0, 2, SP_TEXT_UPC_EAN, "DEA123456789");
	assert_int_equal(sp_cdtext_encode(disc, &packs, &size, NULL, NULL), 0);
	assert_packs(packs, size);
	assert_memory_equal(packs + 4, text, sizeof(text));
	assert_int_equal(packs[3], 0x80);
	assert_int_equal(packs[18 + 1], 2);
	assert_int_equal(packs[18 + 3], 0x81); /* "Bc" is one pair */
	assert_int_equal(packs[36 + 3], 0x87);
	assert_int_equal(packs[54 + 3], 0x8d);
	assert_int_equal(packs[72 + 3], 0x8f);
	assert_int_equal(packs[90], 0x8e); /* codes are no wide letters */
	assert_int_equal(packs[90 + 3], 0);
	assert_int_equal(packs[size - 3 * 18 + 4], 0x80);
	free(packs);
	sp_disc_free(disc);
}

static void a_set_that_lacks_letters_gives_way_to_one_that_has_them(void **state)
{
	static const struct {
		const char *text;
		unsigned said, made, lost;
	} row[] = {
		{"plain", SP_TEXT_ASCII, SP_TEXT_ASCII, 0},
		{"plain", SP_TEXT_MSJIS, SP_TEXT_MSJIS, 0},
		{"plain", SP_TEXT_KOREAN, SP_TEXT_LATIN1, 0},
		{"Käse", SP_TEXT_ASCII, SP_TEXT_LATIN1, 0},
		{"Käse", SP_TEXT_MSJIS, SP_TEXT_LATIN1, 0},
		{"Русь", SP_TEXT_LATIN1, SP_TEXT_MSJIS, 0},
		{"Käse 日", SP_TEXT_LATIN1, SP_TEXT_LATIN1, 1},
		{"한국", SP_TEXT_LATIN1, SP_TEXT_LATIN1, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sp_disc *disc = disc_of(1);
		struct sp_cdtext_lost lost;

		set(disc, 3, 1, SP_TEXT_TITLE, row[i].text);
		disc->block[3].charset = row[i].said;
		struct sp_disc *back = there_and_back(disc, &lost);
		assert_int_equal(lost.letters, row[i].lost);
		assert_int_equal(lost.blocks, row[i].lost ? 8 : 0);
		assert_int_equal(back->block[3].charset, row[i].made);
		sp_disc_free(back);
		sp_disc_free(disc);
	}
}

/* 99 tracks with `size` letters in each of three types. */
static struct sp_disc *crowded(unsigned size, bool alike)
{
	struct sp_disc *disc = disc_of(99);
	char text[256];

	for (unsigned track = 0; track <= 99; track++)
		for (unsigned type = SP_TEXT_TITLE; type <= SP_TEXT_SONGWRITER; type++) {
			const unsigned n = alike && type > SP_TEXT_TITLE ? 0 : track;

			snprintf(text, sizeof(text), "%02u%02x%0200u", n, type, 0);
			text[size] = '\0';
			set(disc, 0, track, type, text);
		}
	return disc;
}

static void repeated_texts_cost_no_more_than_a_tab(void **state)
{
	struct sp_disc *disc = crowded(22, true), *back;
	struct sp_cdtext_lost lost;
	uint8_t *packs;
	size_t size;

	(void)state;
	assert_int_equal(sp_cdtext_encode(disc, &packs, &size, &lost, NULL), 0);
	assert_nothing_lost(&lost);
	assert_packs(packs, size);
	back = read_back(disc, packs, size);
	assert_same_texts(disc, back);
	size_t tabs = 0;
	for (size_t i = 0; i < size; i++)
		tabs += packs[i] == '\t' && i % 18 >= 4 && i % 18 < 16 && packs[i - i % 18] < 0x83;
	assert_true(tabs >= 2 * 98);
	free(packs);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void texts_beyond_a_block_are_cut_alike_and_counted(void **state)
{
	struct sp_disc *disc = crowded(30, false), *back;
	struct sp_cdtext_lost lost;

	(void)state;
	set(disc, 0, 7, SP_TEXT_UPC_EAN, "DEA123456789");
	back = there_and_back(disc, &lost);
	assert_int_equal(lost.texts, 300);
	assert_int_equal(lost.letters, 0);
	const size_t size = strlen(sp_disc_text(back, 0, SP_TEXT_TITLE));
	assert_true(size >= 7 && size < 30);
	for (unsigned track = 0; track <= 99; track++) {
		const char *was = sp_disc_text(disc, track, SP_TEXT_SONGWRITER);
		const char *is = sp_disc_text(back, track, SP_TEXT_SONGWRITER);

		assert_int_equal(strlen(is), size);
		assert_memory_equal(is, was, size);
	}
	assert_string_equal(sp_disc_text(back, 7, SP_TEXT_UPC_EAN), "DEA123456789");
	/* one letter more would not fit */
	uint8_t *packs;
	assert_int_equal(sp_cdtext_encode(back, &packs, &(size_t){0}, &lost, NULL), 0);
	assert_nothing_lost(&lost);
	free(packs);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void the_fullest_disc_there_can_be_fits(void **state)
{
	static const uint8_t types[] = {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8d, 0x8e};
	struct sp_disc *disc = disc_of(99);
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (unsigned block = 0; block < 8; block++)
		for (size_t i = 0; i < sizeof(types); i++)
			for (unsigned track = 0; track <= 99; track++) {
				text[0] = (char)('0' + track % 10);
				text[1] = (char)('0' + track / 10);
				if (!track || !sp_cdtext_of_disc(types[i]))
					set(disc, block, track, types[i], text);
			}
	struct sp_cdtext_lost lost;
	struct sp_disc *back = there_and_back(disc, &lost);
	assert_int_equal(lost.blocks, 255);
	assert_int_equal(lost.texts, 8 * (7 * 100 + 3));
	assert_true(back->cdtext_size <= 2048 * 18);
	sp_disc_free(back);
	sp_disc_free(disc);
}

/* Three blocks: texts, a TOC and closed information; Mandarin, that nobody reads; German. */
static uint8_t *three_blocks(struct sp_disc *disc, size_t *size)
{
	uint8_t *packs, *grown;

	set(disc, 0, 0, SP_TEXT_TITLE, "Disc");
	set(disc, 0, 2, SP_TEXT_TITLE, "Two");
	set(disc, 0, 0, SP_TEXT_CLOSED, "not shown");
	set(disc, 0, 0, SP_TEXT_GENRE, "Cat music");
	disc->block[0].genre = 5;
	set(disc, 1, 1, SP_TEXT_TITLE, "M");
	set(disc, 2, 1, SP_TEXT_TITLE, "Käse");
	disc->block[2].language = 8;
	assert_int_equal(sp_cdtext_encode(disc, &packs, size, NULL, NULL), 0);
	for (size_t at = 0; at < *size; at += 18)
		if (packs[at] == 0x8f && packs[at + 1] == 0 && (packs[at + 3] >> 4) == 1) {
			packs[at + 4] = 0x82;
			sp_cdtext_seal(packs + at);
		}
	set(disc, 1, 1, SP_TEXT_TITLE, NULL);
	/* a pack of the table of contents, before the others of block 0 for once */
	grown = malloc(*size + 18);
	assert_non_null(grown);
	memset(grown, 0, 18);
	grown[0] = 0x88;
	grown[4] = 1;
	grown[5] = 2;
	sp_cdtext_seal(grown);
	memcpy(grown + 18, packs, *size);
	*size += 18;
	free(packs);
	return grown;
}

static void packs_stay_byte_for_byte_while_they_are_true(void **state)
{
	struct sp_disc *disc = disc_of(2);
	struct sp_cdtext_lost lost;
	uint8_t *out;
	size_t size, out_size;
	uint8_t *packs = three_blocks(disc, &size);

	(void)state;
	assert_int_equal(sp_disc_set_cdtext(disc, packs, size), 0);
	for (unsigned use = SP_CDTEXT_WHOLE; use <= SP_CDTEXT_BESIDE; use++) {
		assert_int_equal(sp_cdtext_packs(disc, use, &out, &out_size, &lost, NULL), 0);
		assert_nothing_lost(&lost);
		assert_int_equal(out_size, size);
		assert_memory_equal(out, packs, size);
		free(out);
	}
	free(packs);
	sp_disc_free(disc);
}

static void a_changed_text_makes_only_its_block_anew(void **state)
{
	struct sp_disc *disc = disc_of(2);
	struct sp_cdtext_lost lost;
	uint8_t *out, sizes[36] = {0};
	size_t size, out_size, tocs = 0, mandarin = 0;
	uint8_t *packs = three_blocks(disc, &size);

	(void)state;
	packs[40] ^= 1; /* and a pack is broken */
	assert_int_equal(sp_disc_set_cdtext(disc, packs, size), 0);
	set(disc, 0, 2, SP_TEXT_TITLE, "Another");
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &out, &out_size, &lost, NULL), 0);
	assert_packs(out, out_size);
	assert_int_equal(lost.packs, 1);
	assert_int_equal(lost.letters + lost.texts, 0);
	for (size_t at = 0; at < out_size; at += 18) {
		tocs += out[at] == 0x88;
		mandarin += out[at + 3] >> 4 == 1;
	}
	assert_int_equal(tocs, 1);
	assert_int_equal(mandarin, 1 + 3);
	assert_true(sp_cdtext_sizes(out, out_size, 1, sizes));
	assert_int_equal(sizes[0], 0x82);
	assert_int_equal(sizes[28 + 2], 8);
	struct sp_disc *back = read_back(disc, out, out_size);
	assert_same_texts(disc, back);
	assert_int_equal(back->block[0].genre, 5);
	free(out);
	free(packs);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void a_changed_language_or_genre_is_written(void **state)
{
	struct sp_disc *disc = disc_of(2);
	uint8_t *out;
	size_t size, out_size;
	uint8_t *packs = three_blocks(disc, &size);

	(void)state;
	assert_int_equal(sp_disc_set_cdtext(disc, packs, size), 0);
	disc->block[2].language = 0x0d;
	disc->block[0].genre = 0x0e;
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &out, &out_size, NULL, NULL), 0);
	struct sp_disc *back = read_back(disc, out, out_size);
	assert_int_equal(back->block[2].language, 0x0d);
	assert_int_equal(back->block[0].genre, 0x0e);
	assert_same_texts(disc, back);
	free(out);
	free(packs);
	sp_disc_free(back);
	sp_disc_free(disc);
}

static void tables_without_room_beside_the_texts_are_counted(void **state)
{
	struct sp_disc *disc = crowded(4, false);
	struct sp_cdtext_lost lost;
	uint8_t packs[200 * 18], *out;
	size_t size;

	(void)state;
	memset(packs, 0, sizeof(packs));
	for (unsigned i = 0; i < 200; i++) {
		packs[i * 18] = 0x89;
		packs[i * 18 + 2] = (uint8_t)i;
		sp_cdtext_seal(packs + i * 18);
	}
	assert_int_equal(sp_disc_set_cdtext(disc, packs, sizeof(packs)), 0);
	for (unsigned track = 0; track <= 99; track++) {
		char code[14];

		snprintf(code, sizeof(code), "%013u", track);
		set(disc, 0, track, SP_TEXT_UPC_EAN, code);
	}
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &out, &size, &lost, NULL), 0);
	assert_packs(out, size);
	assert_int_equal(lost.packs, 200);
	assert_int_equal(lost.texts, 0);
	free(out);
	sp_disc_free(disc);
}

/* Nothing is written that keywords say; else packs beside them, though their letters differ. */
static void beside_keywords_there_are_packs_only_where_they_say_more(void **state)
{
	struct sp_disc *disc = disc_of(2);
	struct sp_cdtext_lost lost;
	uint8_t *packs;
	size_t size;

	(void)state;
	set(disc, 0, 0, SP_TEXT_TITLE, "Ein 日 Käse");
	set(disc, 0, 1, SP_TEXT_GENRE, "Jazz"); /* a track's has no place in packs */
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_BESIDE, &packs, &size, &lost, NULL), 0);
	assert_int_equal(size, 0);
	assert_nothing_lost(&lost);
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &packs, &size, &lost, NULL), 0);
	assert_true(size > 0);
	assert_int_equal(lost.letters, 1);
	assert_int_equal(lost.texts, 1);
	free(packs);
	disc->block[0].language = 8;
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_BESIDE, &packs, &size, &lost, NULL), 0);
	assert_true(size > 0);
	assert_nothing_lost(&lost);
	free(packs);
	disc->block[0].language = 0;
	set(disc, 5, 2, SP_TEXT_TITLE, "한국");
	assert_int_equal(sp_cdtext_packs(disc, SP_CDTEXT_BESIDE, &packs, &size, &lost, NULL), 0);
	assert_int_equal(lost.letters, 2);
	assert_int_equal(lost.blocks, 1 << 5);
	free(packs);
	sp_disc_free(disc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_texts_of_every_set_and_block_come_back),
		cmocka_unit_test(wide_letters_are_counted_in_pairs_and_end_with_two_zeros),
		cmocka_unit_test(a_set_that_lacks_letters_gives_way_to_one_that_has_them),
		cmocka_unit_test(repeated_texts_cost_no_more_than_a_tab),
		cmocka_unit_test(texts_beyond_a_block_are_cut_alike_and_counted),
		cmocka_unit_test(the_fullest_disc_there_can_be_fits),
		cmocka_unit_test(packs_stay_byte_for_byte_while_they_are_true),
		cmocka_unit_test(a_changed_text_makes_only_its_block_anew),
		cmocka_unit_test(a_changed_language_or_genre_is_written),
		cmocka_unit_test(tables_without_room_beside_the_texts_are_counted),
		cmocka_unit_test(beside_keywords_there_are_packs_only_where_they_say_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
