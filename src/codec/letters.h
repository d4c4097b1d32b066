/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text in other character sets ↔ UTF-8, by iconv. */
#ifndef SP_CODEC_LETTERS_H
#define SP_CODEC_LETTERS_H

#include <stddef.h>
#include <stdint.h>

/* `charset` is iconv's name: CP932 (Shift-JIS as Microsoft has it), ISO-8859-1, CP1251, … */

/* *out: a terminated copy of `size` bytes in UTF-8, the caller's to free. SP_ERR_FORMAT: bytes that
 * are no letters there; SP_ERR_UNSUPPORTED: the system does not know the set; SP_ERR_MEMORY. */
int sp_letters_to_utf8(const char *charset, const void *in, size_t size, char **out);
/* *out: `text` (terminated UTF-8) in that set, *size bytes without an end mark, the caller's to
 * free. Letters it lacks and bytes that are not UTF-8 are left out and counted in *lost (NULL is
 * fine). SP_ERR_UNSUPPORTED, SP_ERR_MEMORY. */
int sp_letters_from_utf8(const char *charset, const char *text, uint8_t **out, size_t *size,
			 unsigned *lost);

#endif
