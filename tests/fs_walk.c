/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole file system as lines of text, for tests of its readers. */
#include "tests/fs_walk.h"

#include "formats/formats.h"
#include "tree/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

struct walk_folder {
	struct sp_node node;
	char *path;
};

struct walk_list {
	struct fs_walk *walk;
	struct sp_fs *fs;
	struct walk_folder *folder;
	size_t count, at;
};

static void walk_note(void *user, const char *text)
{
	struct fs_walk *walk = user;

	if (walk->said)
		fprintf(walk->said, "%s\n", text);
}

int fs_walk_open(struct fs_walk *walk, const struct sp_fs_format *format, struct sp_io *io,
		 struct sp_fs **fs, struct sp_error *err)
{
	const struct sp_fs_volume volume = {.io = io, .size = io->size};

	walk->notes = (struct sp_notes){walk_note, walk};
	*fs = NULL;
	int r = format->probe(&volume, err);
	if (r == 1)
		r = format->open(fs, &volume, &walk->notes, err);
	else if (!r)
		r = sp_fail(err, SP_ERR_FORMAT, "not of that kind");
	return r;
}

static void walk_error(struct walk_list *list, const char *path, const struct sp_error *err)
{
	list->walk->errors++;
	if (!err->text[0])
		abort();
	if (list->walk->said)
		fprintf(list->walk->said, "%s: %s\n", path, err->text);
}

static uint32_t walk_content(struct walk_list *list, const struct sp_node *node, unsigned fork,
			     const char *path)
{
	static uint8_t bytes[65536];
	struct sp_error err = {0};
	uLong crc = crc32(0, NULL, 0);
	struct sp_io *io;
	const uint64_t most = list->walk->most ? list->walk->most : 64 << 20;

	if (sp_fs_open_file(list->fs, node, fork, path, &io, &err) < 0) {
		walk_error(list, path, &err);
		return 0;
	}
	for (uint64_t at = 0; at < io->size && list->walk->bytes < most;) {
		const size_t n =
			io->size - at < sizeof(bytes) ? (size_t)(io->size - at) : sizeof(bytes);

		if (sp_io_read(io, at, bytes, n, &err) < 0) {
			walk_error(list, path, &err);
			break;
		}
		crc = crc32(crc, bytes, (uInt)n);
		at += n;
		list->walk->bytes += n;
	}
	sp_io_close(io);
	return (uint32_t)crc;
}

static int walk_xattr(void *user, const char *name, const void *data, size_t size)
{
	struct walk_list *list = user;

	if (list->walk->out)
		fprintf(list->walk->out, "@ %zu %08lx %s\n", size,
			crc32(0, size ? data : (const void *)"", (uInt)size), name);
	return 0;
}

static bool walk_known(const struct walk_list *list, const struct sp_node *node)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->folder[i].node.id == node->id)
			return true;
	return false;
}

static void walk_line(struct walk_list *list, const struct sp_node *node, const char *path)
{
	static const char type[] = "fdlcbps";
	FILE *out = list->walk->out;
	struct sp_error err = {0};
	uint32_t crc = 0;
	char *target = NULL;

	if (node->type == SP_NODE_FILE)
		crc = walk_content(list, node, SP_FORK_DATA, path);
	if (node->type == SP_NODE_LINK && sp_fs_link(list->fs, node, &target, &err) < 0)
		walk_error(list, path, &err);
	if (out) {
		fprintf(out, "%c %04o %llu %08x %s", type[node->type], node->mode,
			(unsigned long long)node->size, crc, path);
		if (target)
			fprintf(out, " -> %s", target);
		if (node->has & SP_NODE_DEVICE)
			fprintf(out, " %u,%u", node->major, node->minor);
		if (node->has & SP_NODE_HIDDEN)
			fprintf(out, " hidden");
		if (node->id && node->type == SP_NODE_FILE)
			fprintf(out, " links %u", node->links);
		for (unsigned i = 0; list->walk->times && i < SP_TIMES; i++)
			fprintf(out, " %lld", (long long)node->time[i].seconds);
		fprintf(out, "\n");
	}
	if (node->resource) {
		crc = walk_content(list, node, SP_FORK_RESOURCE, path);
		if (out)
			fprintf(out, "r %llu %08x %s\n", (unsigned long long)node->resource, crc,
				path);
	}
	if (node->has & SP_NODE_XATTRS && sp_fs_xattrs(list->fs, node, walk_xattr, list, &err) < 0)
		walk_error(list, path, &err);
	free(target);
}

static int walk_entry(void *user, const char *name, const struct sp_node *node)
{
	struct walk_list *list = user;
	const char *above = list->folder[list->at].path;
	const size_t size = strlen(above) + strlen(name) + 2;
	char *path = malloc(size);

	if (!path)
		abort();
	snprintf(path, size, "%s%s%s", above, *above ? "/" : "", name);
	if (++list->walk->nodes > FS_WALK_NODES) {
		free(path);
		return 1;
	}
	walk_line(list, node, path);
	if (node->type == SP_NODE_FOLDER && list->count < FS_WALK_FOLDERS &&
	    !walk_known(list, node)) {
		struct walk_folder *more = realloc(list->folder, (list->count + 1) * sizeof(*more));

		if (!more)
			abort();
		list->folder = more;
		more[list->count++] = (struct walk_folder){*node, path};
	} else {
		free(path);
	}
	return 0;
}

void fs_walk(struct fs_walk *walk, struct sp_fs *fs)
{
	struct walk_list list = {.walk = walk, .fs = fs, .folder = malloc(sizeof(*list.folder))};

	if (!list.folder)
		abort();
	list.folder[list.count++] = (struct walk_folder){*sp_fs_root(fs), strdup("")};
	for (; list.at < list.count; list.at++) {
		struct sp_error err = {0};
		const struct sp_node node = list.folder[list.at].node;

		if (sp_fs_read_dir(fs, &node, walk_entry, &list, &err) < 0)
			walk_error(&list, list.folder[list.at].path, &err);
	}
	for (size_t i = 0; i < list.count; i++)
		free(list.folder[i].path);
	free(list.folder);
}

/* --- whatever it is --- */

enum { FUZZ_PLACES = 200000 };

struct fs_fuzz {
	struct sp_fs *fs;
	size_t places;
};

static int fuzz_place(void *user, unsigned what, const char *name, uint64_t at, uint64_t size)
{
	struct fs_fuzz *fuzz = user;

	if (what > SP_WHERE_VOLUME || (what == SP_WHERE_VOLUME) != (name != NULL))
		abort();
	if (fuzz->fs->ops->unused)
		(void)fuzz->fs->ops->unused(fuzz->fs, at, size < 2048 ? size : 2048);
	return ++fuzz->places > FUZZ_PLACES ? SP_ERR_CANCELLED : 0;
}

static int fuzz_holds(void *user, const struct sp_walk_entry *entry)
{
	struct fs_fuzz *fuzz = user;
	struct sp_error err = {0};

	if (fuzz->fs->ops->holds)
		(void)fuzz->fs->ops->holds(fuzz->fs, entry->node, fuzz_place, fuzz, &err);
	return fuzz->places > FUZZ_PLACES ? SP_ERR_CANCELLED : 0;
}

enum { FUZZ_RUNS = 4 };

/* Parts ascend and every sector of a run has one, unless there are too many to keep. */
static void fuzz_where_holds(const struct sp_where *where, const struct sp_run *run)
{
	unsigned i = 0;
	sp_lba told = run[0].lba; /* up to here */

	for (size_t n = 0; n < where->parts; n++) {
		const struct sp_where_part *part = &where->part[n];
		const sp_lba end = part->lba + (sp_lba)part->count;

		while (i < FUZZ_RUNS && part->lba >= run[i].lba + (sp_lba)run[i].count) {
			if (!where->more && told < run[i].lba + (sp_lba)run[i].count)
				abort();
			i++;
			told = i < FUZZ_RUNS ? run[i].lba : 0;
		}
		if (i == FUZZ_RUNS || !part->count || part->lba < run[i].lba ||
		    end > run[i].lba + (sp_lba)run[i].count || (!where->more && part->lba > told) ||
		    part->what > SP_WHERE_OUTSIDE || !part->name)
			abort();
		told = end > told ? end : told;
	}
	if (!where->more && (i < FUZZ_RUNS - 1 || told < run[i].lba + (sp_lba)run[i].count))
		abort();
}

void fs_fuzz_where(struct sp_inside *inside)
{
	const struct sp_disc *disc = sp_inside_source(inside)->disc;
	const sp_lba end =
		disc->region[disc->regions - 1].lba + (sp_lba)disc->region[disc->regions - 1].count;
	/* the beginning, two sectors that follow each other, and from the middle to the end */
	const struct sp_run run[FUZZ_RUNS] = {{.lba = 0, .count = 20},
					      {.lba = 20, .count = 1},
					      {.lba = 21, .count = 1},
					      {.lba = end / 2, .count = (uint64_t)(end - end / 2)}};
	struct sp_where where;
	struct sp_error err = {0};

	if (end / 2 < 22)
		return;
	const int r = sp_where_find(&where, inside, run, FUZZ_RUNS, &err);
	if (!r)
		fuzz_where_holds(&where, run);
	else if (!err.text[0])
		abort();
	sp_where_clear(&where);
}

/* The same bytes as a disk's. Takes io. */
static void fuzz_disk(struct sp_io *io)
{
	static const struct sp_options none = {0};
	struct sp_source *src = NULL;
	struct sp_inside *inside = NULL;
	struct sp_error err;

	if (sp_format_img.open(&src, io, &none, &err) < 0) {
		sp_io_close(io);
		return;
	}
	if (!sp_inside_open(&inside, src, NULL, &err))
		fs_fuzz_where(inside);
	sp_inside_close(inside);
	sp_source_close(src);
}

void fs_fuzz(const struct sp_fs_format *format, const uint8_t *data, size_t size)
{
	struct sp_memory *mem = sp_memory_new();
	struct fs_walk walk = {.most = 1 << 20};
	struct fs_fuzz fuzz = {0};
	struct sp_error err = {0};
	struct sp_io *io;

	if (!mem || sp_memory_put(mem, "fuzz", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz", false, &io, &err) < 0)
		abort();
	if (fs_walk_open(&walk, format, io, &fuzz.fs, &err) < 0) {
		if (!err.text[0])
			abort();
	} else {
		fs_walk(&walk, fuzz.fs);
		if (fuzz.fs->ops->places)
			(void)fuzz.fs->ops->places(fuzz.fs, fuzz_place, &fuzz, &err);
		(void)sp_fs_walk(fuzz.fs, sp_fs_root(fuzz.fs), "", 0, fuzz_holds, &fuzz, &err);
		sp_fs_close(fuzz.fs);
	}
	fuzz_disk(io);
	sp_memory_free(mem);
}

/* A text file whole; NULL: it is not there. */
char *fs_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text;
	struct stat st;

	if (!file)
		return NULL;
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	return text;
}

/* Everything a volume holds, and all that is said of it. */
struct fs_found fs_find(const struct sp_fs_format *format, const char *path)
{
	struct fs_found found = {0};
	struct fs_walk walk = {0};
	struct sp_error err = {0};
	size_t list_size, said_size;
	struct sp_io *io;
	struct sp_fs *fs;

	walk.out = open_memstream(&found.list, &list_size);
	walk.said = open_memstream(&found.said, &said_size);
	assert_non_null(walk.out);
	assert_non_null(walk.said);
	assert_int_equal(sp_io_open_file(&io, path, &err), 0);
	found.status = fs_walk_open(&walk, format, io, &fs, &err);
	if (found.status < 0) {
		assert_string_not_equal(err.text, "");
		fprintf(walk.said, "%s\n", err.text);
	} else {
		fs_walk(&walk, fs);
		snprintf(found.label, sizeof(found.label), "%s", sp_fs_label(fs));
		found.damage = sp_fs_damage(fs);
		found.errors = walk.errors;
		sp_fs_close(fs);
	}
	sp_io_close(io);
	fclose(walk.out);
	fclose(walk.said);
	return found;
}

void fs_found_free(struct fs_found *found)
{
	free(found->list);
	free(found->said);
}

/* How many files there are beneath a folder; nftw has no room for a count of one's own. */
static unsigned folder_files;

static int folder_visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path, (void)st, (void)ftw;
	folder_files += type == FTW_F;
	return 0;
}

void fs_is_folder(const struct fs_found *found, const char *folder)
{
	const char *next = found->list;
	unsigned files = 0;

	for (const char *line = next; *line; line = next) {
		unsigned mode, crc;
		unsigned long long size;
		char name[512], real[2048];
		struct stat st;

		next = strchr(line, '\n') + 1;
		if (sscanf(line, "f %o %llu %x %511[^\n]", &mode, &size, &crc, name) != 4)
			continue;
		snprintf(real, sizeof(real), "%s/%s", folder, name);
		char *bytes = fs_load(real);
		assert_non_null(bytes);
		assert_int_equal(stat(real, &st), 0);
		assert_int_equal(size, st.st_size);
		assert_int_equal(crc, fs_crc(bytes, (size_t)st.st_size));
		free(bytes);
		files++;
	}
	folder_files = 0;
	assert_int_equal(nftw(folder, folder_visit, 16, FTW_PHYS), 0);
	assert_int_equal(files, folder_files);
}

unsigned fs_differs(const struct sp_fs_format *format, const char *folder, const char *name,
		    const char *extension)
{
	char path[512];
	unsigned wrong = 0;

	snprintf(path, sizeof(path), "%s/%s%s", folder, name, extension);
	struct fs_found found = fs_find(format, path);
	snprintf(path, sizeof(path), "%s/%s.list", folder, name);
	char *list = fs_load(path);
	snprintf(path, sizeof(path), "%s/%s.say", folder, name);
	char *say = fs_load(path);

	assert_non_null(list);
	if (strcmp(list, found.list) != 0) {
		print_error("%s:\nfound:\n%swanted:\n%ssaid:\n%s", name, found.list, list,
			    found.said);
		wrong++;
	}
	if (!say && (found.damage || found.errors)) {
		print_error("%s: said:\n%s", name, found.said);
		wrong++;
	}
	if (say && !strstr(found.said, say)) {
		print_error("%s: said:\n%snot: %s\n", name, found.said, say);
		wrong++;
	}
	free(say);
	free(list);
	fs_found_free(&found);
	return wrong;
}

uint32_t fs_crc(const void *data, size_t size)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), data, (uInt)size);
}

unsigned fs_differ_in(const struct sp_fs_format *format, const char *folder, const char *extension,
		      unsigned *seen)
{
	DIR *dir = opendir(folder);
	unsigned wrong = 0;

	assert_non_null(dir);
	*seen = 0;
	for (struct dirent *d; (d = readdir(dir));) {
		const size_t n = strlen(d->d_name), end = strlen(extension);

		if (n < end || strcmp(d->d_name + n - end, extension) != 0)
			continue;
		d->d_name[n - end] = '\0';
		wrong += fs_differs(format, folder, d->d_name, extension);
		++*seen;
	}
	closedir(dir);
	return wrong;
}
