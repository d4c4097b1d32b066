/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source with the sub-channel its layout implies, but for the Q frames that a list beside it has.
 */
#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/sbi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sbi_view {
	struct sp_source source;
	struct sp_source *inner;
	struct sp_sbi sbi;
};

static const struct sp_sbi_frame *sbi_find(const struct sp_sbi *sbi, sp_lba lba)
{
	size_t low = 0, high = sbi->frames;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (sbi->frame[mid].lba < lba)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sbi->frames && sbi->frame[low].lba == lba ? &sbi->frame[low] : NULL;
}

/* The sectors come without sub-channel to the beginning of the span, and are moved to their places
 * from the last to the first. */
static int sbi_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct sbi_view *view = (const struct sbi_view *)src;
	const struct sp_region *region = sp_disc_region(view->inner->disc, span->lba);
	struct sp_span inner = *span;

	if (!region || region->parts == span->parts)
		return sp_source_read(view->inner, span, err);
	inner.parts = region->parts;
	inner.stride = sp_sector_size(inner.mode, inner.parts);
	const int r = sp_source_read(view->inner, &inner, err);
	for (uint32_t i = span->count; !r && i--;) {
		const sp_lba lba = span->lba + i;
		const struct sp_sbi_frame *frame = sbi_find(&view->sbi, lba);
		uint8_t *sector = span->data + i * span->stride, *sub = sector + inner.stride;

		memmove(sector, inner.data + i * inner.stride, inner.stride);
		if (!sp_sub_generate(src->disc, lba, sub))
			memset(sub, 0, SP_SUB_SIZE);
		if (frame)
			sp_sub_set_q(sub, frame->q);
	}
	return r;
}

static int sbi_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	return sp_source_prove(((struct sbi_view *)src)->inner, fn, user, err);
}

static void sbi_close(struct sp_source *src)
{
	struct sbi_view *view = (struct sbi_view *)src;

	sp_source_close(view->inner);
	sp_sbi_clear(&view->sbi);
	sp_disc_free(src->disc);
	free(view);
}

int sp_sbi_view(struct sp_source **out, struct sp_source *src, struct sp_sbi *sbi,
		struct sp_error *err)
{
	static const struct sp_source_ops proving = {
		.read = sbi_read, .prove = sbi_prove, .close = sbi_close};
	static const struct sp_source_ops plain = {.read = sbi_read, .close = sbi_close};
	struct sbi_view *view = calloc(1, sizeof(*view));
	struct sp_disc *disc = view ? sp_disc_copy(src->disc) : NULL;

	if (!disc) {
		free(view);
		return sp_fail_memory(err);
	}
	for (size_t i = 0; i < disc->regions; i++) {
		struct sp_region *region = &disc->region[i];

		if (region->stored && region->kind != SP_REGION_GAP &&
		    !(region->parts & (SP_PART_PW | SP_PART_Q)))
			region->parts |= SP_PART_PW;
	}
	*view = (struct sbi_view){
		.source = {src->ops->prove ? &proving : &plain, disc, src->caps},
		.inner = src,
		.sbi = *sbi,
	};
	*sbi = (struct sp_sbi){0};
	*out = &view->source;
	return 0;
}

/* The first of the two kinds of file; *out NULL: neither is there. */
static int sbi_open(struct sp_io *io, struct sp_io **out, struct sp_error *err)
{
	static const char *const extension[] = {".sbi", ".lsd"};
	const char *slash = strrchr(io->name, '/');
	const char *base = slash ? slash + 1 : io->name, *dot = strrchr(base, '.');
	int r = 0;

	*out = NULL;
	for (size_t i = 0; !*out && !r && i < sizeof(extension) / sizeof(extension[0]); i++) {
		struct sp_error why = {0};
		char *name = sp_format_text("%.*s%s", dot ? (int)(dot - base) : (int)strlen(base),
					    base, extension[i]);

		if (!name)
			return sp_fail_memory(err);
		r = sp_io_sibling(io, name, out, &why);
		free(name);
		if (r == SP_ERR_IO && why.sys_errno == ENOENT)
			r = 0;
		else if (r < 0 && err)
			*err = why;
		if (r < 0 || why.status)
			*out = NULL;
	}
	return r;
}

static int sbi_load(struct sp_sbi *sbi, struct sp_io *file, struct sp_error *err)
{
	if (file->size > SP_SBI_SIZE_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: more than %d Q frames", file->name,
			       SP_SBI_FRAME_MAX);
	uint8_t *data = malloc((size_t)file->size + 1);
	if (!data)
		return sp_fail_memory(err);
	int r = sp_io_read(file, 0, data, (size_t)file->size, err);
	if (!r)
		r = sp_sbi_parse(sbi, file->name, data, (size_t)file->size, err);
	free(data);
	return r;
}

static bool sbi_has_sub(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored && (disc->region[i].parts & (SP_PART_PW | SP_PART_Q)))
			return true;
	return false;
}

/* Frames that no stored sector is for. */
static size_t sbi_strays(const struct sp_sbi *sbi, const struct sp_disc *disc)
{
	size_t strays = 0;

	for (size_t i = 0; i < sbi->frames; i++) {
		const struct sp_region *region = sp_disc_region(disc, sbi->frame[i].lba);

		strays += !region || !region->stored;
	}
	return strays;
}

int sp_sbi_beside(struct sp_source **src, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err)
{
	const char *value = sp_options_get(options, "sbi");
	const struct sp_notes *notes = sp_options_notes(options);
	const bool wanted = value && !strcmp(value, "yes"), sub = sbi_has_sub((*src)->disc);
	struct sp_sbi sbi = {0};
	struct sp_io *file;
	int r = sbi_open(io, &file, err);

	if (r < 0)
		return r;
	if (!file && wanted)
		sp_note(notes, "%s: neither .sbi nor .lsd lies beside it", io->name);
	else if (file && sub)
		sp_note(notes, "%s: not used, as the image has its sub-channel", file->name);
	else if (file && !wanted)
		sp_note(notes, "%s: not used; -O sbi=yes puts its Q frames into the sub-channel",
			file->name);
	if (file && wanted && !sub) {
		r = sbi_load(&sbi, file, err);
		const size_t strays = r < 0 ? 0 : sbi_strays(&sbi, (*src)->disc);
		if (strays)
			sp_note(notes, "%s: %zu of its frames are of no stored sector", file->name,
				strays);
		if (!r)
			r = sp_sbi_view(src, *src, &sbi, err);
	}
	sp_sbi_clear(&sbi);
	sp_io_close(file);
	return r;
}
