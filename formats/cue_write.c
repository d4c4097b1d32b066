/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink of a cue sheet: sectors go to the data files as they come, the sheet is written last. */
#include "formats/cue_write.h"

#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/audio_write.h"
#include "formats/sbi.h"
#include "stream/loss.h"

#include <stdlib.h>
#include <string.h>

enum { CUE_FLAC_LEVEL = 5, CUE_FLAC_LEVEL_MAX = 8 };

struct cue_sink {
	struct sp_sink sink;
	struct sp_io *io;
	struct sp_notes notes;
	struct sp_cue_plan plan;
	struct sp_extents map;
	const struct sp_disc *disc; /* the source's, from begin on */
	bool sub;                   /* there are .sub files */
	struct sp_sbi sbi;          /* with sub=sbi and sub=lsd */
};

static unsigned cue_wants(struct sp_sink *sink, const struct sp_region *region)
{
	return sp_cue_stored(&((struct cue_sink *)sink)->plan, region);
}

/* What the tags of a sound file speak of: a track, or 0. */
static unsigned cue_tagged(const struct cue_sink *cue, const struct sp_cue_out *out)
{
	return cue->plan.per_track || cue->disc->tracks == 1 ? out->track : 0;
}

/* A member of the set, as the map's. */
static int cue_open_member(struct cue_sink *cue, const char *name, const struct sp_cue_out *flac,
			   struct sp_io **out, struct sp_error *err)
{
	struct sp_tags tags;
	struct sp_io *io = NULL, *encoder;
	int r = sp_io_sibling(cue->io, name, &io, err);

	if (!r && flac) {
		sp_tags_collect(&tags, cue->disc, cue_tagged(cue, flac));
		r = sp_flac_writer(&encoder, io, flac->bytes, cue->plan.level, &tags, err);
		if (!r)
			io = encoder;
	}
	if (!r)
		r = sp_extents_own(&cue->map, io, err);
	if (r < 0)
		sp_io_close(io);
	*out = r < 0 ? NULL : io;
	return r;
}

/* Open one file of the plan and, where there is one, that of its sub-channel. */
static int cue_open_out(struct cue_sink *cue, struct sp_cue_out *out, struct sp_io **sub,
			struct sp_error *err)
{
	const bool flac = out->sound && cue->plan.audio == SP_CUE_AUDIO_FLAC;
	int r = cue_open_member(cue, out->name, flac ? out : NULL, &out->io, err);

	*sub = NULL;
	if (r < 0 || !cue->sub)
		return r;
	const char *dot = strrchr(out->name, '.');
	char *name = sp_format_text("%.*s.sub", (int)(dot - out->name), out->name);
	r = name ? cue_open_member(cue, name, NULL, sub, err) : sp_fail_memory(err);
	free(name);
	return r;
}

/* Open the files of the plan and lay the regions out in them. */
static int cue_lay_out(struct cue_sink *cue, struct sp_error *err)
{
	struct sp_io *sub = NULL;

	for (size_t i = 0; i < cue->plan.spots; i++) {
		const struct sp_cue_spot *spot = &cue->plan.spot[i];
		const struct sp_region *region = sp_disc_region(cue->disc, spot->lba);
		struct sp_cue_out *out = &cue->plan.out[spot->file];
		unsigned parts = sp_cue_stored(&cue->plan, region);
		int r = out->io ? 0 : cue_open_out(cue, out, &sub, err);

		if (r < 0)
			return r;
		if (cue->plan.sub != SP_CUE_SUB_CDG)
			parts &= ~(unsigned)SP_PART_PW;
		const bool wave = out->sound && cue->plan.audio == SP_CUE_AUDIO_WAVE;
		const struct sp_extent main = {
			.lba = spot->lba,
			.count = spot->count,
			.io = out->io,
			.offset = spot->offset + (wave ? SP_WAVE_HEAD : 0),
			.stride = (uint32_t)sp_sector_size(region->mode, parts),
			.mode = region->mode,
			.parts = parts,
		};
		const struct sp_extent side = {
			.lba = spot->lba,
			.count = spot->count,
			.io = sub,
			.offset = spot->frame * SP_SUB_SIZE,
			.stride = SP_SUB_SIZE,
			.mode = region->mode,
			.parts = SP_PART_PW,
			.encoding = SP_ENC_SUB_LINEAR,
		};
		r = sp_extents_add(&cue->map, &main, false, false, err);
		if (!r && cue->sub)
			r = sp_extents_add(&cue->map, &side, true, false, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A GD-ROM's areas are told apart by their files. */
static bool cue_per_track(const struct sp_cue_plan *plan, const struct sp_disc *disc)
{
	return plan->per_track || disc->medium == SP_MEDIUM_GD;
}

/* What no sheet can say is known before anything is written, and to a scan too. */
static int cue_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		      struct sp_error *err)
{
	struct cue_sink *cue = (struct cue_sink *)sink;
	struct sp_cue_plan plan = {.name = cue->plan.name,
				   .user = cue->plan.user,
				   .per_track = cue_per_track(&cue->plan, disc),
				   .previous = cue->plan.previous,
				   .titles = cue->plan.titles,
				   .audio = cue->plan.audio,
				   .level = cue->plan.level,
				   .sub = cue->plan.sub};
	char *text = NULL;
	size_t size;

	int r = sp_cue_plan(&plan, disc, err);
	if (!r)
		r = sp_cue_print(&plan, disc, NULL, &text, &size, err);
	free(text);
	sp_cue_plan_clear(&plan);
	cue->disc = disc; /* what a list of Qs cannot say is seen in sectors, in a scan too */
	return r < 0 ? r : sp_losses_common(losses, sink, disc, err);
}

static int cue_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct cue_sink *cue = (struct cue_sink *)sink;

	(void)source;
	sp_sbi_clear(&cue->sbi); /* what a scan found */
	cue->disc = disc;
	if (cue_per_track(&cue->plan, disc) && !cue->plan.per_track)
		sp_note(&cue->notes, "%s: a GD-ROM's areas are told apart with bins=track only",
			cue->io->name);
	cue->plan.per_track = cue_per_track(&cue->plan, disc);
	const int r = sp_cue_plan(&cue->plan, disc, err);
	for (size_t i = 0; i < disc->regions; i++)
		if (cue->plan.sub == SP_CUE_SUB_FILE &&
		    (sp_cue_stored(&cue->plan, &disc->region[i]) & SP_PART_PW))
			cue->sub = true;
	return r < 0 ? r : cue_lay_out(cue, err);
}

/* Sectors before LBA 0 have no place; silence there is no loss. */
static int cue_drop(struct cue_sink *cue, const struct sp_span *span, struct sp_error *err)
{
	struct sp_span early = *span;

	if (span->lba >= 0)
		return 0;
	if (span->lba + (sp_lba)span->count > 0)
		early.count = (uint32_t)-span->lba;
	uint8_t *scratch = malloc(early.count * early.stride);
	if (!scratch)
		return sp_fail_memory(err);
	const int r =
		cue->sink.losses ? sp_losses_silence(cue->sink.losses, &early, scratch, err) : 0;
	free(scratch);
	return r;
}

/* A .sub file has a record for every sector, so those the source has none of are made. */
static int cue_write_with_sub(struct cue_sink *cue, const struct sp_span *span,
			      struct sp_error *err)
{
	struct sp_span whole = *span;

	whole.parts |= SP_PART_PW;
	whole.stride = sp_sector_size(whole.mode, whole.parts);
	whole.data = malloc(whole.count * whole.stride);
	if (!whole.data)
		return sp_fail_memory(err);
	int r = sp_sector_convert(cue->disc, span->mode, span->parts, whole.parts, span->lba,
				  span->count, span->data, whole.data, NULL, NULL, err);
	if (!r)
		r = sp_extents_write(&cue->map, &whole, err);
	free(whole.data);
	return r;
}

static bool cue_lists(const struct sp_cue_plan *plan)
{
	return plan->sub == SP_CUE_SUB_SBI || plan->sub == SP_CUE_SUB_LSD;
}

static unsigned cue_list_kind(const struct sp_cue_plan *plan)
{
	return plan->sub == SP_CUE_SUB_LSD ? SP_LSD : SP_SBI;
}

static int cue_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct cue_sink *cue = (struct cue_sink *)sink;
	int r = cue_drop(cue, span, err);

	if (!r && cue_lists(&cue->plan))
		r = sp_sbi_collect(&cue->sbi, cue_list_kind(&cue->plan), cue->disc, span,
				   sink->losses, err);
	if (r < 0 || sink->dry)
		return r;
	if (cue->sub && !(span->parts & SP_PART_PW))
		return cue_write_with_sub(cue, span, err);
	return sp_extents_write(&cue->map, span, err);
}

/* What the keywords do not say goes to a file of packs beside the sheet. */
static int cue_write_packs(struct cue_sink *cue, const struct sp_disc *disc, char **name,
			   struct sp_error *err)
{
	struct sp_io *io = NULL;
	uint8_t *packs = NULL;
	size_t size = 0;

	*name = NULL;
	int r = sp_cdtext_packs(disc, SP_CDTEXT_BESIDE, &packs, &size, NULL, err);
	if (r < 0 || !size)
		return r;
	*name = sp_cue_name(&cue->plan, ".cdt");
	if (!*name)
		r = sp_fail_memory(err);
	if (!r)
		r = sp_io_sibling(cue->io, *name, &io, err);
	if (!r)
		r = sp_io_write(io, 0, packs, size, err);
	sp_io_close(io);
	free(packs);
	return r;
}

/* Sound files are whole with what frames them, and with what the disc says of them at last. */
static int cue_finish_sound(struct cue_sink *cue, const struct sp_disc *disc, struct sp_error *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < cue->plan.outs; i++) {
		const struct sp_cue_out *out = &cue->plan.out[i];
		struct sp_tags tags;

		if (!out->sound)
			continue;
		sp_tags_collect(&tags, disc, cue_tagged(cue, out));
		r = cue->plan.audio == SP_CUE_AUDIO_FLAC ? sp_flac_finish(out->io, &tags, err)
							 : sp_wave_finish(out->io, &tags, err);
	}
	return r;
}

static int cue_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct cue_sink *cue = (struct cue_sink *)sink;
	char *text = NULL, *packs = NULL;
	size_t size;
	int r = cue_finish_sound(cue, disc, err);

	if (!r)
		r = cue_write_packs(cue, disc, &packs, err);
	if (!r)
		r = sp_sbi_write(&cue->sbi, cue_list_kind(&cue->plan), cue->io, err);
	if (!r)
		r = sp_cue_print(&cue->plan, disc, packs, &text, &size, err);
	if (!r)
		r = sp_io_write(cue->io, 0, text, size, err);
	free(text);
	free(packs);
	return r;
}

static void cue_close(struct sp_sink *sink)
{
	struct cue_sink *cue = (struct cue_sink *)sink;

	sp_extents_clear(&cue->map);
	sp_cue_plan_clear(&cue->plan);
	sp_sbi_clear(&cue->sbi);
	sp_io_close(cue->io);
	free(cue);
}

/* Which of `values` an option has: the first when it is not given, -1: none of them. */
static int cue_choice(const struct sp_options *options, const char *key, const char *const *values)
{
	const char *value = sp_options_get(options, key);

	for (int i = 0; value && values[i]; i++)
		if (!strcmp(values[i], value))
			return i;
	return value ? -1 : 0;
}

static int cue_choose(struct sp_cue_plan *plan, const struct sp_options *options,
		      struct sp_error *err)
{
	static const struct {
		const char *key, *values[6];
	} option[] = {
		{"sector", {"2352", "2048"}},      {"bins", {"one", "track"}},
		{"gaps", {"own", "previous"}},     {"sub", {"file", "none", "cdg", "sbi", "lsd"}},
		{"audio", {"raw", "wav", "flac"}}, {"names", {"sheet", "title"}}};
	const char *level = sp_options_get(options, "level");
	int choice[6];

	for (size_t i = 0; i < 6; i++) {
		choice[i] = cue_choice(options, option[i].key, option[i].values);
		if (choice[i] < 0)
			return sp_fail(err, SP_ERR_USAGE, "cue has no %s=%s", option[i].key,
				       sp_options_get(options, option[i].key));
	}
	plan->user = choice[0] == 1;
	plan->per_track = choice[1] == 1;
	plan->previous = choice[2] == 1;
	plan->sub = (unsigned)choice[3];
	plan->audio = (unsigned)choice[4];
	plan->titles = choice[5] == 1;
	plan->level = level ? (unsigned)(level[0] - '0') : CUE_FLAC_LEVEL;
	if (plan->level > CUE_FLAC_LEVEL_MAX || (level && level[1]))
		return sp_fail(err, SP_ERR_USAGE, "-O level=%s: the levels are 0 to %d", level,
			       CUE_FLAC_LEVEL_MAX);
	if (plan->audio && plan->sub == SP_CUE_SUB_CDG)
		return sp_fail(
			err, SP_ERR_USAGE,
			"sub=cdg: sectors with sub-channel are no sound file; take sub=file");
	return 0;
}

unsigned sp_cue_carries(const struct sp_options *options)
{
	const char *sub = sp_options_get(options, "sub");
	unsigned carries = SP_CARRY_ALL & ~SP_CARRY(SP_LOSS_TOC);

	if (sub && !strcmp(sub, "none"))
		carries &= ~SP_CARRY(SP_LOSS_SUBCHANNEL);
	return carries;
}

int sp_cue_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = cue_wants,
					       .begin = cue_begin,
					       .write = cue_write,
					       .finish = cue_finish,
					       .close = cue_close,
					       .losses = cue_losses};
	const struct sp_notes *notes = sp_options_notes(options);
	struct cue_sink *cue = calloc(1, sizeof(*cue));

	if (!cue)
		return sp_fail_memory(err);
	const int r = cue_choose(&cue->plan, options, err);
	if (r < 0) {
		free(cue);
		return r;
	}
	cue->sink = (struct sp_sink){.ops = &ops,
				     .flags = SP_SINK_PACKS | SP_SINK_KEYWORDS | SP_SINK_FORWARDS,
				     .carries = sp_cue_carries(options),
				     .msf_end = SP_LBA_MSF_END};
	if (!cue->plan.audio)
		cue->sink.flags |= SP_SINK_PLAIN;
	cue->io = io;
	cue->plan.name = io->name;
	if (notes)
		cue->notes = *notes;
	*out = &cue->sink;
	return 0;
}
