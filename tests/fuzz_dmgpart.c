/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Images in two segments from anywhere: four bytes say how long the first is. */
#include "base/bytes.h"
#include "tests/fuzz_dmg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".dmgpart";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();

	if (!mem)
		abort();
	if (size > 4) {
		const size_t first = get_be32(data) % (size - 4);

		if (sp_memory_put(mem, "fuzz.dmg", data + 4, first) < 0 ||
		    sp_memory_put(mem, "fuzz.002.dmgpart", data + 4 + first, size - 4 - first) < 0)
			abort();
		fuzz_image(mem);
	}
	sp_memory_free(mem);
	return 0;
}
