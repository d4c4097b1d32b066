/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in memory: a folder for tests and small work, by the rules of a real one. */
#include <spindle/io.h>

#include "base/bytes.h"
#include "io/fd.h"
#include "io/name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX (UINT64_C(1) << 30) /* bytes a file may grow to by writing */

struct memory_file {
	char *name;
	uint8_t *data; /* NULL: `size` zeros, or empty */
	uint64_t size;
	uint64_t room;
	bool zeros; /* put without data */
};

struct sp_memory {
	struct memory_file **files; /* each stays where it is: ios point to it */
	size_t count;
};

struct memory_io {
	struct sp_io io;
	struct sp_memory *mem;
	struct memory_file *file;
	char *name;
	size_t dir; /* length of the part of a name that is the folder siblings lie in */
};

struct sp_memory *sp_memory_new(void)
{
	return calloc(1, sizeof(struct sp_memory));
}

void sp_memory_free(struct sp_memory *mem)
{
	if (!mem)
		return;
	for (size_t i = 0; i < mem->count; i++) {
		free(mem->files[i]->name);
		free(mem->files[i]->data);
		free(mem->files[i]);
	}
	free(mem->files);
	free(mem);
}

static struct memory_file *memory_find(const struct sp_memory *mem, const char *name)
{
	for (size_t i = 0; i < mem->count; i++)
		if (strcmp(mem->files[i]->name, name) == 0)
			return mem->files[i];
	return NULL;
}

/* The file of that name, emptied, or a new one; NULL: no memory. */
static struct memory_file *memory_make(struct sp_memory *mem, const char *name)
{
	struct memory_file *file = memory_find(mem, name);

	if (file) {
		free(file->data);
		*file = (struct memory_file){.name = file->name};
		return file;
	}
	struct memory_file **files = sp_grow(mem->files, mem->count, sizeof(struct memory_file *));
	if (!files)
		return NULL;
	mem->files = files;
	file = calloc(1, sizeof(*file));
	if (file)
		file->name = strdup(name);
	if (!file || !file->name) {
		free(file);
		return NULL;
	}
	mem->files[mem->count++] = file;
	return file;
}

int sp_memory_put(struct sp_memory *mem, const char *name, const void *data, uint64_t size)
{
	uint8_t *copy = NULL;

	if (data && size) {
		copy = size <= SIZE_MAX ? malloc((size_t)size) : NULL;
		if (!copy)
			return SP_ERR_MEMORY;
		memcpy(copy, data, (size_t)size);
	}
	struct memory_file *file = memory_make(mem, name);
	if (!file) {
		free(copy);
		return SP_ERR_MEMORY;
	}
	file->data = copy;
	file->size = size;
	file->room = copy ? size : 0;
	file->zeros = !data;
	return 0;
}

const uint8_t *sp_memory_get(const struct sp_memory *mem, const char *name, uint64_t *size)
{
	const struct memory_file *file = memory_find(mem, name);

	if (size)
		*size = file ? file->size : 0;
	if (!file || file->zeros)
		return NULL;
	return file->data ? file->data : (const uint8_t *)"";
}

size_t sp_memory_count(const struct sp_memory *mem)
{
	return mem->count;
}

const char *sp_memory_name(const struct sp_memory *mem, size_t i)
{
	return i < mem->count ? mem->files[i]->name : NULL;
}

static int memory_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	const struct memory_file *file = ((struct memory_io *)io)->file;

	if (!sp_range_ok(at, size, file->size)) /* put anew, shorter, since it was opened */
		return sp_fail_short(io->name, file->size, at, size, err);
	if (file->data)
		memcpy(data, file->data + at, size);
	else
		memset(data, 0, size);
	return 0;
}

static int memory_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
			struct sp_error *err)
{
	struct memory_file *file = ((struct memory_io *)io)->file;
	const uint64_t end = at + size;

	if (file->zeros || end > MEMORY_MAX)
		return sp_fail_errno(err, EFBIG, "%s: cannot write at byte %" PRIu64, io->name, at);
	if (end > file->room) {
		uint64_t room = file->room ? file->room : 4096;
		while (room < end)
			room *= 2;
		uint8_t *grown = realloc(file->data, (size_t)room);
		if (!grown)
			return sp_fail_memory(err);
		file->data = grown;
		file->room = room;
	}
	if (at > file->size)
		memset(file->data + file->size, 0, (size_t)(at - file->size));
	memcpy(file->data + at, data, size);
	if (end > file->size)
		file->size = end;
	return 0;
}

static void memory_close(struct sp_io *io)
{
	free(((struct memory_io *)io)->name);
	free(io);
}

/* A second io on `mem`, of the kind `like` is. */
static int memory_wrap(const struct memory_io *like, struct memory_file *file, struct sp_io **out,
		       struct sp_error *err)
{
	struct memory_io *io = malloc(sizeof(*io));
	char *name = strdup(file->name);

	if (!io || !name) {
		free(io);
		free(name);
		return sp_fail_memory(err);
	}
	*io = *like;
	io->io.name = io->name = name;
	io->io.size = file->size;
	io->file = file;
	*out = &io->io;
	return 0;
}

/* The file `name`, or the only one alike but for case. */
static int memory_look(const struct sp_memory *mem, const char *name, struct memory_file **out,
		       struct sp_error *err)
{
	struct memory_file *alike = NULL;

	*out = memory_find(mem, name);
	for (size_t i = 0; i < mem->count && !*out; i++) {
		if (!sp_name_alike(mem->files[i]->name, name))
			continue;
		if (alike)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: could be %s or %s, which differ in case", name,
				       alike->name, mem->files[i]->name);
		alike = mem->files[i];
	}
	if (!*out)
		*out = alike;
	return 0;
}

/* The existing file that `name` means beside `of`. */
static int memory_resolve(const struct memory_io *of, const char *name, struct memory_file **out,
			  struct sp_error *err)
{
	int status = 0;

	*out = NULL;
	for (int backslash = 0; backslash < 2 && status == 0 && !*out; backslash++) {
		char *clean = sp_name_clean(name, backslash);
		char *path = clean ? sp_format_text("%.*s%s", (int)of->dir, of->file->name, clean)
				   : NULL;
		if (!path)
			status = sp_fail_memory(err);
		else if (!backslash)
			*out = memory_find(of->mem, path);
		else
			status = memory_look(of->mem, path, out, err);
		free(clean);
		free(path);
	}
	if (status == 0 && !*out)
		return sp_fail_errno(err, ENOENT, "%.*s%s", (int)of->dir, of->file->name, name);
	return status;
}

static int memory_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			  struct sp_error *err)
{
	struct memory_io *of = (struct memory_io *)io;
	struct memory_file *file;

	if (!(io->flags & SP_IO_WRITABLE)) {
		int status = memory_resolve(of, name, &file, err);
		if (status == 0 && file == of->file)
			status = sp_fail(err, SP_ERR_FORMAT, "%s: names itself", file->name);
		return status ? status : memory_wrap(of, file, out, err);
	}
	char *path = sp_format_text("%.*s%s", (int)of->dir, of->file->name, name);
	if (!path)
		return sp_fail_memory(err);
	int status = 0;
	if (memory_find(of->mem, path))
		status = sp_fail(err, SP_ERR_USAGE, "%s: exists", path);
	else if (!(file = memory_make(of->mem, path)))
		status = sp_fail_memory(err);
	else
		status = memory_wrap(of, file, out, err);
	free(path);
	return status;
}

static const struct sp_io_ops memory_ops = {
	.read = memory_read,
	.write = memory_write,
	.sibling = memory_sibling,
	.close = memory_close,
};

int sp_memory_open(struct sp_memory *mem, const char *name, bool create, struct sp_io **out,
		   struct sp_error *err)
{
	const char *slash = strrchr(name, '/');

	*out = NULL;
	struct memory_file *file = create ? memory_make(mem, name) : memory_find(mem, name);
	if (!file)
		return create ? sp_fail_memory(err) : sp_fail_errno(err, ENOENT, "%s", name);
	const struct memory_io like = {
		.io = {.ops = &memory_ops, .flags = create ? SP_IO_WRITABLE : 0},
		.mem = mem,
		.dir = slash ? (size_t)(slash + 1 - name) : 0,
	};
	return memory_wrap(&like, file, out, err);
}
