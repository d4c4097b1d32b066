/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Letters of old encodings as UTF-8. */
#ifndef SP_CODEC_CHARSET_H
#define SP_CODEC_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

enum sp_charset {
	SP_CHARSET_UTF8,
	SP_CHARSET_CP1252,
	SP_CHARSET_CP1251,
	SP_CHARSET_SHIFT_JIS, /* as Windows has it: code page 932, where 0x5c is a backslash */
	SP_CHARSET_UTF16LE,
	SP_CHARSET_UTF16BE,
	SP_CHARSETS
};

/* utf-8 cp1252 cp1251 shift-jis utf-16le utf-16be */
const char *sp_charset_name(unsigned charset);

/* Well-formed UTF-8: no overlong forms, surrogates or code points above U+10FFFF. */
bool sp_utf8_valid(const char *text, size_t size);

/* A malloc'd, terminated copy of `size` bytes in UTF-8; what the encoding does not have becomes
 * U+FFFD. A byte-order mark is a letter like others. *out_size (may be NULL): bytes without the
 * terminator. NULL: no memory. */
char *sp_charset_decode(unsigned charset, const void *text, size_t size, size_t *out_size);

#endif
