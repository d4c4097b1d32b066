/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of any encoding as UTF-8, and days of the calendar as seconds. */
#include "tree/fs.h"

#include "base/bytes.h"
#include "codec/charset.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A NUL that is part of a name, as Apple shows it: SYMBOL FOR NULL. */
#define NAMES_NUL     0x2400u
#define NAMES_UNKNOWN 0xfffdu

static char *names_put(char *p, uint32_t c)
{
	if (!c)
		c = NAMES_NUL;
	if (c < 0x80) {
		*p++ = (char)c;
	} else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*p++ = (char)(0xe0 | c >> 12);
		*p++ = (char)(0x80 | (c >> 6 & 63));
		*p++ = (char)(0x80 | (c & 63));
	} else {
		*p++ = (char)(0xf0 | c >> 18);
		*p++ = (char)(0x80 | (c >> 12 & 63));
		*p++ = (char)(0x80 | (c >> 6 & 63));
		*p++ = (char)(0x80 | (c & 63));
	}
	return p;
}

char *sp_fs_utf16(const uint8_t *text, size_t size, bool little)
{
	const size_t units = size / 2;
	char *out = malloc(units * 3 + 4), *p = out;

	for (size_t i = 0; out && i < units; i++) {
		const uint8_t *at = text + 2 * i;
		uint32_t c = little ? get_le16(at) : get_be16(at);

		if (c >= 0xd800 && c < 0xdc00 && i + 1 < units) {
			const uint32_t low = little ? get_le16(at + 2) : get_be16(at + 2);
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i++;
			}
		}
		p = names_put(p, c >= 0xd800 && c < 0xe000 ? NAMES_UNKNOWN : c);
	}
	if (!out)
		return NULL;
	if (size % 2)
		p = names_put(p, NAMES_UNKNOWN);
	*p = '\0';
	return out;
}

char *sp_fs_latin1(const uint8_t *text, size_t size)
{
	char *out = malloc(size * 3 + 1), *p = out;

	for (size_t i = 0; out && i < size; i++)
		p = names_put(p, text[i]);
	if (out)
		*p = '\0';
	return out;
}

char *sp_fs_bytes(const uint8_t *text, size_t size)
{
	if (!sp_utf8_valid((const char *)text, size) || memchr(text, 0, size))
		return sp_fs_latin1(text, size);
	char *out = malloc(size + 1);
	if (!out)
		return NULL;
	memcpy(out, text, size);
	out[size] = '\0';
	return out;
}

bool sp_fs_time(struct sp_time *time, int64_t year, unsigned month, unsigned day, unsigned hour,
		unsigned minute, unsigned second, int offset_minutes)
{
	static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	*time = (struct sp_time){0};
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || hour > 23 ||
	    minute > 59 || second > 60 || offset_minutes < -1440 || offset_minutes > 1440 ||
	    day > length[month - 1] + (unsigned)(leap && month == 2))
		return false;
	/* days since 0000-03-01, where a leap day ends the year */
	const int64_t y = month < 3 ? year - 1 : year;
	const int64_t m = month < 3 ? month + 9 : month - 3;
	const int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;
	time->seconds = (days - 719468) * 86400 + (int64_t)hour * 3600 + minute * 60 + second -
			(int64_t)offset_minutes * 60;
	time->known = true;
	return true;
}

char *sp_fs_date(char text[SP_FS_DATE], const struct sp_time *time)
{
	const time_t seconds = (time_t)time->seconds;
	struct tm tm;

	text[0] = '\0';
	if (time->known && gmtime_r(&seconds, &tm))
		strftime(text, SP_FS_DATE, "%Y-%m-%d %H:%M:%S +00:00", &tm);
	return text;
}
