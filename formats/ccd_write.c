/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink of a CloneCD sheet: whole sectors to the .img, their sub-channel to the .sub, and the
 * sheet last. */
#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/sector.h"
#include "formats/ccd.h"
#include "stream/loss.h"

#include <stdlib.h>
#include <string.h>

struct ccd_sink {
	struct sp_sink sink;
	struct sp_io *io;
	bool sub; /* there is a .sub */
	struct sp_extents map;
	const struct sp_disc *disc; /* the source's, from begin on */
	struct sp_ccd_part part[SP_TRACK_MAX + 1];
};

/* What is not stored within a session is made: the .img has no holes. Of a session's first pregap
 * only what lies before the file is not kept, which is seen when it comes. */
static unsigned ccd_wants(struct sp_sink *sink, const struct sp_region *region)
{
	const unsigned sub = ((struct ccd_sink *)sink)->sub ? SP_PART_PW : 0;
	const bool framed = region->mode == SP_MODE_MODE1 || region->mode == SP_MODE_DATA2048;

	if (region->kind == SP_REGION_GAP || region->mode == SP_MODE_BLOCK512 ||
	    region->lba + (sp_lba)region->count <= 0)
		return 0;
	return sp_mode_parts(framed ? SP_MODE_MODE1 : region->mode) | sub;
}

static int ccd_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		      struct sp_error *err)
{
	struct ccd_sink *ccd = (struct ccd_sink *)sink;
	const int r = sp_losses_common(losses, sink, disc, err);

	/* what lies before the file is seen in sectors, also when they are only looked at */
	ccd->disc = disc;
	sp_ccd_plan(disc, ccd->part);
	if (disc->medium == SP_MEDIUM_GD && !losses->count[SP_LOSS_SESSIONS]++)
		losses->text[SP_LOSS_SESSIONS] = "the two areas of a GD-ROM";
	for (size_t i = 1; i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i];

		if (t->session == t[-1].session || t->index[0] != SP_LBA_NONE ||
		    disc->session[t->session - 1].number != t->session ||
		    disc->session[t->session - 2].lead_out >= t->start)
			continue;
		if (!losses->count[SP_LOSS_INDEX]++)
			losses->text[SP_LOSS_INDEX] = "a session that begins without a pregap";
	}
	return r;
}

static int ccd_check(const struct ccd_sink *ccd, const struct sp_disc *disc, struct sp_error *err)
{
	if (disc->medium == SP_MEDIUM_BLOCK || !disc->tracks || !disc->sessions)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a sheet describes a CD; this is a block image", ccd->io->name);
	for (size_t i = 0; i < disc->sessions; i++)
		if (disc->session[i].number != i + 1)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: session %u stands where a sheet has session %zu",
				       ccd->io->name, disc->session[i].number, i + 1);
	return 0;
}

/* A file beside the sheet, owned by the map. */
static int ccd_open_file(struct ccd_sink *ccd, const char *extension, struct sp_io **out,
			 struct sp_error *err)
{
	const char *slash = strrchr(ccd->io->name, '/');
	const char *base = slash ? slash + 1 : ccd->io->name, *dot = strrchr(base, '.');
	char *name =
		sp_format_text("%.*s%s", dot && dot > base ? (int)(dot - base) : (int)strlen(base),
			       base, extension);
	int r = name ? sp_io_sibling(ccd->io, name, out, err) : sp_fail_memory(err);

	free(name);
	if (!r && (r = sp_extents_own(&ccd->map, *out, err)) < 0)
		sp_io_close(*out);
	return r;
}

static int ccd_lay_out(struct ccd_sink *ccd, struct sp_io *img, struct sp_io *sub,
		       struct sp_error *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < ccd->disc->regions; i++) {
		const struct sp_region *region = &ccd->disc->region[i];
		const struct sp_ccd_part *part = &ccd->part[region->session];
		const unsigned parts = ccd_wants(&ccd->sink, region);
		const sp_lba end = region->lba + (sp_lba)region->count;
		const sp_lba from = region->lba < part->base ? part->base : region->lba;

		if (!parts || from >= end)
			continue;
		struct sp_extent e = {.lba = from,
				      .count = (uint64_t)(end - from),
				      .io = img,
				      .offset = sp_ccd_at(part, from) * SP_RAW_SIZE,
				      .stride = SP_RAW_SIZE,
				      .mode = region->mode,
				      .parts = parts & SP_PART_MAIN};
		r = sp_extents_add(&ccd->map, &e, false, false, err);
		if (r < 0 || !sub)
			continue;
		e.io = sub;
		e.offset = sp_ccd_at(part, from) * SP_SUB_SIZE;
		e.stride = SP_SUB_SIZE;
		e.parts = SP_PART_PW;
		e.encoding = SP_ENC_SUB_LINEAR;
		r = sp_extents_add(&ccd->map, &e, true, false, err);
	}
	return r;
}

static int ccd_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct ccd_sink *ccd = (struct ccd_sink *)sink;
	struct sp_io *img = NULL, *sub = NULL;
	int r = ccd_check(ccd, disc, err);

	(void)source;
	ccd->disc = disc;
	if (!r) {
		sp_ccd_plan(disc, ccd->part);
		r = ccd_open_file(ccd, ".img", &img, err);
	}
	if (!r && ccd->sub)
		r = ccd_open_file(ccd, ".sub", &sub, err);
	return r < 0 ? r : ccd_lay_out(ccd, img, sub, err);
}

/* Sectors before their session's place in the .img have none; silence there is no loss. */
static int ccd_drop(struct ccd_sink *ccd, const struct sp_span *span, sp_lba base,
		    struct sp_error *err)
{
	struct sp_span early = *span;

	if (span->lba >= base || !ccd->sink.losses)
		return 0;
	if (span->lba + (sp_lba)span->count > base)
		early.count = (uint32_t)(base - span->lba);
	uint8_t *scratch = malloc(early.count * early.stride);
	if (!scratch)
		return sp_fail_memory(err);
	const int r = sp_losses_silence(ccd->sink.losses, &early, scratch, err);
	free(scratch);
	return r;
}

/* A sector of XA that was not stored comes as zeros, sync and all: it gets the framing of an empty
 * form 1 sector. */
static int ccd_frame(const struct sp_span *span, uint8_t *data, struct sp_error *err)
{
	static const uint8_t user[2048];

	for (uint32_t i = 0; i < span->count; i++) {
		uint8_t *sector = data + i * span->stride;

		if (!(span->state[i] & SP_STATE_GENERATED) || sector[1])
			continue;
		const int r = sp_sector_convert(NULL, SP_MODE_XA_FORM1, SP_PART_USER, SP_PART_MAIN,
						span->lba + i, 1, user, sector, NULL, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int ccd_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct ccd_sink *ccd = (struct ccd_sink *)sink;
	const struct sp_region *region = sp_disc_region(ccd->disc, span->lba);
	int r = ccd_drop(ccd, span, ccd->part[region->session].base, err);

	if (r < 0 || sink->dry)
		return r;
	if (region->stored || span->mode != SP_MODE_XA)
		return sp_extents_write(&ccd->map, span, err);
	struct sp_span framed = *span;
	framed.data = malloc(span->count * span->stride);
	if (!framed.data)
		return sp_fail_memory(err);
	memcpy(framed.data, span->data, span->count * span->stride);
	r = ccd_frame(span, framed.data, err);
	if (!r)
		r = sp_extents_write(&ccd->map, &framed, err);
	free(framed.data);
	return r;
}

static int ccd_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct ccd_sink *ccd = (struct ccd_sink *)sink;
	size_t size = 0, text_size = 0;
	uint8_t *packs = NULL;
	char *text = NULL;
	int r = sp_cdtext_packs(disc, SP_CDTEXT_WHOLE, &packs, &size, NULL, err);

	if (!r)
		r = sp_ccd_print(disc, ccd->part, packs, size, &text, &text_size, err);
	if (!r)
		r = sp_io_write(ccd->io, 0, text, text_size, err);
	free(text);
	free(packs);
	return r;
}

static void ccd_close(struct sp_sink *sink)
{
	struct ccd_sink *ccd = (struct ccd_sink *)sink;

	sp_extents_clear(&ccd->map);
	sp_io_close(ccd->io);
	free(ccd);
}

/* -O sub=…; -1: neither of the two. */
static int ccd_sub(const struct sp_options *options)
{
	const char *sub = sp_options_get(options, "sub");

	if (!sub || !strcmp(sub, "file"))
		return 1;
	return strcmp(sub, "none") ? -1 : 0;
}

unsigned sp_ccd_carries(const struct sp_options *options)
{
	const unsigned carries = SP_CARRY_ALL & ~SP_CARRY(SP_LOSS_TOC);

	return ccd_sub(options) ? carries : carries & ~SP_CARRY(SP_LOSS_SUBCHANNEL);
}

int sp_ccd_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = ccd_wants,
					       .begin = ccd_begin,
					       .write = ccd_write,
					       .finish = ccd_finish,
					       .close = ccd_close,
					       .losses = ccd_losses};
	const int sub = ccd_sub(options);

	if (sub < 0)
		return sp_fail(err, SP_ERR_USAGE, "ccd has no sub=%s",
			       sp_options_get(options, "sub"));
	struct ccd_sink *ccd = calloc(1, sizeof(*ccd));
	if (!ccd)
		return sp_fail_memory(err);
	ccd->sink = (struct sp_sink){.ops = &ops,
				     .flags = SP_SINK_PACKS | SP_SINK_FORWARDS | SP_SINK_PLAIN,
				     .carries = sp_ccd_carries(options),
				     .msf_end = SP_LBA_MSF_END};
	ccd->io = io;
	ccd->sub = sub;
	*out = &ccd->sink;
	return 0;
}
