/* SPDX-License-Identifier: GPL-3.0-or-later */
/* raw: sectors of a CD one after another, without a sheet; what they are is found by content. */
#include "formats/raw.h"

#include "disc/partition.h"
#include "disc/sector.h"
#include "formats/formats.h"
#include "stream/extents.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool raw_named(const char *path)
{
	const char *dot = path ? strrchr(path, '.') : NULL;

	return dot && !strcasecmp(dot, ".raw");
}

/* Audio alone has no mark: samples must sound like some, or the name must say it. */
static int raw_probe_audio(struct sp_raw_file *file)
{
	const uint64_t sectors = file->size / SP_RAW_SIZE;

	if (!sectors || file->size % SP_RAW_SIZE)
		return 0;
	if (sectors >= SP_RAW_TRACK_LEAST && sp_raw_is_pcm(file, sectors))
		return 20;
	return file->io && raw_named(file->io->name) ? 5 : 0;
}

static int raw_probe(const struct sp_probe *probe)
{
	struct sp_raw_shape shape = {.mode = SP_RAW_EACH};
	struct sp_raw_file file = {.io = probe->io,
				   .head = probe->head,
				   .head_size = probe->head_size,
				   .size = probe->size};

	/* an .iso, not worth a look */
	if (sp_filesystem_optical(sp_filesystem_find(probe->head, probe->head_size)))
		return 0;
	sp_raw_find(&shape, &file);
	return shape.score ? (int)shape.score : raw_probe_audio(&file);
}

/* A file being opened. */
struct raw_open {
	struct sp_io *io;
	const struct sp_notes *notes;
	struct sp_raw_shape shape;
	struct sp_raw_file file;
	struct sp_raw_runs runs;
	uint64_t sectors, over; /* over: bytes of a last sector cut short */
	bool placed;            /* the caller says where it begins */
	struct sp_disc *disc;
	struct sp_extents map;
};

static bool raw_number(const char *text, long least, long most, long *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	return *text && !*end && *value >= least && *value <= most;
}

static int raw_option_stride(struct sp_raw_shape *shape, const char *value, struct sp_error *err)
{
	static const uint32_t mains[] = {2352, 2336, 2332, 2048},
			      subs[] = {0, SP_Q_SIZE, SP_SUB_SIZE};
	long size;

	if (!raw_number(value, 2048, 2448, &size))
		size = 0;
	for (size_t i = 0; i < 12; i++) {
		const uint32_t main = mains[i / 3], sub = subs[i % 3];

		if ((long)(main + sub) != size)
			continue;
		shape->main = main;
		shape->sub = sub;
		return 0;
	}
	return sp_fail(err, SP_ERR_USAGE,
		       "-O stride=%s: sizes are 2352, 2336, 2332 and 2048, or each of them + 16 or "
		       "+ 96",
		       value);
}

/* What is told need not be found. */
static int raw_options(struct raw_open *o, const struct sp_options *options, struct sp_error *err)
{
	static const struct {
		const char *name;
		unsigned mode;
	} modes[] = {{"audio", SP_MODE_AUDIO},
		     {"mode1", SP_MODE_MODE1},
		     {"mode2", SP_MODE_MODE2},
		     {"xa", SP_MODE_XA}};
	const char *stride = sp_options_get(options, "stride");
	const char *mode = sp_options_get(options, "mode");
	const char *start = sp_options_get(options, "start");
	long lba = 0;
	size_t i = 0;

	o->shape.mode = SP_RAW_EACH;
	if (mode) {
		while (i < 4 && strcmp(modes[i].name, mode) != 0)
			i++;
		if (i == 4)
			return sp_fail(err, SP_ERR_USAGE,
				       "-O mode=%s: the values are audio, mode1, mode2, xa", mode);
		o->shape.mode = modes[i].mode;
	}
	if (start && !raw_number(start, -SP_MSF_OFFSET, SP_LBA_MSF_END - 1, &lba))
		return sp_fail(err, SP_ERR_USAGE, "-O start=%s: an LBA from -150 to 449849", start);
	o->placed = start;
	o->shape.base = lba;
	return stride ? raw_option_stride(&o->shape, stride, err) : 0;
}

/* Parts of a stored sector, 0: such a mode has no sectors of that size. */
static unsigned raw_parts(const struct sp_raw_shape *shape, unsigned mode)
{
	const unsigned sub = shape->sub == SP_SUB_SIZE ? SP_PART_PW : shape->sub ? SP_PART_Q : 0;

	switch (shape->main) {
	case SP_RAW_SIZE:
		return sp_mode_parts(mode) | sub;
	case 2048:
		return mode == SP_MODE_MODE1 ? SP_PART_USER | sub : 0;
	default:
		if (mode == SP_MODE_XA)
			return SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC | sub;
		return mode == SP_MODE_MODE2 && shape->main == 2336 ? SP_PART_USER | sub : 0;
	}
}

/* There is no evidence: what was told decides, and without a word whole sectors are audio, as raw
 * was asked for. */
static int raw_assume(struct raw_open *o, struct sp_error *err)
{
	struct sp_raw_shape *shape = &o->shape;
	const bool audio = shape->mode == SP_MODE_AUDIO ||
			   (shape->mode == SP_RAW_EACH && o->io->size % SP_RAW_SIZE == 0);

	if (!shape->main && !audio)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: no sync pattern, volume or sub-channel tells what its sectors "
			       "are; say it with -O stride= and -O mode=",
			       o->io->name);
	if (!shape->main)
		shape->main = SP_RAW_SIZE;
	if (shape->mode == SP_RAW_EACH)
		shape->mode = shape->main == SP_RAW_SIZE ? SP_MODE_AUDIO
			      : shape->main == 2048      ? SP_MODE_MODE1
							 : SP_MODE_XA;
	if (shape->main + shape->sub == SP_RAW_SIZE && shape->mode == SP_MODE_AUDIO &&
	    sp_raw_is_pcm(&o->file, o->io->size / SP_RAW_SIZE))
		shape->what = "what looks like samples";
	return o->file.status;
}

static int raw_shape(struct raw_open *o, const struct sp_options *options, struct sp_error *err)
{
	struct sp_raw_shape *shape = &o->shape;
	const char *pw = sp_options_get(options, "pw");
	const sp_lba told = shape->base;

	sp_raw_find(shape, &o->file);
	if (o->file.status)
		return o->file.status;
	const int r = shape->score ? 0 : raw_assume(o, err);
	if (r < 0)
		return r;
	if (pw && !shape->ordered && shape->sub == SP_SUB_SIZE)
		shape->linear = !strcmp(pw, "linear");
	if (o->placed || !shape->placed)
		shape->base = told;
	shape->placed = shape->placed || o->placed;
	if (shape->mode != SP_RAW_EACH && !raw_parts(shape, shape->mode))
		return sp_fail(err, SP_ERR_USAGE, "%s: sectors of %u bytes cannot be %s",
			       o->io->name, shape->main + shape->sub, sp_mode_name(shape->mode));
	return 0;
}

static void raw_tell(const struct raw_open *o)
{
	const struct sp_raw_shape *s = &o->shape;
	const char *name = o->io->name;
	struct sp_msf msf = {0};

	sp_lba_to_msf(s->base, &msf);
	sp_note(o->notes,
		"%s: no sheet: by %s, %llu%s sector%s of %u%s%s bytes from %02u:%02u:%02u on", name,
		s->what ? s->what : "its size and what was asked for",
		(unsigned long long)o->sectors, s->scrambled ? " scrambled" : "",
		o->sectors == 1 ? "" : "s", s->main,
		s->sub == SP_SUB_SIZE ? s->linear ? " + 96 (linear)" : " + 96 (interleaved)" : "",
		s->sub == SP_Q_SIZE ? " + 16" : "", msf.m, msf.s, msf.f);
	if (!s->placed)
		sp_note(o->notes,
			"%s: nothing tells where it begins; taken for LBA 0 (see -O start=)", name);
	if (s->sub && !s->ordered)
		sp_note(o->notes, "%s: no Q has a good CRC: its sub-channel is kept as it is",
			name);
	for (size_t i = 1; i < o->runs.runs; i++)
		sp_note(o->notes,
			"%s: from LBA %lld on its sectors are %s: track %zu (pregaps are not "
			"told apart)",
			name, (long long)(s->base + (sp_lba)o->runs.run[i].first),
			sp_mode_name(o->runs.run[i].mode), i + 1);
	if (o->runs.odd)
		sp_note(o->notes,
			"%s: about %llu sectors in runs of less than 4 seconds are of another kind "
			"than the track they were left in",
			name, (unsigned long long)o->runs.odd);
	if (o->runs.away)
		sp_note(o->notes,
			"%s: of %llu sectors looked at %llu have a header of another place", name,
			(unsigned long long)o->runs.seen, (unsigned long long)o->runs.away);
	if (o->over)
		sp_note(o->notes,
			"%s: ends inside sector %llu: %llu bytes missing, filled with zeros", name,
			(unsigned long long)(o->sectors - 1),
			(unsigned long long)(s->main + s->sub - o->over));
}

static int raw_region(struct raw_open *o, unsigned kind, sp_lba lba, sp_lba end, unsigned mode,
		      bool stored, struct sp_error *err)
{
	const struct sp_raw_shape *s = &o->shape;
	const unsigned parts = raw_parts(s, mode);
	const bool bare = !stored && sp_sector_size(mode, SP_PART_USER);
	const struct sp_region region = {.lba = lba,
					 .count = (uint64_t)(end - lba),
					 .session = 1,
					 .track = (unsigned)o->disc->tracks,
					 .kind = kind,
					 .mode = mode,
					 .parts = bare ? SP_PART_USER : parts,
					 .stored = stored};
	const uint64_t first = (uint64_t)(lba - s->base), stride = (uint64_t)s->main + s->sub;
	const bool last = stored && first + region.count == o->sectors;
	const struct sp_extent extent = {
		.lba = lba,
		.count = region.count,
		.io = o->map.io[0],
		.offset = stored ? first * stride : 0,
		.stride = (uint32_t)stride,
		.mode = mode,
		.parts = parts,
		.encoding = (s->scrambled && mode != SP_MODE_AUDIO ? SP_ENC_SCRAMBLED : 0u) |
			    (s->linear ? SP_ENC_SUB_LINEAR : 0u) |
			    (s->sub == SP_Q_SIZE ? SP_ENC_SUB_PQ16 : 0u) |
			    (last && o->over ? SP_ENC_PADDED : 0u)};

	if (lba == end)
		return 0;
	if (!sp_disc_add_region(o->disc, &region))
		return sp_fail_memory(err);
	return stored ? sp_extents_add(&o->map, &extent, false, true, err) : 0;
}

/* The first track has a pregap up to LBA 0: as much as the file has, and what is missing of the 150
 * sectors every CD begins with. */
static int raw_track(struct raw_open *o, const struct sp_raw_run *run, struct sp_error *err)
{
	struct sp_track *track = sp_disc_add_track(o->disc);
	const sp_lba first = o->shape.base + (sp_lba)run->first, end = first + (sp_lba)run->count;
	const bool lead = !run->first && first <= 0 && end > 0;
	int r = 0;

	if (!track)
		return sp_fail_memory(err);
	track->session = 1;
	track->mode = run->mode;
	track->control = run->mode == SP_MODE_AUDIO ? 0 : SP_CONTROL_DATA;
	track->start = track->index[1] = lead ? 0 : first;
	track->length = (uint64_t)(end - track->start);
	if (lead) {
		track->index[0] = -SP_MSF_OFFSET;
		r = raw_region(o, SP_REGION_PREGAP, -SP_MSF_OFFSET, first, run->mode, false, err);
		if (!r)
			r = raw_region(o, SP_REGION_PREGAP, first, 0, run->mode, true, err);
	}
	return r ? r : raw_region(o, SP_REGION_TRACK, track->start, end, run->mode, true, err);
}

static int raw_layout(struct raw_open *o, struct sp_error *err)
{
	struct sp_session *session = sp_disc_add_session(o->disc);
	int r = session ? 0 : sp_fail_memory(err);

	if (r < 0)
		return r;
	session->lead_out = o->shape.base + (sp_lba)o->sectors;
	for (size_t i = 0; !r && i < o->runs.runs; i++) {
		if (o->runs.run[i].mode == SP_MODE_XA)
			session->type = SP_SESSION_XA;
		r = raw_track(o, &o->runs.run[i], err);
	}
	return r ? r : sp_disc_check(o->disc, err);
}

/* The map's io: the file, or for sectors of 2332 bytes one that has them whole. */
static int raw_own(struct raw_open *o, struct sp_error *err)
{
	struct sp_io *io = o->io;

	if (o->shape.main == 2332) {
		const int r = sp_raw_widen(&io, o->io, o->shape.sub, err);

		if (r < 0)
			return r;
		o->shape.main = 2336;
	}
	const int r = sp_extents_own(&o->map, io, err);
	if (r < 0 && io != o->io)
		free(io); /* the file stays the caller's */
	return r;
}

static int raw_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	struct raw_open o = {.io = io,
			     .notes = sp_options_notes(options),
			     .file = {.io = io, .size = io->size, .err = err}};
	int r = raw_options(&o, options, err);

	if (!r)
		r = raw_shape(&o, options, err);
	if (r < 0)
		return r;
	const uint32_t stride = o.shape.main + o.shape.sub;
	o.over = io->size % stride;
	o.sectors = io->size / stride + (o.over ? 1 : 0);
	if (io->size < stride)
		return sp_fail(err, SP_ERR_FORMAT, "%s: %llu bytes are less than one sector of %u",
			       io->name, (unsigned long long)io->size, stride);
	r = sp_raw_split(&o.runs, &o.shape, &o.file, o.sectors);
	if (!r)
		raw_tell(&o);
	o.disc = sp_disc_new();
	if (!r && !o.disc)
		r = sp_fail_memory(err);
	if (!r)
		r = raw_own(&o, err);
	if (!r)
		r = raw_layout(&o, err);
	if (!r)
		r = sp_extents_source(out, o.disc, &o.map, err);
	free(o.runs.run);
	if (r < 0) {
		if (o.map.ios && o.map.io[0] != io)
			free(o.map.io[0]);
		o.map.ios = 0; /* io stays the caller's */
		sp_extents_clear(&o.map);
		sp_disc_free(o.disc);
	}
	return r;
}

const struct sp_format sp_format_raw = {
	.name = "raw",
	.summary = "raw sectors of a CD without a sheet",
	.extension = (const char *const[]){".raw", NULL},
	.flags = SP_FORMAT_STREAMS,
	.option =
		(const struct sp_format_option[]){
			{"pw", "none|interleaved|linear",
			 "96 bytes of P-W after each sector; reading: their order where Q does not "
			 "tell"},
			{"stride", "SIZE", "reading: bytes from one sector to the next"},
			{"mode", "MODE", "reading: audio, mode1, mode2 or xa for all sectors"},
			{"start", "LBA", "reading: where the file begins"},
			{NULL, NULL, NULL}},
	.carries = sp_raw_carries,
	.probe = raw_probe,
	.open = raw_open,
	.create = sp_raw_create,
};
