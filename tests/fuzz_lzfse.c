/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZFSE whole and in pieces, LZVN without its header, and what is decoded encoded again. */
#include "codec/lzfse.h"
#include "tests/fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".lzfse";

enum { FUZZ_HEADER = 12 }; /* of a block bvxn */

static void fuzz_lzvn(const uint8_t *data, size_t size)
{
	static uint8_t out[FUZZ_OUT];
	size_t done, again;

	(void)sp_lzvn_decode(data, size, out, sizeof(out), &done);
	if (done > sizeof(out))
		abort();
	uint8_t *less = malloc(done ? done : 1); /* its very size */
	if (!less)
		abort();
	(void)sp_lzvn_decode(data, size, less, done, &again);
	if (again != done || memcmp(less, out, done) != 0)
		abort();
	free(less);
}

/* Any bytes at all are encoded and come back. */
static void fuzz_encode(const uint8_t *data, size_t size)
{
	const size_t room = size + size / 8 + 1024;
	uint8_t *packed = malloc(room), *out = malloc(size ? size : 1);
	static void *work; /* once: it is large */
	size_t done;

	if (!packed || !out)
		abort();
	const size_t n =
		sp_codec_lzfse.encode(&work, 1 + (unsigned)size % 9, data, size, packed, room);
	if (!n || sp_codec_lzfse.decode(&work, packed, n, out, size, &done) != 0 ||
	    memcmp(data, out, size) != 0)
		abort();
	free(packed);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_codec(&sp_codec_lzfse, data, size);
	if (size >= FUZZ_HEADER && !memcmp(data, "bvxn", 4))
		fuzz_lzvn(data + FUZZ_HEADER, size - FUZZ_HEADER);
	fuzz_encode(data, size);
	return 0;
}
