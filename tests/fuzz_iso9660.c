/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Volumes from anywhere, read as each tree of ISO 9660: every folder is walked, every file mapped,
 * opened and begun, every link read; what it costs is bounded by the volume's size. The first 16
 * sectors, which nobody reads, are not part of the input. */
#include "formats/formats.h"
#include "tests/fs_walk.h"
#include "tree/fs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".iso9660";

enum { FUZZ_HEAD = 16 * 2048, FUZZ_ENTRIES = 200000 };

struct fuzz {
	struct sp_fs *fs;
	size_t entries, said;
};

static void fuzz_note(void *user, const char *text)
{
	((struct fuzz *)user)->said += strlen(text);
}

static int fuzz_place(void *user, unsigned what, const char *name, uint64_t at, uint64_t size)
{
	(void)at;
	(void)size;
	if (what > SP_WHERE_VOLUME || (what == SP_WHERE_VOLUME) != (name != NULL))
		abort();
	++*(size_t *)user;
	return 0;
}

static int fuzz_entry(void *user, const struct sp_walk_entry *entry)
{
	struct fuzz *fuzz = user;
	const struct sp_node *node = entry->node;
	struct sp_error err;
	struct sp_io *io = NULL;
	char *target = NULL;
	uint8_t bytes[100];

	/* 34 bytes of a record at least for each entry, whatever they claim */
	if (++fuzz->entries > FUZZ_ENTRIES)
		abort();
	if (node->type == SP_NODE_LINK && !sp_fs_link(fuzz->fs, node, &target, &err))
		free(target);
	if (node->type == SP_NODE_FILE &&
	    !sp_fs_open_file(fuzz->fs, node, SP_FORK_DATA, entry->name, &io, &err)) {
		const size_t n = io->size < sizeof(bytes) ? (size_t)io->size : sizeof(bytes);
		(void)sp_io_read(io, 0, bytes, n, &err);
		(void)sp_io_read(io, io->size - n, bytes, n, &err);
	}
	sp_io_close(io);
	(void)fuzz->fs->ops->holds(fuzz->fs, node, fuzz_place, &fuzz->said, &err);
	return 0;
}

static void fuzz_fact(void *user, const struct sp_fact *fact)
{
	*(size_t *)user += fact->text ? strlen(fact->text) : 1;
}

/* What lies where, kinds of discs, tables and checksums of the whole disc. Takes io. */
static void fuzz_disc(struct sp_io *io)
{
	static const struct sp_options none = {0};
	static struct sp_checksums list;
	struct sp_source *src = NULL;
	struct sp_inside *inside = NULL;
	struct sp_sink *sink = NULL;
	struct sp_kinds kinds;
	struct sp_error err;

	if (sp_format_iso.open(&src, io, &none, &err) < 0) {
		sp_io_close(io);
		return;
	}
	if (!sp_inside_open(&inside, src, NULL, &err)) {
		(void)sp_inside_find(inside, 0, &err);
		fs_fuzz_where(inside);
		(void)sp_kinds_find(&kinds, inside, &err);
		for (unsigned scheme = 0; scheme < SP_SCHEMES; scheme++) {
			struct sp_partitions table;
			(void)sp_inside_partitions(inside, scheme, &table, &err);
			sp_partitions_free(&table);
		}
		if (!sp_checksums_find(&list, inside, &err) && list.count &&
		    !sp_sink_checksums(&sink, &list, &err)) {
			struct sp_copy copy = {.source = src, .sink = sink};
			(void)sp_copy(&copy, &err);
		}
	}
	sp_sink_close(sink);
	sp_inside_close(inside);
	sp_source_close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sp_fs_format *const format[] = {&sp_fs_rockridge, &sp_fs_joliet,
							    &sp_fs_iso9660};
	uint8_t *image = size <= 1 << 21 ? calloc(1, FUZZ_HEAD + size) : NULL;
	struct sp_memory *mem = sp_memory_new();
	struct sp_io *io = NULL;
	struct sp_error err;

	if (image)
		memcpy(image + FUZZ_HEAD, data, size);
	if (image && mem && !sp_memory_put(mem, "volume", image, FUZZ_HEAD + size) &&
	    !sp_memory_open(mem, "volume", false, &io, &err)) {
		const struct sp_fs_volume volume = {io, 0, io->size};
		for (size_t i = 0; i < 3; i++) {
			struct fuzz fuzz = {0};
			const struct sp_notes notes = {fuzz_note, &fuzz};
			size_t facts = 0;
			if (format[i]->probe(&volume, &err) != 1)
				continue;
			if (format[i]->open(&fuzz.fs, &volume, &notes, &err) < 0)
				abort(); /* the probe found it */
			(void)sp_fs_walk(fuzz.fs, sp_fs_root(fuzz.fs), "", SP_WALK_SORTED,
					 fuzz_entry, &fuzz, &err);
			struct sp_fs_count count;
			(void)sp_fs_count(fuzz.fs, FUZZ_ENTRIES / 2, &count, &err);
			(void)sp_fs_check(fuzz.fs, &err);
			(void)sp_fs_describe(fuzz.fs, fuzz_fact, &facts, &err);
			(void)fuzz.fs->ops->places(fuzz.fs, fuzz_place, &facts, &err);
			sp_fs_close(fuzz.fs);
		}
	}
	sp_io_close(io);
	io = NULL;
	if (image && mem && !sp_memory_open(mem, "volume", false, &io, &err))
		fuzz_disc(io);
	sp_memory_free(mem);
	free(image);
	return 0;
}
