/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ccd: CloneCD's sheet with an .img of raw sectors and a .sub of their sub-channel. */
#include "formats/ccd.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/formats.h"
#include "formats/sbi.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CCD_SUB_SAMPLES = 64 };

struct ccd_open {
	struct sp_io *io;
	const struct sp_notes *notes;
	struct sp_error *err;
	struct sp_ccd_sheet sheet;
	struct sp_ccd_layout layout;
	struct sp_extents map; /* owns every io that is opened */
};

static int ccd_read_sheet(struct ccd_open *o)
{
	if (o->io->size > SP_CCD_TEXT_MAX)
		return sp_fail(o->err, SP_ERR_FORMAT, "%s: larger than 1 MiB: no CloneCD sheet",
			       o->io->name);
	uint8_t *text = malloc((size_t)o->io->size + 1);
	if (!text)
		return sp_fail_memory(o->err);
	int r = sp_io_read(o->io, 0, text, (size_t)o->io->size, o->err);
	if (!r)
		r = sp_ccd_parse(&o->sheet, o->io->name, text, (size_t)o->io->size, o->notes,
				 o->err);
	free(text);
	return r;
}

/* The file of the sheet's name with another extension, owned by the map; *out NULL with status 0:
 * there is none, and `optional`. */
static int ccd_beside(struct ccd_open *o, const char *extension, bool optional, struct sp_io **out)
{
	const char *slash = strrchr(o->io->name, '/');
	const char *base = slash ? slash + 1 : o->io->name, *dot = strrchr(base, '.');
	char *name = sp_format_text("%.*s%s", dot ? (int)(dot - base) : (int)strlen(base), base,
				    extension);
	struct sp_error why = {0};

	*out = NULL;
	if (!name)
		return sp_fail_memory(o->err);
	int r = sp_io_sibling(o->io, name, out, &why);
	free(name);
	if (r == SP_ERR_IO && why.sys_errno == ENOENT && optional) {
		*out = NULL;
		return 0;
	}
	if (r < 0) {
		if (o->err)
			*o->err = why;
		return r;
	}
	r = sp_extents_own(&o->map, *out, o->err);
	if (r < 0)
		sp_io_close(*out);
	return r;
}

/* Records are linear by the format; some programs leave them as the drive gave them. */
static int ccd_sub_encoding(struct ccd_open *o, const struct sp_io *sub, uint64_t sectors)
{
	unsigned linear = 0, interleaved = 0;
	uint8_t record[SP_SUB_SIZE], q[12];

	for (uint64_t i = 0; i < CCD_SUB_SAMPLES && i < sectors; i++) {
		const uint64_t n = sectors <= CCD_SUB_SAMPLES ? i : sectors / CCD_SUB_SAMPLES * i;
		const int r = sp_io_read((struct sp_io *)sub, n * SP_SUB_SIZE, record,
					 sizeof(record), o->err);

		if (r < 0)
			return r;
		linear += sp_q_valid(record + 12);
		sp_sub_get_q(record, q);
		interleaved += sp_q_valid(q);
	}
	o->layout.sub_encoding = interleaved > linear ? 0 : SP_ENC_SUB_LINEAR;
	if (interleaved > linear)
		sp_note(o->notes, "%s: is interleaved, not linear", sub->name);
	return 0;
}

static int ccd_open_sub(struct ccd_open *o, uint64_t sectors)
{
	struct sp_io *sub;
	int r = ccd_beside(o, ".sub", true, &sub);

	if (r < 0)
		return r;
	if (!sub) {
		sp_note(o->notes, "%s: no .sub file beside it: no sub-channel", o->io->name);
		return 0;
	}
	if (sub->size / SP_SUB_SIZE < sectors || sub->size % SP_SUB_SIZE) {
		sp_note(o->notes,
			"%s: is not the sub-channel of %s (%" PRIu64 " bytes, not %" PRIu64
			"): left out",
			sub->name, o->layout.img->name, sub->size, sectors * SP_SUB_SIZE);
		return 0;
	}
	r = ccd_sub_encoding(o, sub, sectors);
	o->layout.sub = sub;
	return r;
}

static int ccd_open_cdtext(struct ccd_open *o, struct sp_disc *disc)
{
	if (!o->sheet.packs)
		return 0;
	if (sp_disc_set_cdtext(disc, o->sheet.cdtext, o->sheet.packs * SP_CCD_PACK) < 0)
		return sp_fail_memory(o->err);
	return sp_cdtext_decode(disc, o->notes, o->err);
}

static int ccd_build(struct ccd_open *o, struct sp_disc *disc)
{
	struct sp_ccd_layout *layout = &o->layout;
	int r = ccd_beside(o, ".img", false, &layout->img);

	if (r < 0)
		return r;
	layout->sheet = &o->sheet;
	layout->name = o->io->name;
	layout->notes = o->notes;
	layout->sectors = layout->img->size / SP_RAW_SIZE + (layout->img->size % SP_RAW_SIZE != 0);
	r = sp_ccd_toc(layout, disc, o->err);
	const struct sp_ccd_part *last = &layout->part[disc->sessions];
	if (!r)
		r = ccd_open_sub(o, last->at + last->count);
	if (!r)
		r = sp_ccd_ask_q(layout, disc, o->err);
	if (!r)
		r = sp_ccd_lay(layout, disc, &o->map, o->err);
	if (!r)
		r = ccd_open_cdtext(o, disc);
	return r < 0 ? r : sp_disc_check(disc, o->err);
}

static int ccd_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	struct ccd_open o = {.io = io, .notes = sp_options_notes(options), .err = err};
	struct sp_disc *disc = NULL;
	int r = ccd_read_sheet(&o);

	if (!r && !(disc = sp_disc_new()))
		r = sp_fail_memory(err);
	if (!r)
		r = ccd_build(&o, disc);
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
	sp_ccd_sheet_clear(&o.sheet);
	return r;
}

static int ccd_probe(const struct sp_probe *probe)
{
	return probe->size > SP_CCD_TEXT_MAX ? 0 : sp_ccd_looks(probe->head, probe->head_size);
}

static const char *const ccd_extension[] = {".ccd", NULL};
static const char *const ccd_data_extension[] = {".img", ".sub", NULL};

static const struct sp_format_option ccd_options[] = {
	{"sub", "file|none", "sub-channel: a .sub file, made where there is none, or left out"},
	{"sbi", "no|yes", "the Q frames of an .sbi or .lsd file beside a sheet that is opened"},
	{NULL, NULL, NULL},
};

const struct sp_format sp_format_ccd = {
	.name = "ccd",
	.summary = "CloneCD sheet with .img and .sub",
	.extension = ccd_extension,
	.data_extension = ccd_data_extension,
	.flags = SP_FORMAT_SHEET,
	.option = ccd_options,
	.carries = sp_ccd_carries,
	.probe = ccd_probe,
	.open = ccd_open,
	.create = sp_ccd_create,
};
