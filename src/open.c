/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name becomes a source or a sink. */
#include <spindle/spindle.h>

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#ifndef SPINDLE_VERSION
#define SPINDLE_VERSION "0"
#endif

const char *sp_version(void)
{
	return SPINDLE_VERSION;
}

/* The path with its extension replaced; NULL: no memory. */
static char *open_with_extension(const char *path, const char *extension)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	const size_t stem =
		dot && (!slash || dot > slash + 1) ? (size_t)(dot - path) : strlen(path);

	return sp_format_text("%.*s%s", (int)stem, path, extension);
}

/* `path` ends in a data file's extension of some sheet format: that format. */
static const struct sp_format *open_sheet_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (const struct sp_format *const *f = sp_formats(); dot && *f; f++)
		for (const char *const *e = (*f)->data_extension; e && *e; e++)
			if (!strcasecmp(dot, *e))
				return *f;
	return NULL;
}

/* What is to be opened when the user names `path`: the sheet beside a data file, the descriptor in
 * a work store's directory, else the path itself. */
static char *open_resolve(const char *path, const struct sp_notes *notes)
{
	const struct sp_format *sheet = open_sheet_of(path);
	struct stat st;

	if (!strcmp(path, "-"))
		return strdup(path);
	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		char *inside = sp_format_text("%s/disc.spindle", path);

		if (!inside || !stat(inside, &st))
			return inside;
		free(inside);
	}
	if (!sheet)
		return strdup(path);
	char *beside = open_with_extension(path, sheet->extension[0]);
	if (!beside || (!stat(beside, &st) && S_ISREG(st.st_mode))) {
		if (beside)
			sp_note(notes, "%s lies beside its sheet: opening %s", path, beside);
		return beside;
	}
	free(beside);
	return strdup(path);
}

static const struct sp_format_option *open_option(const struct sp_format *format, const char *key)
{
	const struct sp_format_option *known = format ? format->option : NULL;

	while (known && known->key && strcmp(known->key, key))
		known++;
	return known && known->key ? known : NULL;
}

int sp_options_check(const struct sp_options *options, const struct sp_format *a,
		     const struct sp_format *b, struct sp_error *err)
{
	for (size_t i = 0; options && i < options->options; i++) {
		const char *key = options->option[i].key;

		if (!open_option(a, key) && !open_option(b, key))
			return sp_fail(err, SP_ERR_USAGE,
				       "no option `%s' here: see `spindle formats'", key);
	}
	return 0;
}

/* One of the values that `values` lists ("a|b|c"), or anything where it lists none. */
static bool open_value_known(const char *values, const char *value)
{
	const size_t n = strlen(value);

	if (!strchr(values, '|'))
		return true;
	for (const char *v = values; n && v; v = strchr(v, '|')) {
		v += *v == '|';
		if (!strncmp(v, value, n) && (!v[n] || v[n] == '|'))
			return true;
	}
	return false;
}

/* Those options that `format` knows, their values checked; the list is the caller's to free. */
static int open_own_options(struct sp_options *own, const struct sp_format *format,
			    const struct sp_options *options, struct sp_error *err)
{
	*own = (struct sp_options){.notes = sp_options_notes(options)};
	if (!options || !options->options)
		return 0;
	struct sp_option *list = calloc(options->options, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	own->option = list;
	for (size_t i = 0; i < options->options; i++) {
		const struct sp_option *o = &options->option[i];
		const struct sp_format_option *known = open_option(format, o->key);

		if (!known)
			continue;
		list[own->options++] = *o;
		if (!open_value_known(known->values, o->value)) {
			free(list);
			return sp_fail(err, SP_ERR_USAGE, "-O %s=%s: the values are %s", o->key,
				       o->value, known->values);
		}
	}
	return 0;
}

static int open_io(struct sp_source **source, const struct sp_format **format, struct sp_io *io,
		   const char *named, const struct sp_options *options, struct sp_error *err)
{
	struct sp_options own;
	int r = 0;

	if (named && !(*format = sp_format_named(named)))
		return sp_fail(err, SP_ERR_USAGE, "there is no format `%s' (see `spindle formats')",
			       named);
	if (!named)
		r = sp_identify(format, io, err);
	if (r < 0)
		return r;
	if (!(*format)->open)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: is %s (%s), which cannot be opened yet", io->name,
			       (*format)->name, (*format)->summary);
	if ((r = open_own_options(&own, *format, options, err)) < 0)
		return r;
	r = (*format)->open(source, io, &own, err);
	free((void *)own.option);
	return r;
}

int sp_input_open(struct sp_input *in, const char *path, const char *format,
		  const struct sp_options *options, struct sp_error *err)
{
	struct sp_io *io = NULL;

	memset(in, 0, sizeof(*in));
	in->path = open_resolve(path, sp_options_notes(options));
	if (!in->path)
		return sp_fail_memory(err);
	int r = sp_io_open_file(&io, in->path, err);
	if (!r)
		r = open_io(&in->source, &in->format, io, format, options, err);
	if (r < 0) {
		sp_io_close(io);
		sp_input_close(in);
	}
	return r;
}

void sp_input_close(struct sp_input *in)
{
	sp_source_close(in->source);
	free(in->path);
	memset(in, 0, sizeof(*in));
}

static int open_target_format(const struct sp_format **format, const char *path, const char *to,
			      struct sp_error *err)
{
	*format = to ? sp_format_named(to) : sp_format_for_path(path);
	if (!*format && to)
		return sp_fail(err, SP_ERR_USAGE, "there is no format `%s' (see `spindle formats')",
			       to);
	if (!*format)
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: the name does not tell a format to write; say it with --to "
			       "(see `spindle formats')",
			       path);
	if (!(*format)->create)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "the %s format cannot be written",
			       (*format)->name);
	return 0;
}

int sp_output_create(struct sp_output *out, const char *path, const char *to, unsigned flags,
		     const struct sp_options *options, struct sp_error *err)
{
	const bool pipe = !strcmp(path, "-");
	struct sp_options own;
	struct sp_io *io = NULL;

	memset(out, 0, sizeof(*out));
	int r = open_target_format(&out->format, path, to, err);
	if (r < 0)
		return r;
	if (pipe && !(out->format->flags & SP_FORMAT_STREAMS))
		return sp_fail(err, SP_ERR_USAGE, "the %s format cannot be written to a pipe",
			       out->format->name);
	/* NAME.bin asked for: the sheet NAME.cue is the descriptor */
	char *descriptor = !pipe && open_sheet_of(path) == out->format
				   ? open_with_extension(path, out->format->extension[0])
				   : strdup(path);
	if (!descriptor)
		return sp_fail_memory(err);
	if ((r = open_own_options(&own, out->format, options, err)) < 0) {
		free(descriptor);
		return r;
	}
	r = pipe ? sp_io_open_stdout(&io, err)
		 : sp_outset_create(&out->set, descriptor, flags, err);
	if (!r && !pipe)
		r = sp_outset_io(out->set, &io, err);
	if (!r)
		r = out->format->create(&out->sink, io, &own, err);
	free((void *)own.option);
	out->path = descriptor;
	if (r < 0) {
		sp_io_close(io);
		sp_output_close(out);
	}
	return r;
}

int sp_output_view(struct sp_output *out, struct sp_source **view, const struct sp_options *options,
		   struct sp_error *err)
{
	const struct sp_options quiet = {.notes = sp_options_notes(options)};
	struct sp_io *io = NULL;

	*view = NULL;
	if (!out->set)
		return sp_fail(err, SP_ERR_USAGE, "what went to a pipe cannot be read back");
	int r = sp_outset_view(out->set, &io, err);
	if (!r)
		r = out->format->open(view, io, &quiet, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

int sp_output_commit(struct sp_output *out, struct sp_error *err)
{
	return out->set ? sp_outset_commit(out->set, err) : 0;
}

void sp_output_close(struct sp_output *out)
{
	sp_sink_close(out->sink);
	sp_outset_close(out->set);
	free((char *)out->path);
	memset(out, 0, sizeof(*out));
}
