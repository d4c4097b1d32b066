/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparse images from anywhere: what opens can be read at its beginning, its end and each of its
 * bands. */
#include "formats/formats.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".sparseimage";

static void fuzz_read(struct sp_io *io, uint64_t at, size_t size)
{
	static uint8_t bytes[70000];
	struct sp_error err;

	if (at >= io->size)
		return;
	if (size > sizeof(bytes))
		size = sizeof(bytes);
	if (size > io->size - at)
		size = (size_t)(io->size - at);
	if (sp_io_read(io, at, bytes, size, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	char text[SP_WRAPPING_TEXT] = "";
	struct sp_error err = {0};
	struct sp_io *io, *disk;

	if (!mem || sp_memory_put(mem, "fuzz.sparseimage", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz.sparseimage", false, &io, &err) < 0)
		abort();
	if (sp_format_sparseimage.unwrap(&disk, io, NULL, text, &err) < 0) {
		if (!err.text[0])
			abort();
		sp_io_close(io);
	} else {
		for (uint64_t at = 0; at < 1 << 20; at += 4095)
			fuzz_read(disk, at, 9001);
		fuzz_read(disk, disk->size - (disk->size < 600 ? disk->size : 600), 600);
		fuzz_read(disk, disk->size / 2, 70000);
		sp_io_close(disk);
	}
	sp_memory_free(mem);
	return 0;
}
