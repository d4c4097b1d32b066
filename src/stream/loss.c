/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses are counted by kind and told by name. */
#include "stream/loss.h"

#include "disc/cdtext.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Blocks besides the first that have texts or packs. */
static unsigned loss_languages(const struct sp_disc *disc)
{
	unsigned blocks = 0, count = 0;

	for (size_t i = 0; i < disc->texts; i++)
		blocks |= 1u << disc->text[i].block;
	for (size_t at = 0; at < disc->cdtext_size; at += SP_PACK_SIZE)
		if (sp_cdtext_pack_good(disc->cdtext, disc->cdtext_size, at))
			blocks |= 1u << (disc->cdtext[at + 3] >> 4 & 7);
	for (blocks >>= 1; blocks; blocks >>= 1)
		count += blocks & 1;
	return count;
}

/* What a sink that has a place for CD-Text loses of it all the same. */
static int loss_cdtext(struct sp_losses *losses, unsigned flags, const struct sp_disc *disc,
		       struct sp_error *err)
{
	static const char *const words[] = {
		NULL,
		"# letters of CD-Text",
		"# texts of CD-Text",
		"# letters and texts of CD-Text",
		"# packs of CD-Text",
		"# letters and packs of CD-Text",
		"# texts and packs of CD-Text",
		"# letters, texts and packs of CD-Text",
	};
	static const char *const one[] = {"a letter of CD-Text", "a text of CD-Text",
					  "a pack of CD-Text"};
	struct sp_cdtext_lost lost;
	uint8_t *packs = NULL;
	size_t size;

	if (!(flags & SP_SINK_PACKS)) {
		losses->count[SP_LOSS_CDTEXT] = loss_languages(disc);
		losses->text[SP_LOSS_CDTEXT] = losses->count[SP_LOSS_CDTEXT] == 1
						       ? "CD-Text of another language"
						       : "CD-Text of # other languages";
		return 0;
	}
	const int r =
		sp_cdtext_packs(disc, flags & SP_SINK_KEYWORDS ? SP_CDTEXT_BESIDE : SP_CDTEXT_WHOLE,
				&packs, &size, &lost, err);
	free(packs);
	losses->count[SP_LOSS_CDTEXT] = (uint64_t)lost.letters + lost.texts + lost.packs;
	losses->track[SP_LOSS_CDTEXT] = lost.track;
	losses->text[SP_LOSS_CDTEXT] = losses->count[SP_LOSS_CDTEXT] == 1
					       ? one[lost.letters ? 0
						     : lost.texts ? 1
								  : 2]
					       : words[(lost.letters ? 1 : 0) |
						       (lost.texts ? 2 : 0) | (lost.packs ? 4 : 0)];
	return r;
}

int sp_losses_common(struct sp_losses *losses, struct sp_sink *sink, const struct sp_disc *disc,
		     struct sp_error *err)
{
	struct sp_losses found = {0};
	unsigned last_track = 0;

	if (sink->flags & SP_SINK_OBSERVER)
		return 0;
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
	if ((sink->carries & SP_CARRY(SP_LOSS_CDTEXT)) &&
	    (sink->flags & (SP_SINK_PACKS | SP_SINK_KEYWORDS))) {
		const int r = loss_cdtext(&found, sink->flags, disc, err);

		if (r < 0)
			return r;
	}
	/* what wants() and msf_end say holds whatever the format carries as such */
	for (size_t i = 0; i < disc->regions; i++)
		loss_region(&found, sink, &disc->region[i], &last_track);
	sp_losses_merge(losses, &found);
	return 0;
}

int sp_losses_layout(struct sp_losses *losses, struct sp_sink *sink, const struct sp_disc *disc,
		     struct sp_error *err)
{
	return sink->ops->losses ? sink->ops->losses(sink, disc, losses, err)
				 : sp_losses_common(losses, sink, disc, err);
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

/* A format's word, with the count in place of its #. */
static void loss_own(char *text, size_t size, const char *word, uint64_t count)
{
	const char *sign = strchr(word, '#');

	if (sign)
		loss_print(text, size, "%.*s%" PRIu64 "%s", (int)(sign - word), word, count,
			   sign + 1);
	else
		loss_print(text, size, "%s", word);
}

static void loss_text(const struct sp_losses *losses, unsigned i, char *text, size_t size)
{
	const uint64_t n = losses->count[i];

	if (losses->text[i])
		loss_own(text, size, losses->text[i], n);
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
