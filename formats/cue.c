/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cue: CDRWIN's sheet with data files beside it. Opening: the sheet, the files it names and what
 * may lie beside them. */
#include "formats/cue.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/cue_text.h"
#include "formats/formats.h"
#include "formats/wave.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	CUE_SUB_SAMPLES = 64,
	CUE_PACK = 18,
	CUE_PACKS_MAX = 8 * 256, /* blocks of CD-Text × packs (MMC annex J) */
};

struct cue_open {
	struct sp_io *io;
	const struct sp_notes *notes;
	struct sp_error *err;
	struct sp_cue_sheet sheet;
	struct sp_cue_layout layout;
	struct sp_extents map; /* owns every io that is opened */
	char **found;          /* the name that led to each FILE */
};

/* The last part of a name, whatever separates. */
static const char *cue_base(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	return name;
}

/* `name` with another extension; NULL: no memory. */
static char *cue_replace(const char *name, const char *extension)
{
	const char *dot = strrchr(cue_base(name), '.');

	return sp_format_text("%.*s%s", dot ? (int)(dot - name) : (int)strlen(name), name,
			      extension);
}

/* *out NULL with status 0: there is no such file. */
static int cue_sibling(const struct cue_open *o, const char *name, struct sp_io **out,
		       struct sp_error *err)
{
	const int r = sp_io_sibling(o->io, name, out, err);

	if (r == SP_ERR_IO && err->sys_errno == ENOENT) {
		*out = NULL;
		return 0;
	}
	return r;
}

enum cue_way { CUE_AS_NAMED, CUE_IN_CP1252, CUE_WITHOUT_FOLDER, CUE_AFTER_SHEET, CUE_WAYS };

/* The i-th name to look for; *name NULL: there is none. */
static int cue_guess(const struct cue_open *o, size_t file, unsigned way, char **name)
{
	const struct sp_cue_file *f = &o->sheet.file[file];

	*name = NULL;
	if (way == CUE_AS_NAMED)
		*name = sp_format_text("%s", f->name);
	else if (way == CUE_IN_CP1252 && o->sheet.cp1252)
		*name = sp_utf8_from_cp1252(f->name, strlen(f->name));
	else if (way == CUE_WITHOUT_FOLDER && cue_base(f->name) != f->name)
		*name = sp_format_text("%s", cue_base(f->name));
	else if (way == CUE_AFTER_SHEET && o->sheet.files == 1 && f->data != SP_CUE_SOUND)
		*name = cue_replace(cue_base(o->io->name), ".bin");
	else
		return 0;
	return *name ? 0 : sp_fail_memory(o->err);
}

/* Open the data of one FILE under the first name that is there. */
static int cue_find(struct cue_open *o, size_t file, struct sp_io **out)
{
	const char *named = o->sheet.file[file].name;
	struct sp_error first = {0}, other = {0};
	unsigned way = CUE_AS_NAMED;
	int r = 0;

	*out = NULL;
	for (; !*out && !r && way < CUE_WAYS; way++) {
		char *name;

		r = cue_guess(o, file, way, &name);
		if (r < 0 || !name)
			continue;
		struct sp_error *why = way == CUE_AS_NAMED ? &first : &other;
		r = cue_sibling(o, name, out, why);
		if (r < 0 && o->err)
			*o->err = *why;
		free(o->found[file]);
		o->found[file] = name;
	}
	if (r < 0)
		return r;
	if (!*out) {
		if (o->err)
			*o->err = first;
		return first.status;
	}
	if (way > CUE_AS_NAMED + 1 || strcmp(cue_base((*out)->name), cue_base(named)) != 0)
		sp_note(o->notes, "%s: `%s' is taken for %s", o->io->name, named, (*out)->name);
	if (strcmp((*out)->name, o->io->name) != 0)
		return 0;
	r = sp_cue_fail(o->io->name, o->sheet.file[file].at, o->err, "the sheet names itself");
	sp_io_close(*out);
	return r;
}

/* A slice of a sound file with its samples alone in place of *io. */
static int cue_take_sound(struct cue_open *o, struct sp_cue_bin *bin, struct sp_io **io)
{
	struct sp_io *samples;
	struct sp_wave wave;
	int r = sp_wave_find(*io, &wave, o->err);

	if (!r)
		r = sp_io_slice(&samples, *io, wave.offset, wave.size, o->err);
	if (r < 0)
		return r;
	*io = samples;
	bin->sound = true;
	bin->swap = wave.big_endian;
	return 0;
}

static int cue_open_file(struct cue_open *o, size_t file)
{
	const unsigned data = o->sheet.file[file].data;
	struct sp_cue_bin *bin = &o->layout.bin[file];
	uint8_t magic[4] = {0};
	struct sp_io *io;
	int r = cue_find(o, file, &io);

	if (r < 0)
		return r;
	if (data == SP_CUE_SOUND)
		r = cue_take_sound(o, bin, &io);
	else if (io->size >= sizeof(magic))
		r = sp_io_read(io, 0, magic, sizeof(magic), o->err);
	if (!r)
		r = sp_extents_own(&o->map, io, o->err);
	if (r < 0) {
		sp_io_close(io);
		return r;
	}
	if (!memcmp(magic, "RIFF", 4) || !memcmp(magic, "FORM", 4) || !memcmp(magic, "fLaC", 4))
		sp_note(o->notes, "%s: looks like a sound file, and is taken as plain sectors",
			io->name);
	bin->io = io;
	bin->size = io->size;
	bin->swap = bin->swap || data == SP_CUE_MOTOROLA;
	return 0;
}

/* How the sub-channel of a file is laid out: by which reading gives Q with a right CRC. */
static int cue_sub_encoding(struct sp_io *io, uint64_t sectors, bool *known, unsigned *encoding,
			    struct sp_error *err)
{
	unsigned linear = 0, interleaved = 0;
	uint8_t sub[SP_SUB_SIZE], q[12];

	for (uint64_t i = 0; i < CUE_SUB_SAMPLES && i < sectors; i++) {
		const uint64_t n = sectors <= CUE_SUB_SAMPLES ? i : sectors / CUE_SUB_SAMPLES * i;
		const int r = sp_io_read(io, n * SP_SUB_SIZE, sub, sizeof(sub), err);

		if (r < 0)
			return r;
		linear += sp_q_valid(sub + 12);
		sp_sub_get_q(sub, q);
		interleaved += sp_q_valid(q);
	}
	*known = linear != interleaved;
	*encoding = linear > interleaved ? SP_ENC_SUB_LINEAR : 0;
	return 0;
}

/* Has no sector of the file sub-channel of its own? */
static bool cue_lacks_sub(const struct cue_open *o, size_t file)
{
	for (size_t i = 0; i < o->layout.cuts; i++)
		if (o->layout.cut[i].file == file &&
		    (o->sheet.track[o->layout.cut[i].track].type->parts & SP_PART_PW))
			return false;
	return true;
}

/* Sub-channel in a file of its own beside the data file. */
static int cue_open_sub(struct cue_open *o, size_t file)
{
	struct sp_cue_bin *bin = &o->layout.bin[file];
	const char *dot = strrchr(cue_base(o->found[file]), '.');
	const uint64_t sectors = sp_cue_sectors(&o->layout, (unsigned)file);
	struct sp_error why = {0};
	struct sp_io *io = NULL;
	bool known = false;

	if (bin->sound || (dot && !strcasecmp(dot, ".sub")))
		return 0;
	char *name = cue_replace(o->found[file], ".sub");
	int r = name ? cue_sibling(o, name, &io, &why) : sp_fail_memory(&why);
	free(name);
	if (r < 0 && o->err)
		*o->err = why;
	if (r < 0 || !io)
		return r;
	if (io->size == sectors * SP_SUB_SIZE && cue_lacks_sub(o, file))
		r = cue_sub_encoding(io, sectors, &known, &bin->sub_encoding, o->err);
	if (!r && known)
		r = sp_extents_own(&o->map, io, o->err);
	if (!r && known) {
		bin->sub = io;
		return 0;
	}
	if (!r)
		sp_note(o->notes, "%s: is not the sub-channel of %s: left out", io->name,
			o->found[file]);
	sp_io_close(io);
	return r;
}

static int cue_open_files(struct cue_open *o)
{
	const size_t files = o->sheet.files;
	int r = 0;

	o->layout.bin = calloc(files, sizeof(o->layout.bin[0]));
	o->found = calloc(files, sizeof(o->found[0]));
	if (!o->layout.bin || !o->found)
		return sp_fail_memory(o->err);
	for (size_t i = 0; !r && i < files; i++)
		r = cue_open_file(o, i);
	if (!r)
		r = sp_cue_measure(&o->layout, o->err);
	for (size_t i = 0; !r && i < files; i++)
		r = cue_open_sub(o, i);
	return r;
}

/* Packs of CD-Text in a file: bare, or behind the four bytes of a READ TOC reply, and some writers
 * end them with a zero. Without them only texts are lost, so that a bad file is no failure. */
static int cue_open_cdtext(struct cue_open *o, struct sp_disc *disc)
{
	uint8_t packs[CUE_PACKS_MAX * CUE_PACK];
	struct sp_error why = {0};
	struct sp_io *io = NULL;
	int r = o->sheet.cdtext ? cue_sibling(o, o->sheet.cdtext, &io, &why) : 0;

	if (r < 0 && o->err)
		*o->err = why;
	if (r < 0 || !o->sheet.cdtext)
		return r;
	if (!io) {
		sp_note(o->notes, "%s: %s is not there: no CD-Text from it", o->io->name,
			o->sheet.cdtext);
		return 0;
	}
	const uint64_t odd = io->size % CUE_PACK, at = odd >= 4 ? 4 : 0;
	const uint64_t size = io->size - odd;
	const bool fits =
		(odd == 0 || odd == 1 || odd == 4 || odd == 5) && size && size <= sizeof(packs);
	if (fits)
		r = sp_io_read(io, at, packs, (size_t)size, o->err);
	if (!r && fits && packs[0] >= 0x80 && packs[0] < 0x90)
		r = sp_disc_set_cdtext(disc, packs, (size_t)size) < 0 ? sp_fail_memory(o->err) : 0;
	else if (!r)
		sp_note(o->notes, "%s: holds no packs of CD-Text: left out", io->name);
	sp_io_close(io);
	return r || !disc->cdtext ? r : sp_cdtext_decode(disc, o->notes, o->err);
}

static int cue_read_sheet(struct cue_open *o)
{
	if (o->io->size > SP_CUE_TEXT_MAX)
		return sp_fail(o->err, SP_ERR_FORMAT, "%s: larger than 1 MiB: no cue sheet",
			       o->io->name);
	uint8_t *text = malloc((size_t)o->io->size + 1);
	if (!text)
		return sp_fail_memory(o->err);
	int r = sp_io_read(o->io, 0, text, (size_t)o->io->size, o->err);
	if (!r)
		r = sp_cue_parse(&o->sheet, o->io->name, text, (size_t)o->io->size, o->notes,
				 o->err);
	free(text);
	return r;
}

static int cue_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	struct cue_open o = {.io = io, .notes = sp_options_notes(options), .err = err};
	struct sp_disc *disc = NULL;
	int r = cue_read_sheet(&o);

	o.layout.sheet = &o.sheet;
	o.layout.name = io->name;
	o.layout.notes = o.notes;
	if (!r)
		r = cue_open_files(&o);
	if (!r)
		r = sp_cue_resolve(&o.layout, err);
	if (!r && !(disc = sp_disc_new()))
		r = sp_fail_memory(err);
	if (!r)
		r = sp_cue_build(&o.layout, disc, &o.map, err);
	if (!r)
		r = cue_open_cdtext(&o, disc);
	if (!r)
		r = sp_disc_check(disc, err);
	if (!r)
		r = sp_extents_source(out, disc, &o.map, err);
	if (r < 0) {
		sp_extents_clear(&o.map);
		sp_disc_free(disc);
	} else {
		sp_io_close(io);
	}
	for (size_t i = 0; o.found && i < o.sheet.files; i++)
		free(o.found[i]);
	free(o.found);
	free(o.layout.bin);
	sp_cue_layout_clear(&o.layout);
	sp_cue_sheet_clear(&o.sheet);
	return r;
}

static int cue_probe(const struct sp_probe *probe)
{
	return probe->size > SP_CUE_TEXT_MAX ? 0 : sp_cue_looks(probe->head, probe->head_size);
}

static const char *const cue_extension[] = {".cue", NULL};
static const char *const cue_data_extension[] = {".bin", NULL};

static const struct sp_format_option cue_options[] = {
	{"sector", "2352|2048", "bytes of a data sector: whole, or user data alone"},
	{"bins", "one|track", "data files: one (one a session), or one for each track"},
	{"gaps", "own|previous", "with bins=track: whose file a pregap lies in"},
	{"sub", "file|none|cdg", "stored sub-channel: a .sub file, left out, or in CDG tracks"},
	{NULL, NULL, NULL},
};

const struct sp_format sp_format_cue = {
	.name = "cue",
	.summary = "CDRWIN cue sheet with its data files",
	.extension = cue_extension,
	.data_extension = cue_data_extension,
	.flags = SP_FORMAT_SHEET,
	.option = cue_options,
	.carries = sp_cue_carries,
	.probe = cue_probe,
	.open = cue_open,
	.create = sp_cue_create,
};
