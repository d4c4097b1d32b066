/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resource forks from anywhere: every resource that is listed lies in the fork. */
#include "base/bytes.h"
#include "formats/rsrc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".rsrc";

/* The fork is all of the io, or all but its ends. */
static void fuzz_list(struct sp_io *io, uint64_t at, uint64_t size, const char type[4])
{
	struct sp_resource *list = NULL;
	struct sp_error err = {0};
	size_t count = 0;

	if (sp_rsrc_list(&list, &count, io, at, size, type, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	if (count > SP_RSRC_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct sp_resource *r = &list[i];

		if (!sp_range_ok(r->at, r->size, io->size) || r->at < at ||
		    !memchr(r->name, 0, sizeof(r->name)))
			abort();
	}
	free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err;
	struct sp_io *io;

	if (!mem || sp_memory_put(mem, "fuzz", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz", false, &io, &err) < 0)
		abort();
	fuzz_list(io, 0, size, "blkx");
	fuzz_list(io, 0, size, "plst");
	if (size > 16)
		fuzz_list(io, 8, size - 16, "blkx");
	sp_io_close(io);
	sp_memory_free(mem);
	return 0;
}
