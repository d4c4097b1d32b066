/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRC-32 by libdeflate, and the level of sp_codec_zlib. */
#ifndef SP_CODEC_DEFLATE_H
#define SP_CODEC_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

enum { SP_DEFLATE_LEVEL = 8 }; /* unless asked for another */

/* CRC-32 (IEEE 802.3) going on from `crc`, 0 at the start. */
uint32_t sp_crc32(uint32_t crc, const void *data, size_t size);

#endif
