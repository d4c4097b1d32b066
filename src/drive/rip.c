/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rip from its beginning to its end: the drive, the rescue, the layout Q shows, the source. */
#include "drive/rip_own.h"

#include "base/bytes.h"
#include "disc/subchannel.h"
#include "drive/mmc.h"
#include "drive/open.h"
#include "stream/runs.h"

#include <stdlib.h>
#include <string.h>

enum {
	RIP_CLUSTER = 64,   /* sectors of a read at most */
	RIP_DVD_BLOCK = 16, /* sectors of an ECC block */
	RIP_BD_BLOCK = 32,
	RIP_BEFORE =
		750, /* sectors before the first track asked for in which its pregap may begin */
};

const struct sp_disc *sp_rip_disc(const struct sp_rip *rip)
{
	return rip->disc ? rip->disc : rip->toc;
}

const struct sp_rip_report *sp_rip_report(const struct sp_rip *rip)
{
	return &rip->report;
}

/* --- begin --------------------------------------------------------------------------------- */

static int rip_tracks(const struct sp_rip *rip, struct sp_error *err)
{
	const struct sp_rip_setup *s = &rip->setup;

	if (s->first && (s->first > s->last || !sp_disc_track(rip->toc, s->first) ||
			 !sp_disc_track(rip->toc, s->last)))
		return sp_fail(err, SP_ERR_USAGE, "%s: the disc has tracks %u to %u", rip->drive,
			       rip->toc->track[0].number,
			       rip->toc->track[rip->toc->tracks - 1].number);
	return 0;
}

static int rip_probe(struct sp_rip *rip, struct sp_error *err)
{
	const bool cd = rip->toc->medium == SP_MEDIUM_CD;
	int rc = cd ? sp_reader_probe(rip->reader, err) : 0;

	if (rip->setup.times)
		rip->setup.speed = (unsigned)(rip->setup.speed * sp_mmc_once(rip->toc->medium));

	if (!rc && cd)
		rc = sp_reader_set_offset(rip->reader, rip->setup.offset, err);
	if (!rc && rip->setup.speed)
		rc = sp_reader_set_speed(rip->reader, rip->setup.speed, err);
	if (rc < 0)
		return rc;
	rip->speed_now = rip->setup.speed;
	rip->report.able = *sp_reader_abilities(rip->reader);
	rip->report.drive = *sp_reader_identity(rip->reader);
	rip->report.disc_identity = rip->identity;
	rip->report.offset = rip->setup.offset;
	const struct sp_drive_abilities *able = &rip->report.able;
	rip->sub = cd && (able->sub == SP_SUB_RAW || able->sub == SP_SUB_Q);
	rip->c2 = cd && (able->c2 == SP_C2_294 || able->c2 == SP_C2_296) &&
		  !(rip->sub && able->order == SP_ORDER_SUB_ONLY);
	return 0;
}

static void rip_room_clear(struct rip_room *room)
{
	free(room->raw);
	free(room->record);
	free(room->state);
	*room = (struct rip_room){0};
}

static int rip_room_make(struct rip_room *room, uint32_t cluster, struct sp_error *err)
{
	rip_room_clear(room);
	room->raw = malloc((size_t)2 * cluster * RIP_RECORD);
	room->record = malloc((size_t)cluster * RIP_RECORD);
	room->state = malloc((size_t)2 * cluster * sizeof(room->state[0]));
	return room->raw && room->record && room->state ? 0 : sp_fail_memory(err);
}

static int rip_rooms(struct sp_rip *rip, struct sp_error *err)
{
	const bool cd = rip->toc->medium == SP_MEDIUM_CD;
	const unsigned parts =
		cd ? SP_PART_MAIN | (rip->c2 ? SP_PART_C2 : 0u) | (rip->sub ? SP_PART_PW : 0u)
		   : (unsigned)SP_PART_USER;
	uint32_t most = sp_reader_max_count(rip->reader, parts);

	rip->align = cd ? 1 : rip->toc->medium == SP_MEDIUM_DVD ? RIP_DVD_BLOCK : RIP_BD_BLOCK;
	most = most < RIP_CLUSTER ? most : RIP_CLUSTER;
	if (most < rip->align)
		rip->align = 1;
	rip->cluster = most - most % rip->align;
	return rip_room_make(&rip->room, rip->cluster, err);
}

int rip_open_on(struct sp_rip **out, struct sp_reader *reader, const struct sp_rip_setup *setup,
		struct sp_error *err)
{
	struct sp_rip *rip = calloc(1, sizeof(*rip));

	if (!rip)
		return sp_fail_memory(err);
	rip->setup = *setup;
	if (setup->notes)
		rip->notes = *setup->notes;
	rip->drive = strdup(sp_reader_name(reader));
	rip->reader = reader;
	int rc = rip->drive ? sp_reader_load(rip->reader, err) : sp_fail_memory(err);
	if (!rc) {
		rip->toc = sp_disc_copy(sp_reader_disc(rip->reader));
		rip->identity = strdup(sp_reader_disc_identity(rip->reader));
		if (!rip->toc || !rip->identity)
			rc = sp_fail_memory(err);
	}
	if (!rc)
		rc = rip_tracks(rip, err);
	if (!rc)
		rc = rip_probe(rip, err);
	if (!rc)
		rc = rip_rooms(rip, err);
	if (rc < 0) {
		rip->reader = NULL;
		sp_rip_close(rip);
	} else {
		*out = rip;
	}
	return rc;
}

int sp_rip_open(struct sp_rip **out, const struct sp_rip_setup *setup, struct sp_error *err)
{
	struct sp_reader *reader;
	int rc = sp_drive_open_reader(&reader, setup->drive, setup->notes, err);

	if (rc < 0)
		return rc;
	rc = rip_open_on(out, reader, setup, err);
	if (rc < 0)
		sp_reader_close(reader);
	return rc;
}

void sp_rip_close(struct sp_rip *rip)
{
	if (!rip)
		return;
	rip_writer_clear(&rip->writer);
	rip_follow_clear(&rip->follow);
	sp_store_close(rip->store);
	sp_rescue_free(rip->rescue);
	sp_qlayout_free(rip->ql);
	sp_reader_close(rip->reader);
	sp_disc_free(rip->toc);
	sp_disc_free(rip->disc);
	sp_runs_free(&rip->report.runs);
	free(rip->state);
	rip_room_clear(&rip->room);
	free(rip->identity);
	free(rip->drive);
	free(rip->folder);
	free(rip);
}

int sp_rip_set_offset(struct sp_rip *rip, int samples, struct sp_error *err)
{
	if (rip->rescue)
		return sp_fail(err, SP_ERR_USAGE, "%s: is being read already", rip->drive);
	rip->setup.offset = rip->report.offset = samples;
	const int rc = rip->toc->medium == SP_MEDIUM_CD
			       ? sp_reader_set_offset(rip->reader, samples, err)
			       : 0;
	if (rc < 0)
		return rc;
	/* neighbours that are read along take room in a command */
	return rip_rooms(rip, err);
}

int sp_rip_eject(struct sp_rip *rip, struct sp_error *err)
{
	return sp_reader_eject(rip->reader, err);
}

/* --- a name -------------------------------------------------------------------------------- */

/* The drive as a source of single sectors, to look at the volume descriptors. */
struct rip_peek {
	struct sp_source source;
	struct sp_rip *rip;
};

static int rip_peek_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct sp_rip *rip = ((struct rip_peek *)src)->rip;
	const bool cd = rip->toc->medium == SP_MEDIUM_CD;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < span->count; i++) {
		struct sp_read read = {.lba = span->lba + i,
				       .count = 1,
				       .parts = cd ? SP_PART_MAIN : SP_PART_USER,
				       .mode = SP_MODES,
				       .data = rip->room.raw,
				       .state = &span->state[i]};

		rc = rip_attempt(rip, &read, err);
		memcpy(span->data + i * span->stride, rip->room.raw, span->stride);
	}
	return rc;
}

static void rip_peek_close(struct sp_source *src)
{
	(void)src;
}

/* A file's name out of a title: what a path or a person would stumble over becomes one '_'. */
static void rip_clean(char *name)
{
	static const char bad[] = "/\\:*?\"<>|";
	size_t n = 0;

	for (const char *p = name; *p; p++) {
		const unsigned char c = (unsigned char)*p;
		const bool odd = c < 0x20 || c == 0x7f || strchr(bad, *p);

		if (odd && n && name[n - 1] == '_')
			continue;
		if (!n && (odd || c == ' ' || c == '.' || c == '-'))
			continue;
		name[n++] = odd ? '_' : *p;
	}
	while (n && (name[n - 1] == ' ' || name[n - 1] == '.' || name[n - 1] == '_'))
		n--;
	name[n] = '\0';
}

static void rip_cut(char *to, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size) /* not within a letter of UTF-8 */
		for (n = size - 1; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	memcpy(to, text, n);
	to[n] = '\0';
	rip_clean(to);
}

int sp_rip_name(struct sp_rip *rip, char *name, size_t size, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = rip_peek_read, .close = rip_peek_close};
	struct rip_peek peek = {{&ops, rip->toc, 0}, rip};
	const char *title = sp_disc_text(rip->toc, 0, SP_TEXT_TITLE);
	struct sp_volume volume = {0};
	int rc = 0;

	name[0] = '\0';
	if (title)
		rip_cut(name, size, title);
	for (size_t i = 0; !rc && !name[0] && i < rip->toc->tracks; i++) {
		const struct sp_track *t = &rip->toc->track[i];

		if (t->mode == SP_MODE_AUDIO)
			continue;
		rc = sp_volume_find(&volume, &peek.source, t->start, t->length, err);
		if (!rc)
			rip_cut(name, size, volume.id);
	}
	return rc;
}

/* --- the run ------------------------------------------------------------------------------- */

/* What is asked for: all that is stored, or what of it lies in the tracks. */
static int rip_areas(struct sp_rip *rip, struct sp_rescue_setup *setup, struct sp_rescue_area *area,
		     struct sp_error *err)
{
	const struct sp_disc *toc = rip->toc;
	sp_lba from = INT64_MIN, to = INT64_MAX;

	if (rip->setup.first) {
		const struct sp_track *first = sp_disc_track(toc, rip->setup.first);
		const struct sp_track *last = sp_disc_track(toc, rip->setup.last);

		from = first == toc->track ? first->index[0] : first->start - RIP_BEFORE;
		if (first > toc->track && from < first[-1].start)
			from = first[-1].start;
		to = last->start + (sp_lba)last->length;
	}
	for (size_t i = 0; i < toc->regions; i++) {
		const struct sp_region *r = &toc->region[i];
		const sp_lba low = r->lba > from ? r->lba : from;
		const sp_lba end = r->lba + (sp_lba)r->count, high = end < to ? end : to;

		if (r->stored && low < high)
			area[setup->areas++] = (struct sp_rescue_area){low, (uint64_t)(high - low)};
	}
	setup->area = area;
	return setup->areas
		       ? 0
		       : sp_fail(err, SP_ERR_DEVICE, "%s: the disc has no sectors", rip->drive);
}

static int rip_prepare(struct sp_rip *rip, struct sp_error *err)
{
	struct sp_rescue_setup setup = {.cluster = rip->cluster,
					.align = rip->align,
					.retries = rip->setup.retries,
					.attempt = rip_try,
					.user = rip};
	struct sp_rescue_area *area = calloc(rip->toc->regions, sizeof(*area));
	const struct sp_region *last = &rip->toc->region[rip->toc->regions - 1];
	int rc = area ? rip_areas(rip, &setup, area, err) : sp_fail_memory(err);

	if (!rc)
		rc = sp_rescue_new(&rip->rescue, &setup, err);
	free(area);
	rip->origin = rip->toc->region[0].lba;
	rip->count = (uint64_t)(last->lba - rip->origin) + last->count;
	rip->stride = 2048;
	if (!rc && rip->toc->medium == SP_MEDIUM_CD) {
		rip->stride = SP_RAW_SIZE + (rip->sub ? SP_SUB_SIZE : 0u);
		rc = sp_qlayout_new(&rip->ql, rip->toc, err);
		rip->state = rc ? NULL : calloc((size_t)rip->count, sizeof(rip->state[0]));
		if (!rc && !rip->state)
			rc = sp_fail_memory(err);
	}
	return rc;
}

static const char *rip_code(void *user, unsigned track)
{
	struct sp_rip *rip = user;
	static const char none[] = "";
	char *text = (char *)rip->room.raw; /* free by now */

	return sp_mmc_code(sp_reader_transport(rip->reader), track, text, NULL) < 0 ? none : text;
}

/* With an offset, audio was put in its place where the TOC has audio. What turned out to be audio
 * in a data track's end is read again so. */
static int rip_shift(struct sp_rip *rip, struct sp_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < rip->disc->regions && rip->setup.offset; i++) {
		const struct sp_region *r = &rip->disc->region[i];
		const struct sp_region *was = sp_disc_region(rip->toc, r->lba);

		if (!r->stored || r->mode != SP_MODE_AUDIO || was->mode == SP_MODE_AUDIO)
			continue;
		for (uint64_t n = 0; !rc && n < r->count; n++) {
			struct sp_read read = {.lba = r->lba + (sp_lba)n,
					       .count = 1,
					       .parts = SP_PART_MAIN | (rip->sub ? SP_PART_PW : 0u),
					       .mode = SP_MODE_AUDIO,
					       .data = rip->room.raw,
					       .state = rip->room.state};

			if (sp_rescue_status(rip->rescue, read.lba) == SP_RESCUE_ABSENT)
				continue;
			rc = rip_attempt(rip, &read, err);
			if (!rc && read.good)
				rc = rip_put(rip, read.lba, 1, rip->room.raw, read.state, err);
			rip->report.padded += read.padded;
		}
	}
	return rc;
}

/* With an offset a bad sector of the disc is a part of two of ours: what the drive gives of these
 * is kept, though they stay sectors that could not be read. */
static int rip_keep_parts(struct sp_rip *rip, struct sp_error *err)
{
	unsigned kept = 0;
	int rc = 0;

	for (uint64_t i = 0; !rc && rip->ql && rip->setup.offset && i < rip->count; i++) {
		struct sp_read read = {.lba = rip->origin + (sp_lba)i,
				       .count = 1,
				       .parts = SP_PART_MAIN | (rip->sub ? SP_PART_PW : 0u),
				       .mode = SP_MODE_AUDIO,
				       .flags = SP_READ_PARTIAL,
				       .data = rip->room.raw,
				       .state = rip->room.state};
		const struct sp_region *region = sp_disc_region(rip->toc, read.lba);

		if (sp_rescue_status(rip->rescue, read.lba) != SP_RESCUE_BAD || !region ||
		    region->mode != SP_MODE_AUDIO)
			continue;
		memset(rip->room.raw, 0, RIP_RECORD);
		rc = rip_attempt(rip, &read, err);
		bool any = false;
		for (unsigned k = 0; k < SP_RAW_SIZE; k++)
			any |= rip->room.raw[k] != 0;
		if (rc || !(read.state[0] & SP_STATE_UNREAD) || !any)
			continue;
		rc = rip_put(rip, read.lba, 1, rip->room.raw, read.state, err);
		kept++;
	}
	if (kept)
		sp_note(&rip->notes,
			"%u sectors that could not be read for a neighbour's sake, the drive "
			"having an "
			"offset, have the samples that could",
			kept);
	return rc;
}

static int rip_note_run(struct sp_rip *rip, sp_lba lba, unsigned what, struct sp_error *err)
{
	const struct sp_run sector = {.lba = lba, .count = 1, .what = what};

	rip->report.sectors[what]++;
	const int rc = sp_runs_add(&rip->report.runs, &sector, err);
	return rc < 0 ? rc : 0;
}

static int rip_account(struct sp_rip *rip, struct sp_error *err)
{
	const struct sp_rescue_tally *t = sp_rescue_tally(rip->rescue);
	int rc = 0;

	rip->report.asked = t->asked;
	rip->report.failed = t->failed;
	for (uint64_t i = 0; !rc && i < rip->count; i++) {
		const sp_lba lba = rip->origin + (sp_lba)i;
		const unsigned status = sp_rescue_status(rip->rescue, lba);
		const unsigned state = rip->state ? rip->state[i] : 0;

		if (status == SP_RESCUE_ABSENT)
			continue;
		if (status == SP_RESCUE_DOUBTFUL)
			rc = rip_note_run(rip, lba, SP_RIP_SUSPICIOUS, err);
		else if (status != SP_RESCUE_DONE)
			rc = rip_note_run(rip, lba, SP_RIP_UNREAD, err);
		else if (state & SP_STATE_EDC)
			rc = rip_note_run(rip, lba, SP_RIP_EDC, err);
		else if (state & SP_STATE_PADDED)
			rc = rip_note_run(rip, lba, SP_RIP_PADDED, err);
	}
	return rc;
}

int sp_rip_begin(struct sp_rip *rip, const char *path, struct sp_error *err)
{
	int rc = rip->rescue ? sp_fail(err, SP_ERR_USAGE, "%s: was read already", rip->drive)
			     : rip_prepare(rip, err);

	if (!rc)
		rc = rip_store_open(rip, path, err);
	return rc ? rc : rip_writer_make(rip, err);
}

int sp_rip_run(struct sp_rip *rip, struct sp_error *err)
{
	int rc = rip->store ? 0 : sp_fail(err, SP_ERR_USAGE, "%s: has no store", rip->drive);

	clock_gettime(CLOCK_MONOTONIC, &rip->saved);
	sp_reader_lock(rip->reader, true, NULL);
	if (!rc)
		rip_follow_begin(rip);
	if (!rc)
		rc = sp_rescue_run(rip->rescue, err);
	const int put = rip_put_wait(rip, rc ? NULL : err);
	rc = rc ? rc : put;
	if (!rc && rip->ql)
		rc = sp_qlayout_finish(rip->ql, &rip->disc, &rip->report.q, rip_code, rip,
				       &rip->notes, err);
	else if (!rc && !(rip->disc = sp_disc_copy(rip->toc)))
		rc = sp_fail_memory(err);
	if (!rc)
		rc = rip_shift(rip, err);
	if (!rc)
		rc = rip_keep_parts(rip, err);
	if (!rc)
		rc = rip_account(rip, err);
	sp_reader_lock(rip->reader, false, NULL);
	if (!rc)
		rip_follow_end(rip);
	/* what is whole goes into an image at once; all else is to be found again */
	if (rip->store && (rc < 0 || rip->report.sectors[SP_RIP_UNREAD] ||
			   rip->report.sectors[SP_RIP_SUSPICIOUS])) {
		struct sp_error why;
		const int saved = rip_store_save(rip, rc < 0 ? &why : err);

		rc = rc < 0 ? rc : saved;
	}
	return rc;
}
