/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDIF images from anywhere: trailer, property list or resource fork, block maps, every codec. */
#include "tests/fuzz_dmg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".dmg";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();

	if (!mem || sp_memory_put(mem, "fuzz.dmg", data, size) < 0)
		abort();
	fuzz_image(mem);
	sp_memory_free(mem);
	return 0;
}
