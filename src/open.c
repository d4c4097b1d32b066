/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name becomes a source or a sink. */
#include <spindle/drive.h>
#include <spindle/spindle.h>
#include <spindle/tree.h>

#include "base/bytes.h"
#include "formats/unwrap.h"

#include <errno.h>
#include <inttypes.h>
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
 * the directory that a work store or a sparse bundle is, else the path itself. */
static char *open_resolve(const char *path, const struct sp_notes *notes)
{
	const struct sp_format *sheet = open_sheet_of(path);
	struct stat st;

	if (!strcmp(path, "-"))
		return strdup(path);
	for (size_t i = 0; i < 2 && !stat(path, &st) && S_ISDIR(st.st_mode); i++) {
		static const char *const descriptor[] = {"disc.spindle", "Info.plist"};
		char *inside = sp_format_text("%s/%s", path, descriptor[i]);

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

/* A value that the format opened does not have and another one has for a key of the same name: it
 * is meant for what will be made. */
static bool open_value_elsewhere(const struct sp_format_option *known, const struct sp_option *o)
{
	if (!o->value || open_value_known(known->values, o->value))
		return false;
	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		const struct sp_format_option *other = open_option(*f, o->key);

		if (other && open_value_known(other->values, o->value))
			return true;
	}
	return false;
}

/* Those options that `format` knows, `presets` (NULL-ended) before the caller's, their values
 * checked; the list is the caller's to free. */
static int open_own_options(struct sp_options *own, const struct sp_format *format, bool opening,
			    const struct sp_option *presets, const struct sp_options *options,
			    struct sp_error *err)
{
	size_t count = options ? options->options : 0;

	*own = (struct sp_options){0};
	if (options)
		*own = (struct sp_options){.notes = options->notes,
					   .password = options->password,
					   .user = options->user};
	for (const struct sp_option *p = presets; p && p->key; p++)
		count++;
	if (!count)
		return 0;
	struct sp_option *list = calloc(count, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	own->option = list;
	while (presets && presets->key)
		list[own->options++] = *presets++;
	for (size_t i = 0; options && i < options->options; i++) {
		const struct sp_option *o = &options->option[i];
		const struct sp_format_option *known = open_option(format, o->key);

		if (!known || (opening && open_value_elsewhere(known, o)))
			continue;
		const bool yes = strchr(known->values, '|') != NULL &&
				 open_value_known(known->values, "yes");
		list[own->options++] =
			(struct sp_option){o->key, o->value || !yes ? o->value : "yes"};
		if (!o->value ? !yes : !open_value_known(known->values, o->value)) {
			free(list);
			*own = (struct sp_options){0};
			return sp_fail(err, SP_ERR_USAGE,
				       o->value ? "-O %s=%s: the values are %s"
						: "-O %s%s wants a value: %s",
				       o->key, o->value ? o->value : "", known->values);
		}
	}
	return 0;
}

/* Which format *io holds, once it is unwrapped: the named one, or what is found. A name is that of
 * the wrapping or of what is in it. */
static int open_identify(struct sp_input *in, struct sp_io **io, const char *named,
			 const struct sp_options *options, struct sp_error *err)
{
	const struct sp_format *asked = named ? sp_format_named(named) : NULL, *found = asked;
	int r = 0;

	if (named && !asked)
		return sp_fail(err, SP_ERR_USAGE, "there is no format `%s' (see `spindle formats')",
			       named);
	if (!asked || !asked->unwrap)
		r = sp_identify(&found, *io, asked ? NULL : err);
	if (r < 0 && !asked)
		return r;
	if (!r && found->unwrap && (r = sp_unwrap(&in->wrappings, &found, io, options, err)) < 0)
		return r;
	in->format = asked && !asked->unwrap ? asked : found;
	if (in->format->open)
		return 0;
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: is %s (%s), which cannot be opened yet",
		       (*io)->name, in->format->name, in->format->summary);
}

static int open_io(struct sp_input *in, struct sp_io **io, const char *named,
		   const struct sp_options *options, struct sp_error *err)
{
	struct sp_options own;
	int r = open_identify(in, io, named, options, err);

	if (!r)
		r = open_own_options(&own, in->format, true, NULL, options, err);
	if (r < 0)
		return r;
	r = in->format->open(&in->source, *io, &own, err);
	if (r < 0) /* whatever a format left there */
		in->source = NULL;
	free((void *)own.option);
	return r;
}

/* Not of the table: no file has it. */
static const struct sp_format open_drive = {.name = "drive", .summary = "a disc in a drive"};

static int open_disc(struct sp_input *in, const char *name, const struct sp_options *options,
		     struct sp_error *err)
{
	in->path = strdup(name);
	in->format = &open_drive;
	const int r = in->path ? sp_drive_source(&in->source, name, sp_options_notes(options), err)
			       : sp_fail_memory(err);
	if (r < 0)
		sp_input_close(in);
	return r;
}

static const struct sp_format open_folder_format = {.name = "folder",
						    .summary = "a folder of files"};

/* A folder that is no image: the ISO 9660 image that mkiso makes of it. */
static int open_folder(struct sp_input *in, const struct sp_options *options, struct sp_error *err)
{
	struct sp_author author = {.folder = in->path, .notes = sp_options_notes(options)};
	const int r = sp_author_date(&author, false, err);

	for (size_t n = strlen(in->path); n > 1 && in->path[n - 1] == '/'; n--)
		in->path[n - 1] = '\0'; /* what is made of it is called after it */
	if (sp_folder_is_sound(in->path))
		sp_note(sp_options_notes(options),
			"%s: sound files, taken as files; --audio makes an audio CD of them",
			in->path);
	in->format = &open_folder_format;
	return r < 0 ? r : sp_author_open(&in->source, &author, err);
}

/* A folder as the format that is named. */
static int open_folder_as(struct sp_input *in, const struct sp_format *format,
			  const struct sp_options *options, struct sp_error *err)
{
	struct sp_options own;
	int r = open_own_options(&own, format, true, NULL, options, err);

	if (r < 0)
		return r;
	in->format = format;
	r = format->open_folder(&in->source, in->path, &own, err);
	free((void *)own.option);
	return r;
}

int sp_input_open(struct sp_input *in, const char *path, const char *format,
		  const struct sp_options *options, struct sp_error *err)
{
	struct sp_io *io = NULL;
	struct stat st;

	memset(in, 0, sizeof(*in));
	if (!format && sp_drive_is_name(path))
		return open_disc(in, path, options, err);
	in->path = open_resolve(path, sp_options_notes(options));
	if (!in->path)
		return sp_fail_memory(err);
	const struct sp_format *asked = format ? sp_format_named(format) : NULL;
	const bool folder = (!format || (asked && asked->open_folder)) && !stat(in->path, &st) &&
			    S_ISDIR(st.st_mode);
	int r = !folder ? sp_io_open_file(&io, in->path, err)
		: asked ? open_folder_as(in, asked, options, err)
			: open_folder(in, options, err);
	if (!r && !folder)
		r = open_io(in, &io, format, options, err);
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

static bool open_writes(const struct sp_format *format, const char *path)
{
	const char *const *const lists[] = {format->extension, format->data_extension};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; format->create && dot && i < 2; i++)
		for (const char *const *e = lists[i]; e && *e; e++)
			if (!strcasecmp(dot, *e))
				return true;
	return false;
}

/* A name that files of several formats have (.img) does not tell which is meant. */
static int open_check_name(const char *path, struct sp_error *err)
{
	char names[80] = "";
	unsigned count = 0;

	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		const size_t used = strlen(names), n = strlen((*f)->name);

		if (!open_writes(*f, path) || used + n + 2 > sizeof(names))
			continue;
		memcpy(names + used, count++ ? "|" : "", 1);
		memcpy(names + used + (count > 1), (*f)->name, n + 1);
	}
	if (count < 2)
		return 0;
	return sp_fail(err, SP_ERR_USAGE,
		       "%s: the name does not tell which format is meant; say it with --to %s|raw",
		       path, names);
}

static int open_target_format(const struct sp_format **format, const char *path, const char *to,
			      struct sp_error *err)
{
	const int r = to ? 0 : open_check_name(path, err);

	if (r < 0)
		return r;
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
	if (!strcmp(path, "-") && !((*format)->flags & SP_FORMAT_STREAMS))
		return sp_fail(err, SP_ERR_USAGE, "the %s format cannot be written to a pipe",
			       (*format)->name);
	return 0;
}

static bool open_is_folder(const char *path)
{
	const size_t size = strlen(path);
	struct stat st;

	if (size && path[size - 1] == '/')
		return true;
	return !stat(path, &st) && S_ISDIR(st.st_mode) && !sp_format_for_path(path);
}

/* FOLDER/NAME.EXTENSION; a folder that is a place more than a name calls nothing after itself. */
static char *open_in_folder(const char *folder, const char *name, const char *extension)
{
	size_t size = strlen(folder), at;

	while (size && folder[size - 1] == '/')
		size--;
	for (at = size; at && folder[at - 1] != '/';)
		at--;
	const char *last = folder + at;
	const bool nameless =
		at == size || !strncmp(last, ".", size - at) || !strncmp(last, "..", size - at);
	if (name)
		return sp_format_text("%.*s/%s%s", (int)size, folder, name, extension);
	if (nameless)
		return sp_format_text("%.*s/disc%s", (int)size, folder, extension);
	return sp_format_text("%.*s/%.*s%s", (int)size, folder, (int)(size - at), last, extension);
}

/* Whether the target is a folder that is one image. */
static bool open_is_bundle(const char *path, const char *to)
{
	const struct sp_format *format = to ? sp_format_named(to) : sp_format_for_path(path);

	return format && (format->flags & SP_FORMAT_FOLDER);
}

/* Without what a shell puts behind a folder's name, where that is a bundle's; NULL: no memory. */
static char *open_unslash(const char *path, const char *to)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	char *plain = strndup(path, size);
	if (!plain || open_is_bundle(plain, to))
		return plain;
	free(plain);
	return strdup(path);
}

int sp_target_find(struct sp_target *target, const char *path, const char *to, const char *name,
		   const struct sp_options *options, struct sp_error *err)
{
	static const struct sp_option music[] = {
		{"audio", "flac"}, {"bins", "track"}, {"names", "title"}, {NULL, NULL}};
	char *plain = open_unslash(path, to);

	*target = (struct sp_target){0};
	if (!plain)
		return sp_fail_memory(err);
	const bool bundle = open_is_bundle(plain, to);
	const bool folder = !bundle && open_is_folder(plain), tracks = folder && !to;
	int r = open_target_format(&target->format, plain, tracks ? "cue" : to, err);
	if (r < 0) {
		free(plain);
		return r;
	}
	target->flags = bundle ? SP_OUTSET_BUNDLE : folder ? SP_OUTSET_FOLDER : 0;
	const char *extension = target->format->extension[0];
	if (folder)
		target->path = open_in_folder(plain, name, extension);
	else if (strcmp(plain, "-") != 0 && open_sheet_of(plain) == target->format)
		target->path = open_with_extension(plain, extension); /* NAME.bin: NAME.cue */
	else
		target->path = strdup(plain);
	free(plain);
	r = target->path ? open_own_options(&target->options, target->format, false,
					    tracks ? music : NULL, options, err)
			 : sp_fail_memory(err);
	if (r < 0)
		sp_target_clear(target);
	return r;
}

void sp_target_clear(struct sp_target *target)
{
	free(target->path);
	free((void *)target->options.option);
	memset(target, 0, sizeof(*target));
}

int sp_output_create(struct sp_output *out, const char *path, const char *to, unsigned flags,
		     const struct sp_options *options, struct sp_error *err)
{
	struct sp_target target;
	struct sp_io *io = NULL;

	memset(out, 0, sizeof(*out));
	int r = sp_target_find(&target, path, to, NULL, options, err);
	if (r < 0)
		return r;
	if (!strcmp(target.path, "-")) {
		r = sp_io_open_stdout(&io, err);
	} else {
		r = sp_outset_create(&out->set, target.path, flags | target.flags, err);
		if (!r)
			r = sp_outset_io(out->set, &io, err);
	}
	if (!r)
		r = target.format->create(&out->sink, io, &target.options, err);
	out->format = target.format;
	out->path = target.path;
	target.path = NULL;
	sp_target_clear(&target);
	if (r < 0) {
		sp_io_close(io);
		sp_output_close(out);
	}
	return r;
}

/* Bytes a plain sink stores of a disc. */
static uint64_t open_needed(struct sp_sink *sink, const struct sp_disc *disc)
{
	const sp_lba end = sink->msf_end ? (sp_lba)sink->msf_end : INT64_MAX;
	uint64_t sum = 0, size;

	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];
		const unsigned wants = sink->ops->wants(sink, region);

		if (!wants || region->lba >= end)
			continue;
		const uint64_t left = (uint64_t)(end - region->lba);
		const uint64_t count = region->count < left ? region->count : left;
		if (!sp_mul_ok(count, sp_sector_size(region->mode, wants), &size) ||
		    !sp_add_ok(sum, size, &sum))
			return UINT64_MAX;
	}
	return sum;
}

int sp_output_room(const struct sp_output *out, const struct sp_disc *disc, struct sp_error *err)
{
	uint64_t room;

	if (!out->set || !(out->sink->flags & SP_SINK_PLAIN) || !sp_outset_room(out->set, &room))
		return 0;
	const uint64_t needed = open_needed(out->sink, disc);
	if (needed <= room)
		return 0;
	return sp_fail(err, SP_ERR_IO,
		       "%s: needs %" PRIu64 " bytes, and there is room for %" PRIu64 " there",
		       out->path, needed, room);
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
