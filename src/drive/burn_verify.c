/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After a burn: what is on the disc, read by the drive and not from any cache of the system, is
 * compared with what was sent. */
#include "drive/burner.h"
#include "drive/burning.h"
#include "drive/open.h"

#include "stream/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_MOST 2940 /* samples, 5 sectors: more than drives are known to be off */
#define SECTOR      588  /* samples */
#define NEEDLE      (2 * SECTOR)

static bool verify_has_audio(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].mode == SP_MODE_AUDIO)
			return true;
	return false;
}

/* --- by how many samples audio comes shifted ----------------------------------------------- */

static bool verify_dull(const uint8_t *data, size_t size)
{
	for (size_t i = 4; i < size; i++)
		if (data[i] != data[i - 4])
			return false;
	return true;
}

/* A place in audio of the source, far enough from its ends, where there is something to hear. */
static int verify_needle(struct sp_source *source, sp_lba *at, uint8_t needle[NEEDLE * 4],
			 bool *found, struct sp_error *err)
{
	uint16_t state[2];

	*found = false;
	for (size_t i = 0; i < source->disc->regions; i++) {
		const struct sp_region *region = &source->disc->region[i];
		const sp_lba end = region->lba + (sp_lba)region->count - 8;

		if (region->mode != SP_MODE_AUDIO || !region->stored)
			continue;
		for (sp_lba lba = region->lba + 8; lba < end; lba += 25) {
			struct sp_span span = {.lba = lba,
					       .count = 2,
					       .mode = region->mode,
					       .parts = region->parts,
					       .stride =
						       sp_sector_size(region->mode, region->parts),
					       .state = state};
			if (!(span.data = malloc(2 * span.stride)))
				return sp_fail_memory(err);
			const int r = sp_source_read(source, &span, err);
			for (unsigned k = 0; k < 2; k++)
				memcpy(needle + k * 2352, span.data + k * span.stride, 2352);
			free(span.data);
			if (r < 0)
				return r;
			if (!verify_dull(needle, NEEDLE * 4)) {
				*at = lba;
				*found = true;
				return 0;
			}
		}
	}
	return 0;
}

/* By how much the disc lies further out than its image. */
static sp_lba verify_start(const struct sp_burning *b, const struct sp_disc *disc)
{
	const struct sp_burn_target *target = &b->report.target;

	if (target->state == SP_DISC_APPENDABLE)
		return target->next - disc->track[0].start;
	/* data that is a part of an image begins a disc */
	return b->report.plan.writer == SP_WRITER_OWN || sp_burner_is_audio(disc)
		       ? 0
		       : -disc->track[0].start;
}

/* Where the needle lies in what the drive reads, which begins at `start` there: *offset is the
 * reader's correction. */
static int verify_offset(struct sp_reader *reader, struct sp_source *source, sp_lba start,
			 int *offset, struct sp_error *err)
{
	enum { HAY = 2 * OFFSET_MOST + NEEDLE, SECTORS = 2 * (OFFSET_MOST / SECTOR) + 2 };
	uint8_t needle[NEEDLE * 4], hay[SECTORS * 2352];
	uint16_t state[SECTORS];
	bool found;
	sp_lba at;

	*offset = 0;
	int r = verify_needle(source, &at, needle, &found, err);
	if (r < 0 || !found)
		return r;
	struct sp_read read = {.lba = at + start - OFFSET_MOST / SECTOR,
			       .count = SECTORS,
			       .parts = SP_PART_MAIN,
			       .mode = SP_MODE_AUDIO,
			       .data = hay,
			       .state = state};
	if ((r = sp_reader_read(reader, &read, err)) < 0 || read.good != SECTORS)
		return r;
	for (int distance = 0; distance <= OFFSET_MOST; distance++)
		for (int sign = -1; sign <= 1; sign += 2) {
			const int shift = sign * distance;

			if (!memcmp(hay + (OFFSET_MOST + shift) * 4, needle, sizeof(needle))) {
				*offset = shift;
				return 0;
			}
		}
	return 0; /* the comparison will say what is wrong */
}

/* --- the comparison ------------------------------------------------------------------------ */

struct verify {
	struct sp_burning *burning;
	struct sp_compared compared;
};

static int verify_progress(void *user, const struct sp_progress *progress)
{
	const struct sp_burning *b = user;
	const struct sp_burn_progress p = {.phase = "verifying",
					   .done = progress->done,
					   .total = progress->total,
					   .bytes = progress->bytes,
					   .buffer = 101,
					   .fifo = 101};

	return b->burn.progress ? b->burn.progress(b->burn.user, &p) : 0;
}

/* Tracks that were added to a disc have the numbers that come next there; in their image, others.
 */
static void verify_number(struct sp_disc *disc, unsigned first)
{
	const unsigned further = first - disc->track[0].number;

	for (size_t i = 0; i < disc->tracks; i++)
		disc->track[i].number += further;
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].track)
			disc->region[i].track += further;
}

/* Catalog number and CD-Text are the first session's: what was added has none of its own there. */
static int verify_whole(struct sp_disc *found, const struct sp_disc *disc, struct sp_error *err)
{
	int r = 0;

	memcpy(found->mcn, disc->mcn, sizeof(found->mcn));
	for (size_t i = found->texts; i-- && !r;) {
		const struct sp_text *t = &found->text[i];

		r = sp_disc_set_block_text(found, t->block, t->track, t->type, NULL);
	}
	for (size_t i = 0; i < disc->texts && !r; i++) {
		const struct sp_text *t = &disc->text[i];

		r = sp_disc_set_block_text(found, t->block, t->track, t->type, t->text);
	}
	return r < 0 ? sp_fail_memory(err) : 0;
}

/* The part of the disc that was burned: padding and run-out behind it are not ours, of which our
 * own writer makes none. What was added to a disc lies further out than in its image. */
static int verify_part(struct sp_source **part, struct sp_burning *b, const struct sp_disc *disc,
		       struct sp_error *err)
{
	const struct sp_burn_target *target = &b->report.target;
	const bool added = target->state == SP_DISC_APPENDABLE;
	const bool own = b->report.plan.writer == SP_WRITER_OWN;
	const sp_lba start = added ? target->next : 0;
	const sp_lba shift = verify_start(b, disc);
	const sp_lba all = disc->session[disc->sessions - 1].lead_out - disc->track[0].start;
	struct sp_source *narrow;

	if (!added && (own || disc->tracks != 1 || disc->track[0].mode == SP_MODE_AUDIO))
		return 0;
	int r = sp_view_range(&narrow, *part, start, own ? (uint64_t)all : sp_burner_sectors(disc),
			      err);
	if (r < 0)
		return r;
	*part = narrow;
	if (shift) {
		r = sp_view_shift(&narrow, *part, -shift, err);
		if (r < 0)
			return r;
		*part = narrow;
	}
	if (!narrow->disc->tracks)
		return 0;
	verify_number(narrow->disc, disc->track[0].number);
	/* a pause that the image has no sectors of is the drive's, and not in that part */
	narrow->disc->track[0].index[0] = disc->track[0].index[0];
	return added ? verify_whole(narrow->disc, disc, err) : 0;
}

/* Of a disc to which something was added: what does not hold its own address. */
static unsigned verify_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	if (region->mode == SP_MODE_XA)
		return region->parts & (SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC);
	return region->parts & SP_PART_USER;
}

/* Samples an offset pushes over the edge, where the drive reads nothing, cannot be told. */
static bool verify_edge(const struct sp_burning *b, const struct sp_disc *disc,
			const struct sp_difference *d)
{
	const sp_lba end = disc->session[disc->sessions - 1].lead_out;
	const sp_lba reach = (abs(b->report.offset) + SECTOR - 1) / SECTOR;

	if (!b->report.offset || d->only_a || d->only_b)
		return false;
	return b->report.offset > 0 ? d->lba >= end - reach : d->lba + (sp_lba)d->count <= reach;
}

static void verify_judge(struct sp_burning *b, const struct sp_disc *disc,
			 const struct sp_compared *c)
{
	struct sp_burn_report *report = &b->report;
	const struct sp_difference *first = NULL;
	uint64_t edge = 0;

	for (size_t i = 0; i < c->differences; i++) {
		const struct sp_difference *d = &c->difference[i];

		if (verify_edge(b, disc, d))
			edge += d->count;
		else if (!first && !((d->only_a || d->only_b) && !d->parts))
			first = d;
	}
	report->compared = c->sectors;
	report->different = c->differ - edge + c->only_a + c->only_b - c->blank;
	report->differs = report->different || report->unread || c->layout[0];
	if (first)
		snprintf(report->difference, sizeof(report->difference),
			 first->only_a   ? "LBA %" PRId64 " is on the disc alone"
			 : first->only_b ? "LBA %" PRId64 " is not on the disc"
					 : "LBA %" PRId64 " differs",
			 first->lba);
	else if (c->layout[0])
		snprintf(report->difference, sizeof(report->difference), "disc and image: %s",
			 c->layout);
	else if (report->unread)
		snprintf(report->difference, sizeof(report->difference), "it cannot be read");
}

static unsigned verify_bit(unsigned state)
{
	unsigned bit = 0;

	while (!(state >> bit & 1))
		bit++;
	return bit;
}

static int verify_compare(struct sp_burning *b, struct sp_source *found, struct sp_source *source,
			  struct sp_error *err)
{
	struct sp_compared *compared = calloc(1, sizeof(*compared));
	struct sp_sink *sink = NULL;
	int r = compared ? sp_sink_compare(&sink, source, compared, err) : sp_fail_memory(err);
	struct sp_sink_ops moved;

	if (!r && b->report.target.state == SP_DISC_APPENDABLE) {
		moved = *sink->ops;
		moved.wants = verify_wants;
		sink->ops = &moved;
	}
	if (!r) {
		struct sp_copy copy = {.source = found,
				       .sink = sink,
				       .lossy = true,
				       .notes = b->burn.notes,
				       .progress = verify_progress,
				       .user = b};

		r = sp_copy(&copy, err);
		b->report.unread = copy.tally.state[verify_bit(SP_STATE_UNREAD)];
		if (!r)
			verify_judge(b, source->disc, compared);
	}
	sp_sink_close(sink);
	free(compared);
	return r;
}

int sp_burning_verify(struct sp_burning *b, struct sp_source *source, struct sp_error *err)
{
	struct sp_reader *reader = NULL;
	struct sp_source *found = NULL;

	if (source->caps & SP_SOURCE_ONCE)
		return sp_fail(err, SP_ERR_USAGE, "what was burned cannot be read again");
	if (b->transport)
		b->transport->ops->close(b->transport);
	b->transport = NULL;
	int r = sp_drive_open_reader(&reader, b->burn.drive, b->burn.notes, err);
	if (!r)
		r = sp_reader_load(reader, err);
	if (!r)
		r = sp_reader_survey(reader, err);
	if (!r && verify_has_audio(source->disc)) {
		r = verify_offset(reader, source, verify_start(b, source->disc), &b->report.offset,
				  err);
		if (!r)
			r = sp_reader_set_offset(reader, b->report.offset, err);
	}
	if (!r && !(r = sp_reader_source(&found, reader, err)))
		reader = NULL;
	if (!r)
		r = verify_part(&found, b, source->disc, err);
	if (!r)
		r = verify_compare(b, found, source, err);
	sp_source_close(found);
	sp_reader_close(reader);
	if (r < 0)
		return r;
	b->report.verified = true;
	if (b->report.differs)
		return sp_fail(err, SP_ERR_DIFFERS, "%s: read back, it differs: %s", b->burn.drive,
			       b->report.difference);
	return 0;
}
