/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of unknown origin made safe to show: UTF-8 is checked, what steers a terminal is escaped. */
#ifndef SP_REPORT_PRINTABLE_H
#define SP_REPORT_PRINTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The code point at *p, which is moved past it; -1 and one byte further when it is not UTF-8 (also
 * overlong forms, surrogates and beyond U+10FFFF). Not to be called at the end of the string. */
int32_t printable_next(const char **p);
/* Controls, line and paragraph separators, and marks that reorder the text around them. */
bool printable_is_unsafe(int32_t c);
/* `text` with every unsafe byte as \xNN; a backslash stays, so that escaping twice is harmless.
 * NULL prints nothing. */
void printable_put(FILE *out, const char *text);
/* Columns that takes, where every letter takes one. NULL: 0. */
size_t printable_columns(const char *text);

#endif
