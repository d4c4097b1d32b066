/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses are counted by kind and told by name. */
#include "stream/loss.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How each kind reads: "what" (with the track's number when `track`) for one, "N many" for more; of
 * sectors "N sectors what". */
static const struct {
	const char *what, *many;
	bool track, sectors;
} loss_words[SP_LOSSES] = {
	[SP_LOSS_TRACKS] = {"track", "tracks", true, false},
	[SP_LOSS_SESSIONS] = {"the division into sessions", NULL, false, false},
	[SP_LOSS_NUMBERS] = {"track numbers that begin at", NULL, true, false},
	[SP_LOSS_INDEX] = {"track", "indexes above 01", true, false},
	[SP_LOSS_FLAGS] = {"the flags of track", "tracks' flags", true, false},
	[SP_LOSS_MCN] = {"the catalog number (MCN)", NULL, false, false},
	[SP_LOSS_ISRC] = {"the ISRC of track", "ISRCs", true, false},
	[SP_LOSS_CDTEXT] = {"CD-Text", NULL, false, false},
	[SP_LOSS_SUBCHANNEL] = {"sub-channel", NULL, false, false},
	[SP_LOSS_TOC] = {"the full TOC or disc structures", NULL, false, false},
	[SP_LOSS_MSF] = {"beyond 99:59:74", NULL, false, true},
	[SP_LOSS_GAP] = {"of a pregap or gap with content", NULL, false, true},
	[SP_LOSS_SYNC] = {"with an odd sync pattern", NULL, false, true},
	[SP_LOSS_HEADER] = {"whose header is not that of their place", NULL, false, true},
	[SP_LOSS_SUBHEADER] = {"whose sub-header says more than the form", NULL, false, true},
	[SP_LOSS_FORM] = {"of the other form", NULL, false, true},
	[SP_LOSS_EDC] = {"whose EDC differs", NULL, false, true},
	[SP_LOSS_PARITY] = {"whose P/Q parity differs", NULL, false, true},
	[SP_LOSS_SUB] = {"whose sub-channel says more than the layout", NULL, false, true},
};

bool sp_losses_any(const struct sp_losses *losses)
{
	for (unsigned i = 0; i < SP_LOSSES; i++)
		if (losses->count[i])
			return true;
	return false;
}

void sp_losses_add(struct sp_losses *losses, unsigned loss, uint64_t count, sp_lba lba)
{
	if (count && !losses->count[loss])
		losses->first[loss] = lba;
	losses->count[loss] += count;
}

void sp_losses_merge(struct sp_losses *into, const struct sp_losses *from)
{
	for (unsigned i = 0; i < SP_LOSSES; i++) {
		if (from->count[i] && !into->count[i]) {
			into->first[i] = from->first[i];
			into->track[i] = from->track[i];
			into->index[i] = from->index[i];
			into->text[i] = from->text[i];
		}
		into->count[i] += from->count[i];
	}
}

void sp_losses_drops(struct sp_losses *losses, const struct sp_drops *drops)
{
	static const unsigned char loss[SP_DROPS] = {
		[SP_DROP_SYNC] = SP_LOSS_SYNC,
		[SP_DROP_HEADER] = SP_LOSS_HEADER,
		[SP_DROP_SUBHEADER] = SP_LOSS_SUBHEADER,
		[SP_DROP_FORM] = SP_LOSS_FORM,
		[SP_DROP_EDC] = SP_LOSS_EDC,
		[SP_DROP_PARITY] = SP_LOSS_PARITY,
		[SP_DROP_SUB] = SP_LOSS_SUB,
	};

	for (unsigned i = 0; i < SP_DROPS; i++)
		sp_losses_add(losses, loss[i], drops->count[i], drops->first[i]);
}

static void loss_layout(struct sp_losses *losses, unsigned loss, unsigned track, unsigned index)
{
	if (!losses->count[loss]++) {
		losses->track[loss] = track;
		losses->index[loss] = index;
	}
}

static void loss_track(struct sp_losses *losses, const struct sp_track *track)
{
	if (track->isrc[0])
		loss_layout(losses, SP_LOSS_ISRC, track->number, 0);
	if (track->control & ~(unsigned)SP_CONTROL_DATA)
		loss_layout(losses, SP_LOSS_FLAGS, track->number, 0);
	for (unsigned i = 2; i <= SP_INDEX_MAX; i++)
		if (track->index[i] != SP_LBA_NONE)
			loss_layout(losses, SP_LOSS_INDEX, track->number, i);
}

/* Regions a sink is spared, sub-channel it does not take, sectors it cannot address. A gap or
 * pregap that is spared may still be silence: that is seen on the way. */
static void loss_region(struct sp_losses *losses, struct sp_sink *sink,
			const struct sp_region *region, unsigned *last_track)
{
	if (!region->stored)
		return;
	const unsigned wants = sink->ops->wants(sink, region);
	const unsigned sub = SP_PART_PW | SP_PART_Q;
	const uint64_t end = sink->msf_end;

	if (!wants && region->kind == SP_REGION_TRACK && region->track != *last_track) {
		loss_layout(losses, SP_LOSS_TRACKS, region->track, 0);
		*last_track = region->track;
	}
	if (wants && (region->parts & sub) && !(wants & sub) &&
	    !(sink->carries & SP_CARRY(SP_LOSS_SUBCHANNEL)))
		loss_layout(losses, SP_LOSS_SUBCHANNEL, region->track, 0);
	if (!wants || !end || region->lba + (sp_lba)region->count <= (sp_lba)end)
		return;
	const sp_lba first = region->lba < (sp_lba)end ? (sp_lba)end : region->lba;
	sp_losses_add(losses, SP_LOSS_MSF, (uint64_t)(region->lba + (sp_lba)region->count - first),
		      first);
}

void sp_losses_count(struct sp_losses *losses, struct sp_sink *sink, const struct sp_disc *disc)
{
	struct sp_losses found = {0};
	unsigned last_track = 0;

	for (size_t i = 0; i < disc->tracks; i++)
		loss_track(&found, &disc->track[i]);
	if (disc->sessions > 1)
		found.count[SP_LOSS_SESSIONS] = disc->sessions;
	if (disc->tracks && disc->track[0].number != 1)
		loss_layout(&found, SP_LOSS_NUMBERS, disc->track[0].number, 0);
	if (disc->mcn[0])
		loss_layout(&found, SP_LOSS_MCN, 0, 0);
	for (size_t i = 0; i < disc->texts; i++)
		if (disc->text[i].type != SP_TEXT_REMARK)
			loss_layout(&found, SP_LOSS_CDTEXT, disc->text[i].track, 0);
	if (disc->cdtext_size)
		loss_layout(&found, SP_LOSS_CDTEXT, 0, 0);
	if (disc->full_toc_size || disc->pfi || disc->dmi || disc->layer_break != SP_LBA_NONE)
		loss_layout(&found, SP_LOSS_TOC, 0, 0);
	for (unsigned i = 0; i < SP_LOSS_STRUCTURAL; i++)
		if (sink->carries & SP_CARRY(i))
			found.count[i] = 0;
	/* what wants() and msf_end say holds whatever the format carries as such */
	for (size_t i = 0; i < disc->regions; i++)
		loss_region(&found, sink, &disc->region[i], &last_track);
	sp_losses_merge(losses, &found);
}

int sp_losses_layout(struct sp_losses *losses, struct sp_sink *sink, const struct sp_disc *disc,
		     struct sp_error *err)
{
	if (sink->ops->losses)
		return sink->ops->losses(sink, disc, losses, err);
	if (!(sink->flags & SP_SINK_OBSERVER))
		sp_losses_count(losses, sink, disc);
	return 0;
}

int sp_losses_silence(struct sp_losses *losses, const struct sp_span *span, uint8_t *scratch,
		      struct sp_error *err)
{
	const bool mixed = span->mode == SP_MODE_XA;
	const unsigned keep = mixed ? span->parts & SP_PART_MAIN : SP_PART_USER;
	const size_t size = sp_sector_size(span->mode, keep);
	/* of mixed XA the framing stays on: look at what both forms have as user data */
	const size_t from = mixed ? size - 2328 : 0, len = mixed ? 2048 : size;

	const int r = sp_sector_convert(NULL, span->mode, span->parts, keep, span->lba, span->count,
					span->data, scratch, NULL, NULL, err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < span->count; i++) {
		const uint8_t *p = scratch + i * size + from;

		if (!(span->state[i] & SP_STATE_GENERATED) && (p[0] || memcmp(p, p + 1, len - 1)))
			sp_losses_add(losses, SP_LOSS_GAP, 1, span->lba + i);
	}
	return 0;
}

static void loss_print(char *text, size_t size, const char *fmt, ...) SP_PRINTF(3, 4);

static void loss_print(char *text, size_t size, const char *fmt, ...)
{
	const size_t used = strlen(text);
	va_list args;

	if (used + 1 >= size)
		return;
	va_start(args, fmt);
	vsnprintf(text + used, size - used, fmt, args);
	va_end(args);
}

static void loss_text(const struct sp_losses *losses, unsigned i, char *text, size_t size)
{
	const uint64_t n = losses->count[i];

	if (losses->text[i])
		loss_print(text, size, "%s", losses->text[i]);
	else if (loss_words[i].sectors)
		loss_print(text, size, "%" PRIu64 " sector%s %s (first at LBA %" PRId64 ")", n,
			   n == 1 ? "" : "s", loss_words[i].what, losses->first[i]);
	else if (n > 1 && loss_words[i].many)
		loss_print(text, size, "%" PRIu64 " %s", n, loss_words[i].many);
	else if (i == SP_LOSS_INDEX)
		loss_print(text, size, "INDEX %02u of track %u", losses->index[i],
			   losses->track[i]);
	else if (loss_words[i].track)
		loss_print(text, size, "%s %u", loss_words[i].what, losses->track[i]);
	else
		loss_print(text, size, "%s", loss_words[i].what);
}

char *sp_losses_text(const struct sp_losses *losses, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < SP_LOSSES; i++) {
		if (!losses->count[i])
			continue;
		if (text[0])
			loss_print(text, size, ", ");
		loss_text(losses, i, text, size);
	}
	return text;
}
