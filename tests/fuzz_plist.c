/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Property lists from anywhere: as one, as a disk image's, and as what a sparse bundle begins
 * with. */
#include "base/bytes.h"
#include "formats/plist.h"
#include "tests/fuzz_dmg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".plist";

enum { FUZZ_FORK = 4096 };

/* Every text has its NUL, only dicts' values have keys. */
static void fuzz_list(struct sp_io *io)
{
	const struct sp_plist_node *stack[SP_PLIST_DEPTH + 1], *node;
	struct sp_plist_node *root = NULL;
	struct sp_error err = {0};
	size_t nodes = 0, depth = 0;

	const int r = sp_plist_read(&root, io, 0, io->size, &err);
	if (r < 0)
		fuzz_failed(&err, r);
	for (node = r < 0 ? NULL : root; node;) {
		if (++nodes > SP_PLIST_NODES || (node->data && node->data[node->size]))
			abort();
		if (node->child && depth == SP_PLIST_DEPTH)
			abort();
		if (node->child)
			stack[depth++] = node;
		const struct sp_plist_node *next = node->child ? node->child : node->next;
		while (!next && depth)
			next = stack[--depth]->next;
		node = next;
	}
	if (!r)
		sp_plist_free(root);
}

static void fuzz_dmg(struct sp_memory *mem, const uint8_t *data, size_t size)
{
	uint8_t *image = calloc(1, FUZZ_FORK + size + 512);

	if (!image)
		abort();
	for (size_t i = 0; i < FUZZ_FORK; i++)
		image[i] = (uint8_t)(i + i / 256);
	memcpy(image + FUZZ_FORK, data, size);
	uint8_t *koly = image + FUZZ_FORK + size;
	memcpy(koly, "koly\0\0\0\4\0\0\2", 12);
	put_be64(koly + 0x20, FUZZ_FORK);
	put_be64(koly + 0xd8, FUZZ_FORK);
	put_be64(koly + 0xe0, size);
	if (sp_memory_put(mem, "fuzz.dmg", image, FUZZ_FORK + size + 512) < 0)
		abort();
	free(image);
	fuzz_image(mem);
}

static void fuzz_bundle(struct sp_memory *mem)
{
	static uint8_t bytes[9000];
	char text[SP_WRAPPING_TEXT] = "";
	struct sp_error err = {0};
	struct sp_io *info, *disk;

	if (sp_memory_put(mem, "bands/0", bytes, 700) < 0 ||
	    sp_memory_put(mem, "bands/a", bytes, 4096) < 0 ||
	    sp_memory_open(mem, "Info.plist", false, &info, &err) < 0)
		abort();
	if (sp_format_sparsebundle.unwrap(&disk, info, NULL, text, &err) < 0) {
		if (!err.text[0])
			abort();
		sp_io_close(info);
		return;
	}
	const uint64_t places[] = {0, disk->size / 2, disk->size - disk->size % 4096};
	for (size_t i = 0; i < 3; i++) {
		const uint64_t left = disk->size - places[i];
		const size_t n = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
		const int r = sp_io_read(disk, places[i], bytes, n, &err);

		if (r < 0)
			fuzz_failed(&err, r);
	}
	sp_io_close(disk);
	memset(bytes, 0, sizeof(bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err = {0};
	struct sp_io *io;

	if (!mem || sp_memory_put(mem, "Info.plist", data, size) < 0 ||
	    sp_memory_open(mem, "Info.plist", false, &io, &err) < 0)
		abort();
	fuzz_list(io);
	sp_io_close(io);
	fuzz_dmg(mem, data, size);
	fuzz_bundle(mem);
	sp_memory_free(mem);
	return 0;
}
