/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+ volumes from anywhere: every folder listed, every file read. */
#include "tests/fs_walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".hfsplus";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	struct fs_walk walk = {.most = 1 << 20};
	struct sp_error err = {0};
	struct sp_io *io;
	struct sp_fs *fs;

	if (!mem || sp_memory_put(mem, "fuzz.hfsplus", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz.hfsplus", false, &io, &err) < 0)
		abort();
	if (fs_walk_open(&walk, &sp_fs_hfsplus, io, &fs, &err) < 0) {
		if (!err.text[0])
			abort();
	} else {
		fs_walk(&walk, fs);
		sp_fs_close(fs);
	}
	sp_io_close(io);
	sp_memory_free(mem);
	return 0;
}
