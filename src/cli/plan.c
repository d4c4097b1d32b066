/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dry run is the real conversion into files that keep nothing but their size. */
#include "cli/plan.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
	if (at + size > file->size) /* sp_io_write has seen that it does not wrap */
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

/* Add a file to the set and open it; `path` is taken, also on failure. */
static int plan_add(struct plan *plan, char *path, unsigned flags, struct sp_io **out,
		    struct sp_error *err)
{
	struct plan_file **files = realloc(plan->file, (plan->files + 1) * sizeof(*files));
	struct plan_file *file = malloc(sizeof(*file));
	struct plan_io *io = malloc(sizeof(*io));
	struct stat st;

	if (files)
		plan->file = files;
	if (!path || !files || !file || !io) {
		free(path);
		free(file);
		free(io);
		return sp_fail_memory(err);
	}
	*file = (struct plan_file){.path = path, .exists = lstat(path, &st) == 0};
	if (flags & SP_IO_SEQUENTIAL)
		file->exists = false;
	plan->file[plan->files++] = file;
	*io = (struct plan_io){
		.io = {.ops = &plan_ops, .name = path, .flags = flags | SP_IO_WRITABLE},
		.plan = plan,
		.file = file,
	};
	*out = &io->io;
	return 0;
}

static int plan_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	const size_t folder = (size_t)(cli_base(io->name) - io->name);
	const size_t size = folder + strlen(name) + 1;

	if (io->flags & SP_IO_SEQUENTIAL)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "standard output cannot have %s beside it",
			       name);
	char *path = malloc(size);
	if (path)
		snprintf(path, size, "%.*s%s", (int)folder, io->name, name);
	return plan_add(((struct plan_io *)io)->plan, path, 0, out, err);
}

static int plan_format(const struct sp_format **out, const char *path, const char *to,
		       struct sp_error *err)
{
	const struct sp_format *format = to ? sp_format_named(to) : sp_format_for_path(path);

	if (!format && to)
		return sp_fail(err, SP_ERR_USAGE, "there is no format `%s' (see `spindle formats')",
			       to);
	if (!format)
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: the name does not tell a format to write; say it with --to "
			       "(see `spindle formats')",
			       path);
	if (!format->create)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "the %s format cannot be written",
			       format->name);
	if (!strcmp(path, "-") && !(format->flags & SP_FORMAT_STREAMS))
		return sp_fail(err, SP_ERR_USAGE, "the %s format cannot be written to a pipe",
			       format->name);
	*out = format;
	return 0;
}

static int plan_values(const struct sp_format *format, const struct sp_options *options,
		       struct sp_error *err)
{
	unsigned place;

	for (const struct sp_format_option *o = format->option; o && o->key; o++) {
		const char *value = sp_options_get(options, o->key);
		if (value && strchr(o->values, '|') && !cli_choose(o->values, value, &place))
			return sp_fail(err, SP_ERR_USAGE, "-O %s=%s: the values are %s", o->key,
				       value, o->values);
	}
	return 0;
}

/* The path of the descriptor: beside a data file that was named, with the format's extension. */
static char *plan_path(const struct sp_format *format, const char *path)
{
	const char *dot = strrchr(cli_base(path), '.');

	for (const char *const *e = format->data_extension; e && *e && dot; e++) {
		if (strcasecmp(dot, *e) != 0)
			continue;
		const size_t stem = (size_t)(dot - path);
		const size_t size = stem + strlen(format->extension[0]) + 1;
		char *sheet = malloc(size);
		if (sheet)
			snprintf(sheet, size, "%.*s%s", (int)stem, path, format->extension[0]);
		return sheet;
	}
	return strdup(path);
}

int plan_create(struct plan *plan, const char *path, const char *to,
		const struct sp_options *options, struct sp_error *err)
{
	const bool pipe = !strcmp(path, "-");
	struct sp_io *io;
	int r = plan_format(&plan->format, path, to, err);

	if (!r)
		r = plan_values(plan->format, options, err);
	if (r < 0)
		return r;
	r = plan_add(plan, plan_path(plan->format, path), pipe ? SP_IO_SEQUENTIAL : 0, &io, err);
	if (r < 0)
		return r;
	r = plan->format->create(&plan->sink, io, options, err);
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
