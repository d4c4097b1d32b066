/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of formats, and which of them a file is. */
#include "formats/formats.h"

#include "formats/known.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const struct sp_format *const formats_table[] = {
	&sp_format_ccd,
	&sp_format_cdsaencr,
	&sp_format_cue,
	&sp_format_dmg,
	&sp_format_encrcdsa,
	&sp_format_img,
	&sp_format_iso,
	&sp_format_playlist,
	&sp_format_raw,
	&sp_format_sparsebundle,
	&sp_format_sparseimage,
	&sp_format_store,
	NULL,
};
/* clang-format on */

const struct sp_format *const *sp_formats(void)
{
	return formats_table;
}

const struct sp_format *const *sp_formats_known(void)
{
	return sp_known_formats;
}

const struct sp_format *sp_format_named(const char *name)
{
	for (const struct sp_format *const *f = formats_table; *f; f++)
		if (!strcmp((*f)->name, name))
			return *f;
	return NULL;
}

static bool formats_ends(const char *path, const char *const *extension)
{
	const size_t size = strlen(path);

	for (; extension && *extension; extension++) {
		const size_t n = strlen(*extension);

		if (size > n && !strcasecmp(path + size - n, *extension))
			return true;
	}
	return false;
}

const struct sp_format *sp_format_for_path(const char *path)
{
	for (const struct sp_format *const *f = formats_table; *f; f++)
		if ((*f)->create && formats_ends(path, (*f)->extension))
			return *f;
	for (const struct sp_format *const *f = formats_table; *f; f++)
		if ((*f)->create && formats_ends(path, (*f)->data_extension))
			return *f;
	return NULL;
}

const char *sp_options_get(const struct sp_options *options, const char *key)
{
	for (size_t i = options ? options->options : 0; i--;)
		if (!strcmp(options->option[i].key, key))
			return options->option[i].value ? options->option[i].value : "yes";
	return NULL;
}

const struct sp_notes *sp_options_notes(const struct sp_options *options)
{
	return options ? options->notes : NULL;
}

struct formats_best {
	const struct sp_format *format;
	int score;
};

static void formats_ask(struct formats_best *best, const struct sp_format *const *list,
			const struct sp_probe *probe)
{
	for (; *list; list++) {
		const struct sp_format *f = *list;
		const int found = f->probe ? f->probe(probe) : sp_magic_probe(f->magic, probe);
		const int score = 2 * found + formats_ends(probe->io->name, f->extension);

		/* an extension alone, score 1, is no evidence */
		if (score > 1 && score > best->score)
			*best = (struct formats_best){f, score};
	}
}

/* What probes look deeper into; the first read that fails is remembered, as they cannot tell. */
struct formats_io {
	struct sp_io io;
	struct sp_io *inner;
	struct sp_error err;
	int status;
};

static int formats_read(struct sp_io *io, uint64_t at, void *data, size_t size,
			struct sp_error *err)
{
	struct formats_io *look = (struct formats_io *)io;
	struct sp_error here;
	const int r = sp_io_read(look->inner, at, data, size, &here);

	if (r < 0 && !look->status) {
		look->status = r;
		look->err = here;
	}
	if (r < 0 && err)
		*err = here;
	return r;
}

int sp_identify(const struct sp_format **out, struct sp_io *io, struct sp_error *err)
{
	const size_t head_size = io->size < SP_PROBE_HEAD ? (size_t)io->size : SP_PROBE_HEAD;
	const size_t tail_size = io->size < SP_PROBE_TAIL ? (size_t)io->size : SP_PROBE_TAIL;
	uint8_t *head = malloc(SP_PROBE_HEAD + SP_PROBE_TAIL);
	struct formats_best best = {NULL, 0};
	static const struct sp_io_ops ops = {.read = formats_read};
	struct formats_io look = {.io = {.ops = &ops, .name = io->name, .size = io->size},
				  .inner = io};
	int r = 0;

	*out = NULL;
	if (!head)
		return sp_fail_memory(err);
	const struct sp_probe probe = {.head = head,
				       .head_size = head_size,
				       .tail = head + SP_PROBE_HEAD,
				       .tail_size = tail_size,
				       .size = io->size,
				       .io = &look.io};
	if (head_size && (r = sp_io_read(io, 0, head, head_size, err)) < 0)
		goto out;
	if (tail_size &&
	    (r = sp_io_read(io, io->size - tail_size, head + SP_PROBE_HEAD, tail_size, err)) < 0)
		goto out;
	formats_ask(&best, formats_table, &probe);
	formats_ask(&best, sp_known_formats, &probe);
	*out = best.format;
	if (!best.format && look.status) {
		r = look.status;
		if (err)
			*err = look.err;
	} else if (!best.format) {
		r = sp_fail(err, SP_ERR_FORMAT,
			    "%s: not recognised as a disc image (see `spindle formats')", io->name);
	}
out:
	free(head);
	return r;
}
