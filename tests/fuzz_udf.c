/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDF volumes from anywhere: every folder listed, every file read; of every other input the tags
 * are made right first, so that what is behind them is reached. */
#include "base/bytes.h"
#include "disc/subchannel.h"
#include "tests/fs_walk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".udf";

static void fuzz_tag(uint8_t *d, size_t left)
{
	const size_t length = get_le16(d + 10);
	uint8_t sum = 0;

	if (length <= left - 16)
		put_le16(d + 8, (uint16_t)(sp_crc16_gsm(d + 16, length) ^ 0xffff));
	for (unsigned i = 0; i < 16; i++)
		sum = (uint8_t)(sum + (i == 4 ? 0 : d[i]));
	d[4] = sum;
}

static void fuzz_mend(uint8_t *d, size_t size)
{
	for (size_t at = 0; at + 16 <= size; at += 4) {
		const unsigned id = get_le16(d + at), version = get_le16(d + at + 2);
		const bool start = at % 512 == 0;

		if ((version == 2 || version == 3) &&
		    ((start && (id <= 9 || (id >= 256 && id <= 266))) || id == 257 || id == 262))
			fuzz_tag(d + at, size - at);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	unsigned sum = 0;

	if (!copy)
		abort();
	for (size_t i = 0; i < size; i++) {
		copy[i] = data[i];
		sum += data[i];
	}
	if (sum & 1)
		fuzz_mend(copy, size);
	fs_fuzz(&sp_fs_udf, copy, size);
	free(copy);
	return 0;
}
