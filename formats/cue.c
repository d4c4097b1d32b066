/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cue: CDRWIN's sheet with data files beside it. Opening: the sheet, the files it names and what
 * may lie beside them. */
#include "formats/cue.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/cdt.h"
#include "formats/cue_find.h"
#include "formats/formats.h"
#include "formats/sbi.h"
#include "formats/sound_io.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	CUE_SUB_SAMPLES = 64,
};

struct cue_open {
	struct sp_io *io;
	const struct sp_notes *notes;
	struct sp_error *err;
	struct sp_cue_sheet sheet;
	struct sp_cue_layout layout;
	struct sp_extents map; /* owns every io that is opened */
	char **found;          /* the name that led to each FILE */
	const char *charset;   /* as asked for, or NULL */
	bool convert;          /* sound that is not CD audio becomes it */
};

static int cue_open_file(struct cue_open *o, size_t file)
{
	const unsigned data = o->sheet.file[file].data;
	struct sp_cue_bin *bin = &o->layout.bin[file];
	uint8_t magic[4] = {0};
	struct sp_io *io;
	int r = sp_cue_find(o->io, &o->sheet, file, o->notes, &io, &o->found[file], o->err);

	if (r < 0)
		return r;
	bin->sound = data == SP_CUE_SOUND;
	bin->swap = data == SP_CUE_MOTOROLA;
	if (bin->sound)
		r = sp_sound_view(&io, o->convert, &bin->swap, o->notes, o->err);
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
	const char *dot = strrchr(sp_cue_base(o->found[file]), '.');
	const uint64_t sectors = sp_cue_sectors(&o->layout, (unsigned)file);
	struct sp_error why = {0};
	struct sp_io *io = NULL;
	bool known = false;

	if (dot && !strcasecmp(dot, ".sub"))
		return 0;
	char *name = sp_cue_replace(o->found[file], ".sub");
	int r = name ? sp_cue_sibling(o->io, name, &io, &why) : sp_fail_memory(&why);
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

static int cue_open_cdtext(struct cue_open *o, struct sp_disc *disc)
{
	struct sp_error why = {0};
	struct sp_io *io = NULL;
	int r = o->sheet.cdtext ? sp_cue_sibling(o->io, o->sheet.cdtext, &io, &why) : 0;

	if (r < 0 && o->err)
		*o->err = why;
	if (r < 0 || !o->sheet.cdtext)
		return r;
	if (!io) {
		sp_note(o->notes, "%s: %s is not there: no CD-Text from it", o->io->name,
			o->sheet.cdtext);
		return 0;
	}
	r = sp_cdt_read(io, disc, o->notes, o->err);
	sp_io_close(io);
	return r;
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
		r = sp_cue_parse(&o->sheet, o->io->name, text, (size_t)o->io->size, o->charset,
				 o->notes, o->err);
	free(text);
	return r;
}

static int cue_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	const char *convert = sp_options_get(options, "resample");
	struct cue_open o = {.io = io,
			     .notes = sp_options_notes(options),
			     .err = err,
			     .charset = sp_options_get(options, "charset"),
			     .convert = convert && !strcmp(convert, "yes")};
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
	if (!r) {
		disc = NULL; /* the source's */
		r = sp_sbi_beside(out, io, options, err);
		if (r < 0) {
			sp_source_close(*out);
			*out = NULL;
		}
	}
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
	{"sub", "file|none|cdg|sbi|lsd",
	 "stored sub-channel: a .sub file, left out, in CDG tracks, or its odd Q frames in a list"},
	{"audio", "raw|wav|flac", "audio tracks: sectors in a .bin, or sound files with tags"},
	{"level", "5", "with audio=flac: 0 (fast) to 8 (small)"},
	{"names", "sheet|title", "with bins=track: files named after the sheet, or NN - TITLE"},
	{"charset", "auto", "letters of a sheet that is opened: utf-8, cp1252, cp1251, shift-jis"},
	{"resample", "no|yes",
	 "sound that is not 44100 Hz, 16 bits, stereo: refused, or converted"},
	{"sbi", "no|yes", "the Q frames of an .sbi or .lsd file beside a sheet that is opened"},
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
