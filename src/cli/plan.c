/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dry run is the real conversion into files that keep nothing but their size. */
#include "cli/plan.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct plan_io {
	struct sp_io io;
	struct plan *plan;
	struct plan_file *file;
};

static int plan_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	(void)io, (void)at, (void)err;
	memset(data, 0, size);
	return 0;
}

static int plan_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		      struct sp_error *err)
{
	struct plan_file *file = ((struct plan_io *)io)->file;

	(void)data, (void)err;
	if (((struct plan_io *)io)->plan->bundle)
		file->size += size;
	else if (at + size > file->size) /* sp_io_write has seen that it does not wrap */
		file->size = at + size;
	return 0;
}

static int plan_sync(struct sp_io *io, struct sp_error *err)
{
	(void)io, (void)err;
	return 0;
}

static void plan_close_io(struct sp_io *io)
{
	free(io);
}

static int plan_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err);

static const struct sp_io_ops plan_ops = {
	.read = plan_read,
	.write = plan_write,
	.sibling = plan_sibling,
	.sync = plan_sync,
	.close = plan_close_io,
};

/* Open a file of the set once more. */
static int plan_wrap(struct plan *plan, struct plan_file *file, unsigned flags, struct sp_io **out,
		     struct sp_error *err)
{
	struct plan_io *io = malloc(sizeof(*io));

	if (!io)
		return sp_fail_memory(err);
	*io = (struct plan_io){
		.io = {.ops = &plan_ops, .name = file->path, .flags = flags | SP_IO_WRITABLE},
		.plan = plan,
		.file = file,
	};
	*out = &io->io;
	return 0;
}

/* Add a file to the set and open it; `path` is taken, also on failure. */
static int plan_add(struct plan *plan, char *path, unsigned flags, struct sp_io **out,
		    struct sp_error *err)
{
	struct plan_file **files = realloc(plan->file, (plan->files + 1) * sizeof(*files));
	struct plan_file *file = malloc(sizeof(*file));
	struct stat st;

	if (files)
		plan->file = files;
	if (!path || !files || !file) {
		free(path);
		free(file);
		return sp_fail_memory(err);
	}
	*file = (struct plan_file){.path = path, .exists = lstat(path, &st) == 0};
	if (flags & SP_IO_SEQUENTIAL)
		file->exists = false;
	plan->file[plan->files++] = file;
	return plan_wrap(plan, file, flags, out, err);
}

static int plan_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	const size_t folder = (size_t)(cli_base(io->name) - io->name);
	const size_t size = folder + strlen(name) + 1;

	if (((struct plan_io *)io)->plan->bundle)
		return plan_wrap(((struct plan_io *)io)->plan, ((struct plan_io *)io)->file, 0, out,
				 err);
	if (io->flags & SP_IO_SEQUENTIAL)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "standard output cannot have %s beside it",
			       name);
	char *path = malloc(size);
	if (path)
		snprintf(path, size, "%.*s%s", (int)folder, io->name, name);
	return plan_add(((struct plan_io *)io)->plan, path, 0, out, err);
}

int plan_create(struct plan *plan, const struct sp_target *target, struct sp_error *err)
{
	const bool pipe = !strcmp(target->path, "-");
	struct sp_io *io;

	plan->format = target->format;
	plan->bundle = (target->flags & SP_OUTSET_BUNDLE) != 0;
	int r = plan_add(plan, strdup(target->path), pipe ? SP_IO_SEQUENTIAL : 0, &io, err);
	if (r < 0)
		return r;
	r = plan->format->create(&plan->sink, io, &target->options, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

void plan_close(struct plan *plan)
{
	sp_sink_close(plan->sink);
	for (size_t i = 0; i < plan->files; i++) {
		free(plan->file[i]->path);
		free(plan->file[i]);
	}
	free(plan->file);
	*plan = (struct plan){0};
}
