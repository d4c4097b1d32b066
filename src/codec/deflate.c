/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows libdeflate. */
#include "codec/deflate.h"

#include <libdeflate.h>

uint32_t sp_crc32(uint32_t crc, const void *data, size_t size)
{
	return libdeflate_crc32(crc, data, size);
}
