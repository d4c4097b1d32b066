/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files from anywhere: their tags; told by content, opened, converted, and read at their
 * beginning, their end and in between. */
#include "formats/sound_io.h"
#include "formats/sound_tags.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".sound";

enum { FUZZ_PIECE = 65536, FUZZ_PIECES = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t piece[FUZZ_PIECE];
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err = {0};
	struct sp_io *io;
	struct sp_sound_tags tags;
	bool big;

	if (!mem || sp_memory_put(mem, "fuzz.sound", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz.sound", false, &io, &err) < 0)
		abort();
	if (sp_sound_tags_read(&tags, io, &err) < 0)
		abort();
	sp_sound_tags_clear(&tags);
	int r = sp_sound_view(&io, true, &big, NULL, &err);
	if (!r && io->size % 4)
		abort();
	for (unsigned i = 0; !r && i < FUZZ_PIECES; i++) {
		const uint64_t at = i < 8 ? (uint64_t)i * FUZZ_PIECE : io->size / (i - 6);

		if (at >= io->size)
			continue;
		const uint64_t left = io->size - at;
		r = sp_io_read(io, at, piece, left < FUZZ_PIECE ? (size_t)left : FUZZ_PIECE, &err);
	}
	if (r < 0 && (!err.text[0] || strchr(err.text, '\n')))
		abort();
	sp_io_close(io);
	sp_memory_free(mem);
	return 0;
}
