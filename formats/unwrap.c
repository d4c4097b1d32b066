/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that another file comes out of, taken off one after the other. */
#include "formats/unwrap.h"

#include "formats/formats.h"

#include <stdlib.h>

int sp_unwrap(struct sp_wrappings *list, const struct sp_format **format, struct sp_io **io,
	      const struct sp_options *options, struct sp_error *err)
{
	while ((*format)->unwrap) {
		const char *name = (*io)->name;
		struct sp_io *inner = NULL;

		if (list->count == SP_WRAPPINGS)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: more than %d images lie one in another", name,
				       SP_WRAPPINGS);
		struct sp_wrapping *wrapping = &list->wrapping[list->count];
		*wrapping = (struct sp_wrapping){.format = *format};
		int r = (*format)->unwrap(&inner, *io, options, wrapping->text, err);
		if (r < 0)
			return r;
		*io = inner;
		list->count++;
		r = sp_identify(format, inner, err);
		if (r == SP_ERR_FORMAT)
			*format = &sp_format_img; /* which says what is wrong with it */
		else if (r < 0)
			return r;
	}
	return 0;
}

/* Lends an io to what is put around it: only once that is wanted for good does closing it close the
 * io. */
struct unwrap_loan {
	struct sp_io io;
	struct sp_io *inner;
	bool kept;
};

static int unwrap_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_io_read(((struct unwrap_loan *)io)->inner, at, data, size, err);
}

static int unwrap_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			  struct sp_error *err)
{
	return sp_io_sibling(((struct unwrap_loan *)io)->inner, name, out, err);
}

static int unwrap_exact(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	return sp_io_sibling_exact(((struct unwrap_loan *)io)->inner, name, out, err);
}

static void unwrap_close(struct sp_io *io)
{
	struct unwrap_loan *loan = (struct unwrap_loan *)io;

	if (loan->kept)
		sp_io_close(loan->inner);
	free(loan);
}

int sp_unwrap_open(struct sp_source **out, const struct sp_format *format, struct sp_io *io,
		   const struct sp_options *options, struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = unwrap_read,
					     .sibling = unwrap_sibling,
					     .exact = unwrap_exact,
					     .close = unwrap_close};
	const struct sp_options inside = {.notes = sp_options_notes(options),
					  .password = options ? options->password : NULL,
					  .user = options ? options->user : NULL};
	struct unwrap_loan *loan = malloc(sizeof(*loan));
	struct sp_wrappings list = {0};

	if (!loan)
		return sp_fail_memory(err);
	*loan = (struct unwrap_loan){.io = {.ops = &ops, .name = io->name, .size = io->size},
				     .inner = io};
	struct sp_io *held = &loan->io;
	int r = sp_unwrap(&list, &format, &held, &inside, err);
	if (!r && !format->open)
		r = sp_fail(err, SP_ERR_UNSUPPORTED,
			    "%s: in it is %s (%s), which cannot be opened yet", io->name,
			    format->name, format->summary);
	if (!r)
		r = format->open(out, held, &inside, err);
	if (r < 0)
		sp_io_close(held);
	else
		loan->kept = true;
	return r;
}
