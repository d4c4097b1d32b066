/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which encoding a sheet was written, told by its bytes. */
#ifndef SP_FORMATS_CUE_TEXT_H
#define SP_FORMATS_CUE_TEXT_H

#include "codec/charset.h"

/* The encoding of a whole sheet, of enum sp_charset: by its byte-order mark, else UTF-8 where that
 * is well-formed, else what the bytes speak for most, Windows-1252 where they say nothing. */
unsigned sp_cue_charset(const void *text, size_t size);
/* That of `name`, as -O charset=NAME has it; *charset stays for "auto" and NULL. False: none. */
bool sp_cue_charset_named(const char *name, unsigned *charset);
/* For people: "Shift-JIS". */
const char *sp_cue_charset_title(unsigned charset);

#endif
