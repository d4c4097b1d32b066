/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encodings of sheets: which one it is, and what becomes of texts and names. */
#include "base/bytes.h"
#include "formats/cue_text.h"
#include "formats/formats.h"
#include "tests/cue_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* `text` (UTF-8) in another encoding, by the C library; NULL: it lacks that or a letter. */
static char *encode(const char *charset, const char *text, size_t *size)
{
	const iconv_t table = iconv_open(charset, "UTF-8");
	size_t left = strlen(text), room = left * 2 + 1;
	char *out = calloc(1, room + 1), *to = out, *from = (char *)text;

	if (table == (iconv_t)-1 || iconv(table, &from, &left, &to, &room) == (size_t)-1) {
		free(out);
		return NULL;
	}
	iconv_close(table);
	*size = (size_t)(to - out);
	return out;
}

static const struct {
	unsigned charset;
	const char *iconv, *title;
} sheets[] = {
	{SP_CHARSET_CP1251, "CP1251", "Группа крови"},
	{SP_CHARSET_CP1251, "CP1251", "Кино"},
	{SP_CHARSET_CP1251, "CP1251", "КИНО"},
	{SP_CHARSET_CP1251, "CP1251", "Ёлка\" PERFORMER \"Аквариум"},
	{SP_CHARSET_CP1251, "CP1251", "The Best (Лучшее)"},
	{SP_CHARSET_CP1251, "CP1251", "Хочу перемен! — Live"},
	{SP_CHARSET_CP1251, "CP1251", "Океан Ельзи: Обійми"},
	{SP_CHARSET_SHIFT_JIS, "CP932", "ゼルダの伝説"},
	{SP_CHARSET_SHIFT_JIS, "CP932", "愛"},
	{SP_CHARSET_SHIFT_JIS, "CP932", "表示ソ Vol.2"},
	{SP_CHARSET_SHIFT_JIS, "CP932", "ドラゴンクエスト"},
	{SP_CHARSET_SHIFT_JIS, "CP932", "ﾄﾞﾗｺﾞﾝｸｴｽﾄ"},
	{SP_CHARSET_SHIFT_JIS, "CP932", "宇多田ヒカル - First Love"},
	{SP_CHARSET_CP1252, "CP1252", "Björk"},
	{SP_CHARSET_CP1252, "CP1252", "Don’t Stop ’til You Get Enough"},
	{SP_CHARSET_CP1252, "CP1252", "Für Élise – “Bagatelle”"},
	{SP_CHARSET_CP1252, "CP1252", "Créées à l'été"},
	{SP_CHARSET_CP1252, "CP1252", "Räksmörgås på Åland"},
	{SP_CHARSET_CP1252, "CP1252", "Sigur Rós: Ágætis byrjun"},
	{SP_CHARSET_CP1252, "CP1252", "Mötley Crüe"},
	{SP_CHARSET_CP1252, "CP1252", "Café del Mar…"},
	{SP_CHARSET_CP1252, "CP1252", "¿Dónde está?"},
	{SP_CHARSET_UTF8, "UTF-8", "Группа крови 愛 é"},
	{SP_CHARSET_UTF8, "UTF-8", "plain"},
};

static void encoding_is_told_by_evidence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
		char *sheet = sp_format_text("TITLE \"%s\"\r\nFILE \"a.bin\" BINARY\r\n",
					     sheets[i].title);
		size_t size;
		char *text = encode(sheets[i].iconv, sheet, &size);

		if (!text) {
			print_message("%s: not known to iconv: left out\n", sheets[i].iconv);
		} else if (sp_cue_charset(text, size) != sheets[i].charset) {
			fail_msg("%s in %s is taken for %s", sheets[i].title, sheets[i].iconv,
				 sp_charset_name(sp_cue_charset(text, size)));
		} else {
			char *back = sp_charset_decode(sheets[i].charset, text, size, NULL);

			assert_string_equal(back, sheet);
			free(back);
		}
		free(text);
		free(sheet);
	}
}

/* Every byte and pair of bytes against the C library's tables. */
static void tables_are_those_of_the_system(void **state)
{
	static const struct {
		unsigned charset;
		const char *iconv;
	} tables[] = {{SP_CHARSET_CP1252, "CP1252"}, {SP_CHARSET_CP1251, "CP1251"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const iconv_t table = iconv_open("UTF-8", tables[i].iconv);

		if (table == (iconv_t)-1)
			skip();
		for (unsigned c = 1; c < 256; c++) {
			char in = (char)c, out[8] = "", *from = &in, *to = out;
			size_t left = 1, room = 7;
			const bool known = iconv(table, &from, &left, &to, &room) != (size_t)-1;
			char *found = sp_charset_decode(tables[i].charset, &in, 1, NULL);

			iconv(table, NULL, NULL, NULL, NULL);
			assert_string_equal(found, known ? out : "\xef\xbf\xbd");
			free(found);
		}
		iconv_close(table);
	}
}

static void what_cannot_be_decoded_is_marked_and_bounded(void **state)
{
	uint8_t bytes[512];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(1 + i * 7 % 255);
	for (unsigned charset = 0; charset < SP_CHARSETS; charset++)
		for (size_t n = 0; n <= sizeof(bytes); n++) {
			size_t size;
			char *text = sp_charset_decode(charset, bytes, n, &size);

			assert_non_null(text);
			assert_true(size <= n * 3 && strlen(text) == size);
			assert_true(sp_utf8_valid(text, size));
			free(text);
		}
	char *text = sp_charset_decode(SP_CHARSET_UTF16LE, "\x3d\xd8\x00\xde\x00\xd8x\0", 8, NULL);
	assert_string_equal(text, "\xf0\x9f\x98\x80\xef\xbf\xbdx");
	free(text);
	text = sp_charset_decode(SP_CHARSET_SHIFT_JIS, "a\xff\x82\xa0\x81", 5, NULL);
	assert_string_equal(text, "a\xef\xbf\xbd\xe3\x81\x82\xef\xbf\xbd");
	free(text);
}

/* A sheet in `charset`, opened with -O charset=`ask` (NULL: without). */
static struct sp_source *open_sheet(struct folder *folder, const char *charset, const char *sheet,
				    const char *ask)
{
	const struct sp_option option = {"charset", ask};
	const struct sp_options options = {
		.option = &option, .options = ask ? 1 : 0, .notes = &folder->sink};
	struct sp_source *src = NULL;
	struct sp_error err = {0};
	struct sp_io *io;
	size_t size;
	char *text = encode(charset, sheet, &size);

	if (!text)
		return NULL;
	assert_int_equal(sp_memory_put(folder->mem, "sheet.cue", text, size), 0);
	free(text);
	folder->notes[0] = '\0';
	assert_int_equal(sp_memory_open(folder->mem, "sheet.cue", false, &io, &err), 0);
	const struct sp_format *format = NULL;
	assert_int_equal(sp_identify(&format, io, &err), 0);
	assert_string_equal(format->name, "cue");
	if (sp_format_cue.open(&src, io, &options, &err) < 0)
		fail_msg("%s", err.text);
	return src;
}

static void sheets_of_16_bits_are_read(void **state)
{
	static const char sheet[] = "\ufeffTITLE \"Земля 月 é\"\r\n"
				    "FILE \"\u00e4.bin\" BINARY\r\n  TRACK 01 AUDIO\r\n"
				    "    INDEX 01 00:00:00\r\n\n";
	struct folder folder;
	uint8_t data[2352] = {0};

	(void)state;
	folder_make(&folder);
	assert_int_equal(sp_memory_put(folder.mem, "\u00e4.bin", data, sizeof(data)), 0);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const charset[] = {"UTF-16LE", "UTF-16BE", "UTF-8"};
		struct sp_source *src = open_sheet(&folder, charset[i], sheet, NULL);

		assert_non_null(src);
		assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "Земля 月 é");
		assert_string_equal(folder.notes,
				    i == 0   ? "sheet.cue: read as UTF-16 little-endian\n"
				    : i == 1 ? "sheet.cue: read as UTF-16 big-endian\n"
					     : "");
		sp_source_close(src);
	}
	folder_clear(&folder);
}

static void encoding_can_be_said(void **state)
{
	static const char sheet[] = "TITLE \"Ом\"\nFILE \"a.bin\" BINARY\nTRACK 01 AUDIO\n"
				    "INDEX 01 0:0:0\n";
	struct folder folder;

	(void)state;
	folder_make(&folder);
	struct sp_source *src = open_sheet(&folder, "CP1251", sheet, "cp1252");
	assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "Îì");
	sp_source_close(src);
	src = open_sheet(&folder, "CP1251", sheet, "cp1251");
	assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "Ом");
	assert_string_equal(folder.notes,
			    "sheet.cue: not UTF-8, read as Windows-1251 (Cyrillic)\n");
	sp_source_close(src);
	src = open_sheet(&folder, "CP1251", sheet, "utf-8");
	assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "\ufffd\ufffd");
	sp_source_close(src);
	const struct sp_option option = {"charset", "koi8-r"};
	const struct sp_options options = {.option = &option, .options = 1, .notes = NULL};
	struct sp_error err;
	struct sp_io *io;
	assert_int_equal(sp_memory_open(folder.mem, "sheet.cue", false, &io, &err), 0);
	assert_int_equal(sp_format_cue.open(&src, io, &options, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "-O charset=koi8-r: the values are "
				      "auto|utf-8|cp1252|cp1251|shift-jis");
	sp_io_close(io);
	folder_clear(&folder);
}

/* 0x5c, a backslash, is the second byte of ソ and 表: neither a folder nor the end of the name. */
static void japanese_names_are_found_as_bytes_and_as_letters(void **state)
{
	static const char sheet[] = "TITLE \"ゼルダの伝説\"\nFILE \"表ソ\" BINARY\n"
				    "TRACK 01 AUDIO\nINDEX 01 0:0:0\n";
	static const char *const names[] = {"\x95\x5c\x83\x5c", "表ソ"};
	uint8_t data[2352] = {0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct folder folder;

		folder_make(&folder);
		if (!i) /* a name that ends in a separator cannot be asked for */
			assert_int_equal(sp_memory_put(folder.mem, names[1], data, 2352), 0);
		else
			assert_int_equal(sp_memory_put(folder.mem, "sheet.bin", data, 2352), 0);
		struct sp_source *src = open_sheet(&folder, "CP932", sheet, NULL);
		if (!src) {
			folder_clear(&folder);
			skip();
		}
		assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "ゼルダの伝説");
		assert_non_null(strstr(folder.notes, "read as Shift-JIS"));
		sp_source_close(src);
		folder_clear(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding_is_told_by_evidence),
		cmocka_unit_test(tables_are_those_of_the_system),
		cmocka_unit_test(what_cannot_be_decoded_is_marked_and_bounded),
		cmocka_unit_test(sheets_of_16_bits_are_read),
		cmocka_unit_test(encoding_can_be_said),
		cmocka_unit_test(japanese_names_are_found_as_bytes_and_as_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
