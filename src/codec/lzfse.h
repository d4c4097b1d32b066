/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZVN without a header around it, as HFS+ and APFS keep compressed files (decmpfs 7 and 8). */
#ifndef SP_CODEC_LZFSE_H
#define SP_CODEC_LZFSE_H

#include <stddef.h>
#include <stdint.h>

/* As sp_codec's decode, of instructions up to their end mark or the end of `in`. */
int sp_lzvn_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size, size_t *done);

#endif
