/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block maps from anywhere, alone in a resource fork behind stored data: four bytes say how long
 * the map is, the data follows it. */
#include "base/bytes.h"
#include "tests/fuzz_dmg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".mish";

enum { FORK_HEAD = 16, FORK_MAP = 28 + 2 + 8 + 12 };

/* One resource "blkx" without a name. */
static size_t fuzz_fork(uint8_t *fork, const uint8_t *mish, size_t size)
{
	const uint32_t map = (uint32_t)(FORK_HEAD + 4 + size);

	put_be32(fork, FORK_HEAD);
	put_be32(fork + 4, map);
	put_be32(fork + 8, (uint32_t)size + 4);
	put_be32(fork + 12, FORK_MAP);
	put_be32(fork + FORK_HEAD, (uint32_t)size);
	memcpy(fork + FORK_HEAD + 4, mish, size);
	put_be16(fork + map + 24, 28);          /* its types */
	put_be16(fork + map + 26, FORK_MAP);    /* names: none */
	memcpy(fork + map + 30, "blkx", 4);     /* one, less one */
	put_be16(fork + map + 36, 2 + 8);       /* from the types on */
	put_be16(fork + map + 28 + 12, 0xffff); /* nameless */
	return map + FORK_MAP;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 5)
		return 0;
	const size_t mish = get_be32(data) % (size - 4), stored = size - 4 - mish;
	uint8_t *image = calloc(1, stored + FORK_HEAD + 4 + mish + FORK_MAP + 512);
	struct sp_memory *mem = sp_memory_new();

	if (!image || !mem)
		abort();
	memcpy(image, data + 4 + mish, stored);
	const size_t fork = fuzz_fork(image + stored, data + 4, mish);
	uint8_t *koly = image + stored + fork;
	memcpy(koly, "koly\0\0\0\4\0\0\2", 12);
	put_be64(koly + 0x20, stored);
	put_be64(koly + 0x28, stored);
	put_be64(koly + 0x30, fork);
	if (sp_memory_put(mem, "fuzz.dmg", image, stored + fork + 512) < 0)
		abort();
	free(image);
	fuzz_image(mem);
	sp_memory_free(mem);
	return 0;
}
