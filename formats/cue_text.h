/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Letters of sheets: UTF-8, or Windows' code page 1252 where they are not. */
#ifndef SP_FORMATS_CUE_TEXT_H
#define SP_FORMATS_CUE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8: no overlong forms, surrogates or code points above U+10FFFF. */
bool sp_utf8_valid(const char *text, size_t size);
/* A malloc'd, terminated copy in UTF-8 of text in CP1252; its unassigned bytes become U+FFFD. NULL:
 * no memory. */
char *sp_utf8_from_cp1252(const char *text, size_t size);

#endif
