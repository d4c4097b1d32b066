/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which encoding a sheet was written. Titles are short and mixed with English keywords, so it
 * is not languages that are told apart but how high bytes stand beside each other. */
#include "formats/cue_text.h"

#include <stdint.h>
#include <string.h>

/* What Shift-JIS makes of a text. */
struct text_japanese {
	bool valid;
	size_t common;  /* kana and the kanji of JIS level 1, not right behind a Latin letter */
	size_t other;   /* two bytes that are something else */
	size_t narrow;  /* half-width kana, with a like neighbour */
	size_t symbols; /* those of them that are no letters in Windows' code pages */
	size_t alone;   /* half-width kana without */
};

/* What the text is as letters of one byte. */
struct text_letters {
	size_t high, neighbours; /* of the Cyrillic range of 1251; such next to such */
	size_t frequent;         /* the eight letters that make up half of Russian */
};

static bool text_latin(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool text_narrow(uint8_t c)
{
	return c >= 0xa1 && c <= 0xdf;
}

/* JIS X 0208 in Shift-JIS: first bytes 81-9f and e0-ef, of which fa-fc are extensions by vendors;
 * second bytes 40-7e and 80-fc. */
static struct text_japanese text_as_japanese(const uint8_t *p, size_t size)
{
	struct text_japanese found = {.valid = true};
	bool latin = false, wide = false; /* the letter before */

	for (size_t i = 0; i < size; i++) {
		const uint8_t c = p[i];
		const bool behind = latin, row = wide || (i + 2 < size && p[i + 2] >= 0x80);

		latin = text_latin(c);
		wide = false;
		if (c < 0x80)
			continue;
		if (text_narrow(c)) {
			const bool like = (i && text_narrow(p[i - 1])) ||
					  (i + 1 < size && text_narrow(p[i + 1]));

			found.narrow += like;
			found.symbols += like && c < 0xc0;
			found.alone += !like;
			continue;
		}
		const uint8_t second = i + 1 < size ? p[i + 1] : 0;
		if (c == 0x80 || c == 0xa0 || c > 0xfc || second < 0x40 || second == 0x7f ||
		    second > 0xfc) {
			found.valid = false;
			return found;
		}
		/* 91-97 are quotes and dashes of Windows, beside a letter */
		const bool quote = c >= 0x91 && c <= 0x97 && text_latin(second) && !row;
		if (c <= 0x98 && c != 0x85 && c != 0x86 && !behind && !quote)
			found.common++;
		else
			found.other++;
		wide = true;
		i++;
	}
	return found;
}

static bool text_cyrillic(uint8_t c)
{
	return c >= 0xc0 || c == 0xa8 || c == 0xb8 || c == 0xaa || c == 0xaf || c == 0xb2 ||
	       c == 0xb3 || c == 0xba || c == 0xbf;
}

static struct text_letters text_as_letters(const uint8_t *p, size_t size)
{
	static const uint8_t frequent[] = {0xee, 0xe5, 0xe0, 0xe8, 0xed, 0xf2, 0xf1, 0xf0};
	struct text_letters found = {0};

	for (size_t i = 0; i < size; i++) {
		if (!text_cyrillic(p[i]))
			continue;
		found.high++;
		found.neighbours +=
			(i && text_cyrillic(p[i - 1])) || (i + 1 < size && text_cyrillic(p[i + 1]));
		found.frequent += memchr(frequent, p[i] | 0x20, sizeof(frequent)) != NULL;
	}
	return found;
}

unsigned sp_cue_charset(const void *text, size_t size)
{
	const uint8_t *p = text;

	if (size >= 2 && p[0] == 0xff && p[1] == 0xfe)
		return SP_CHARSET_UTF16LE;
	if (size >= 2 && p[0] == 0xfe && p[1] == 0xff)
		return SP_CHARSET_UTF16BE;
	if (sp_utf8_valid(text, size))
		return SP_CHARSET_UTF8;
	const struct text_japanese japanese = text_as_japanese(p, size);
	const struct text_letters letters = text_as_letters(p, size);
	/* Russian read as Japanese is narrow kana and rare kanji; a curly apostrophe in English is
	 * a kanji behind a Latin letter */
	if (japanese.valid && japanese.common > japanese.other + japanese.narrow + japanese.alone)
		return SP_CHARSET_SHIFT_JIS;
	if (japanese.valid && japanese.narrow && japanese.symbols * 3 >= japanese.narrow &&
	    japanese.common * 2 + japanese.narrow > japanese.other + japanese.alone)
		return SP_CHARSET_SHIFT_JIS;
	/* words of Western languages have high letters one by one */
	if (letters.neighbours * 4 > letters.high * 3 && letters.frequent * 4 > letters.high)
		return SP_CHARSET_CP1251;
	return SP_CHARSET_CP1252;
}

bool sp_cue_charset_named(const char *name, unsigned *charset)
{
	if (!name || !strcmp(name, "auto"))
		return true;
	for (unsigned i = 0; i < SP_CHARSETS; i++)
		if (!strcmp(name, sp_charset_name(i))) {
			*charset = i;
			return true;
		}
	return false;
}

const char *sp_cue_charset_title(unsigned charset)
{
	static const char *const title[] = {
		"UTF-8",     "Windows-1252",         "Windows-1251 (Cyrillic)",
		"Shift-JIS", "UTF-16 little-endian", "UTF-16 big-endian"};

	return charset < SP_CHARSETS ? title[charset] : "?";
}
