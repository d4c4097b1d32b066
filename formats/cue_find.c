/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that a FILE line means: sheets outlive the names of their files, which are renamed with
 * the sheet, moved beside it, copied from Windows or compressed. Nothing is guessed by content. */
#include "formats/cue_find.h"

#include "base/bytes.h"
#include "codec/charset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIND_NAMES = 32 };

static const char *const find_sound[] = {".flac", ".wav",  ".wv",  ".aiff", ".aif",
					 ".ogg",  ".opus", ".mp3", NULL};
static const char *const find_data[] = {".bin", ".img", NULL};

/* What is looked for, in this order. */
struct find_names {
	char *name[FIND_NAMES];
	size_t count;
	size_t exact; /* the first ones are the sheet's own word */
};

const char *sp_cue_base(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	return name;
}

char *sp_cue_replace(const char *name, const char *extension)
{
	const char *dot = strrchr(sp_cue_base(name), '.');

	return sp_format_text("%.*s%s", dot ? (int)(dot - name) : (int)strlen(name), name,
			      extension);
}

int sp_cue_sibling(struct sp_io *io, const char *name, struct sp_io **out, struct sp_error *err)
{
	const int r = sp_io_sibling(io, name, out, err);

	if (r == SP_ERR_IO && err->sys_errno == ENOENT) {
		*out = NULL;
		return 0;
	}
	return r;
}

/* Takes `name`; NULL: no memory. */
static int find_add(struct find_names *names, char *name)
{
	if (!name || names->count == FIND_NAMES) {
		free(name);
		return SP_ERR_MEMORY;
	}
	names->name[names->count++] = name;
	return 0;
}

/* `name` with each of these extensions, but that of `not`, which a sheet has itself. */
static int find_add_each(struct find_names *names, const char *name, const char *const *extension,
			 const char * not )
{
	const char *dot = strrchr(not, '.');
	int r = 0;

	for (; !r && *extension; extension++)
		if (!dot || strcasecmp(dot, *extension) != 0)
			r = find_add(names, sp_cue_replace(name, *extension));
	return r;
}

/* Names of the one FILE of a sheet that was renamed with it. */
static int find_add_sheet(struct find_names *names, const char *sheet, const char *name,
			  const char *const *extension)
{
	const char *base = sp_cue_base(sheet), *dot = strrchr(sp_cue_base(name), '.');
	const char *const own[] = {dot ? dot : extension[0], NULL};
	const int r = find_add_each(names, base, own, base);

	return r < 0 ? r : find_add_each(names, base, extension, base);
}

static int find_list(struct find_names *names, const char *sheet_name,
		     const struct sp_cue_sheet *sheet, size_t file)
{
	const struct sp_cue_file *f = &sheet->file[file];
	const bool sound = f->data == SP_CUE_SOUND;
	char *letters = sp_charset_decode(sheet->charset, f->name, strlen(f->name), NULL);
	int r = letters ? find_add(names, strdup(f->name)) : SP_ERR_MEMORY;

	if (!r && strcmp(letters, f->name) != 0)
		r = find_add(names, strdup(letters));
	names->exact = names->count;
	/* in other letters '\' may be half of one */
	if (!r && sheet->charset == SP_CHARSET_UTF8 && sp_cue_base(f->name) != f->name)
		r = find_add(names, strdup(sp_cue_base(f->name)));
	else if (!r && letters && sp_cue_base(letters) != letters)
		r = find_add(names, strdup(sp_cue_base(letters)));
	if (!r && sound)
		r = find_add_each(names, sp_cue_base(letters), find_sound, letters);
	if (!r && sheet->files == 1)
		r = find_add_sheet(names, sheet_name, letters, sound ? find_sound : find_data);
	free(letters);
	return r;
}

/* Under the first name that is there; *n is which. The first name's error tells more than those of
 * guesses. */
static int find_first(struct find_names *names, struct sp_io *io, bool wide, struct sp_io **out,
		      size_t *n, struct sp_error *err)
{
	struct sp_error first = {0}, other = {0};

	for (*n = 0; *n < names->count; ++*n) {
		struct sp_error *why = *n ? &other : &first;
		const int r = sp_cue_sibling(io, names->name[*n], out, why);

		if (!r && *out)
			return 0;
		/* the raw bytes of a wide letter may look like a separator at the name's end */
		if (r < 0 && !(wide && !*n && r == SP_ERR_FORMAT)) {
			if (err)
				*err = *why;
			return r;
		}
	}
	if (err)
		*err = first;
	return first.status;
}

int sp_cue_find(struct sp_io *io, const struct sp_cue_sheet *sheet, size_t file,
		const struct sp_notes *notes, struct sp_io **out, char **found,
		struct sp_error *err)
{
	const char *named = sheet->file[file].name;
	const bool wide = sheet->charset == SP_CHARSET_SHIFT_JIS;
	struct find_names names = {0};
	size_t n = 0;
	int r = find_list(&names, io->name, sheet, file);

	*out = NULL;
	r = r < 0 ? sp_fail_memory(err) : find_first(&names, io, wide, out, &n, err);
	if (!r) {
		*found = names.name[n];
		names.name[n] = NULL;
		if (n >= names.exact || strcmp(sp_cue_base((*out)->name), sp_cue_base(named)) != 0)
			sp_note(notes, "%s: `%s' is taken for %s", io->name, named, (*out)->name);
	}
	for (size_t i = 0; i < names.count; i++)
		free(names.name[i]);
	if (r < 0 || strcmp((*out)->name, io->name) != 0)
		return r;
	sp_io_close(*out);
	*out = NULL;
	return sp_cue_fail(io->name, sheet->file[file].at, err, "the sheet names itself");
}
