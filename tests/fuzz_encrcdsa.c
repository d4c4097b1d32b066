/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encrypted images from anywhere, with the right password: the header is read, the keys are tried,
 * and what opens can be read from end to end. */
#include "formats/encrcdsa.h"
#include "formats/formats.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".encrcdsa";

static int fuzz_password(void *user, const char *name, char text[SP_PASSWORD_ROOM], size_t *size,
			 struct sp_error *err)
{
	(void)user, (void)name, (void)err;
	memcpy(text, "secret", 6);
	*size = 6;
	return 0;
}

static void fuzz_read(struct sp_io *io)
{
	static uint8_t bytes[5000];
	struct sp_error err;

	for (uint64_t at = 0; at < io->size && at < 1 << 20;) {
		const size_t n =
			io->size - at < sizeof(bytes) ? (size_t)(io->size - at) : sizeof(bytes);
		if (sp_io_read(io, at, bytes, n, &err) < 0)
			abort();
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sp_options options = {.password = fuzz_password};
	struct sp_memory *mem = sp_memory_new();
	char text[SP_WRAPPING_TEXT] = "";
	struct sp_error err = {0};
	struct sp_io *io, *clear;
	struct sp_encrcdsa head;

	if (!mem || sp_memory_put(mem, "fuzz.dmg", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz.dmg", false, &io, &err) < 0)
		abort();
	/* what would take its seconds is read, and not tried ten thousand times */
	uint64_t iterations = 0;
	const int r = sp_encrcdsa_read(&head, io, &err);
	for (size_t i = 0; !r && i < head.keys; i++)
		iterations += head.key[i].iterations;
	if (!r && iterations > 2000) {
		sp_io_close(io);
	} else if (sp_format_encrcdsa.unwrap(&clear, io, &options, text, &err) < 0) {
		if (!err.text[0])
			abort();
		sp_io_close(io);
	} else {
		if (!text[0])
			abort();
		fuzz_read(clear);
		sp_io_close(clear);
	}
	sp_memory_free(mem);
	return 0;
}
