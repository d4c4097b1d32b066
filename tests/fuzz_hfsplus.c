/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+ volumes from anywhere: every folder listed, every file read. */
#include "tests/fs_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".hfsplus";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fs_fuzz(&sp_fs_hfsplus, data, size);
	return 0;
}
