/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sector for sector against a reference: what both sides store is laid onto one raw sector, and
 * compared where they overlap. */
#include "stream/compare.h"

#include "disc/sector.h"

#include <spindle/stream.h>

#include <stdlib.h>
#include <string.h>

enum {
	COMPARE_BLOCK = 256, /* sectors of the reference read at a time */
	COMPARE_MAIN_PARTS = 5,
	COMPARE_Q = 4096, /* past every main channel: Q's and P-W's own places */
	COMPARE_PW = 8192,
	COMPARE_OVERLAPS = 16,
};

/* A run of bytes of a stored sector, and where on the raw sector it lies. */
struct compare_run {
	unsigned raw, size, at, part;
};

/* Where main channel parts lie in a raw sector. Mixed XA has its EDC in with the user data. */
static const struct {
	unsigned raw, size;
} compare_place[SP_MODES][COMPARE_MAIN_PARTS] = {
	[SP_MODE_AUDIO] = {{0}, {0}, {0}, {0, 2352}},
	[SP_MODE_MODE1] = {{0, 12}, {12, 4}, {0}, {16, 2048}, {2064, 288}},
	[SP_MODE_MODE2] = {{0, 12}, {12, 4}, {0}, {16, 2336}},
	[SP_MODE_XA] = {{0, 12}, {12, 4}, {16, 8}, {24, 2328}},
	[SP_MODE_XA_FORM1] = {{0, 12}, {12, 4}, {16, 8}, {24, 2048}, {2072, 280}},
	[SP_MODE_XA_FORM2] = {{0, 12}, {12, 4}, {16, 8}, {24, 2324}, {2348, 4}},
	[SP_MODE_DATA2048] = {{0, 12}, {12, 4}, {0}, {16, 2048}, {2064, 288}},
	[SP_MODE_BLOCK512] = {{0}, {0}, {0}, {0, 512}},
};

struct compare_side {
	unsigned mode, parts;
	size_t stride;
	struct compare_run run[COMPARE_MAIN_PARTS + 2];
	unsigned runs;
};

struct compare_overlap {
	unsigned raw, size, a, b; /* a, b: offsets in the stored sectors */
};

/* Two regions' sectors against each other. */
struct compare_pair {
	struct compare_side a, b;
	struct compare_overlap overlap[COMPARE_OVERLAPS];
	unsigned overlaps; /* 0: nothing to compare: they differ */
	/* of mixed XA against bare 2048: where the sub-mode byte is, SIZE_MAX when nowhere */
	size_t a_submode, b_submode;
};

struct compare_sink {
	struct sp_sink sink;
	struct sp_source *reference;
	struct sp_compared *result;
	sp_lba next;   /* all LBAs before it are dealt with */
	size_t region; /* of the reference: no earlier one has sectors from `next` on */
	uint8_t *data;
	uint16_t state[COMPARE_BLOCK];
};

/* The bytes of `side` as runs over the raw sector. `user` is where bare user data goes. */
static void compare_lay(struct compare_side *side, unsigned user)
{
	unsigned at = 0;

	for (unsigned i = 0; i < COMPARE_MAIN_PARTS; i++) {
		struct compare_run run = {.raw = compare_place[side->mode][i].raw,
					  .size = compare_place[side->mode][i].size,
					  .at = at,
					  .part = 1u << i};

		if (!(side->parts & run.part) || !run.size)
			continue;
		if (side->mode == SP_MODE_DATA2048 && run.part == SP_PART_USER)
			run.raw = user;
		at += run.size;
		side->run[side->runs++] = run;
	}
	if (side->parts & SP_PART_C2)
		at += SP_C2_SIZE;
	if (side->parts & SP_PART_Q) {
		side->run[side->runs++] = (struct compare_run){COMPARE_Q, SP_Q_SIZE, at, SP_PART_Q};
		at += SP_Q_SIZE;
	}
	if (side->parts & SP_PART_PW)
		side->run[side->runs++] =
			(struct compare_run){COMPARE_PW, SP_SUB_SIZE, at, SP_PART_PW};
}

static bool compare_is_xa(unsigned mode)
{
	return mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 || mode == SP_MODE_XA_FORM2;
}

/* Do the two modes mean the same by a place on the raw sector? Whole raw sectors always do. */
static bool compare_comparable(const struct compare_side *a, const struct compare_side *b)
{
	const bool raw = sp_sector_size(a->mode, a->parts & SP_PART_MAIN) == SP_RAW_SIZE &&
			 sp_sector_size(b->mode, b->parts & SP_PART_MAIN) == SP_RAW_SIZE;
	const bool bare = a->mode == SP_MODE_DATA2048 || b->mode == SP_MODE_DATA2048;
	const unsigned other = a->mode == SP_MODE_DATA2048 ? b->mode : a->mode;

	if (raw || a->mode == b->mode)
		return true;
	if (bare)
		return other == SP_MODE_MODE1 || other == SP_MODE_XA || other == SP_MODE_XA_FORM1;
	return (compare_is_xa(a->mode) || a->mode == SP_MODE_MODE2) &&
	       (compare_is_xa(b->mode) || b->mode == SP_MODE_MODE2);
}

static void compare_intersect(struct compare_pair *pair)
{
	for (unsigned i = 0; i < pair->a.runs; i++) {
		for (unsigned j = 0; j < pair->b.runs; j++) {
			const struct compare_run *x = &pair->a.run[i], *y = &pair->b.run[j];
			const unsigned from = x->raw > y->raw ? x->raw : y->raw;
			const unsigned x_end = x->raw + x->size, y_end = y->raw + y->size;
			const unsigned to = x_end < y_end ? x_end : y_end;
			struct compare_overlap *last = &pair->overlap[pair->overlaps];

			if (from >= to || pair->overlaps == COMPARE_OVERLAPS)
				continue;
			*last = (struct compare_overlap){from, to - from, x->at + from - x->raw,
							 y->at + from - y->raw};
			/* joined with the one before where nothing lies between on either side */
			if (pair->overlaps && last[-1].raw + last[-1].size == from &&
			    last[-1].a + last[-1].size == last->a &&
			    last[-1].b + last[-1].size == last->b)
				last[-1].size += last->size;
			else
				pair->overlaps++;
		}
	}
}

/* Offset of the first sub-mode byte in a sector of mixed XA. */
static size_t compare_submode(const struct compare_side *side)
{
	if (side->mode != SP_MODE_XA || !(side->parts & SP_PART_SUBHEADER))
		return SIZE_MAX;
	return sp_sector_size(side->mode, side->parts & (SP_PART_SYNC | SP_PART_HEADER)) + 2;
}

static void compare_match(struct compare_pair *pair, const struct sp_span *a,
			  const struct sp_region *b)
{
	const bool xa = compare_is_xa(a->mode) || compare_is_xa(b->mode);
	const unsigned user = xa ? SP_USER_OFFSET2 : SP_USER_OFFSET1;

	*pair = (struct compare_pair){
		.a = {.mode = a->mode, .parts = a->parts, .stride = a->stride},
		.b = {.mode = b->mode,
		      .parts = b->parts,
		      .stride = sp_sector_size(b->mode, b->parts)},
		.a_submode = SIZE_MAX,
		.b_submode = SIZE_MAX,
	};
	compare_lay(&pair->a, user);
	compare_lay(&pair->b, user);
	if (!compare_comparable(&pair->a, &pair->b))
		return;
	compare_intersect(pair);
	if (a->mode == SP_MODE_DATA2048)
		pair->b_submode = compare_submode(&pair->b);
	if (b->mode == SP_MODE_DATA2048)
		pair->a_submode = compare_submode(&pair->a);
}

/* One more run of LBAs, or the last one grown. */
static void compare_keep(struct sp_compared *result, const struct sp_difference *found)
{
	const size_t n = result->differences;
	struct sp_difference *last = n ? &result->difference[n - 1] : NULL;

	if (last && last->lba + (sp_lba)last->count == found->lba &&
	    last->only_a == found->only_a && last->only_b == found->only_b &&
	    !last->parts == !found->parts) {
		last->count += found->count;
		last->parts |= found->parts;
	} else if (n < sizeof(result->difference) / sizeof(result->difference[0])) {
		result->difference[result->differences++] = *found;
	}
}

/* Which parts (of A's) differ within one overlap. */
static unsigned compare_parts(const struct compare_pair *pair, const struct compare_overlap *o,
			      const uint8_t *a, const uint8_t *b)
{
	unsigned parts = 0;

	for (unsigned i = 0; i < pair->a.runs; i++) {
		const struct compare_run *run = &pair->a.run[i];
		const unsigned from = run->raw > o->raw ? run->raw : o->raw;
		const unsigned run_end = run->raw + run->size, end = o->raw + o->size;
		const unsigned to = run_end < end ? run_end : end;

		if (from < to &&
		    memcmp(a + o->a + from - o->raw, b + o->b + from - o->raw, to - from))
			parts |= run->part;
	}
	return parts;
}

/* Which parts of two sectors differ, 0: none; *offset is that of the first byte. */
static unsigned compare_sector(const struct compare_pair *pair, const uint8_t *a, const uint8_t *b,
			       uint32_t *offset)
{
	unsigned parts = 0;
	uint32_t before = 0;

	*offset = 0;
	if (!pair->overlaps ||
	    (pair->a_submode != SIZE_MAX && a[pair->a_submode] & SP_SUBMODE_FORM2) ||
	    (pair->b_submode != SIZE_MAX && b[pair->b_submode] & SP_SUBMODE_FORM2))
		return SP_PART_USER;
	for (unsigned i = 0; i < pair->overlaps; before += pair->overlap[i++].size) {
		const struct compare_overlap *o = &pair->overlap[i];

		if (!memcmp(a + o->a, b + o->b, o->size))
			continue;
		if (!parts) {
			uint32_t byte = 0;

			while (a[o->a + byte] == b[o->b + byte])
				byte++;
			*offset = before + byte;
		}
		parts |= compare_parts(pair, o, a, b);
	}
	return parts;
}

/* Sectors both sides store. */
static void compare_both(struct compare_sink *c, const struct compare_pair *pair, sp_lba lba,
			 uint32_t count, const uint8_t *a, const uint8_t *b)
{
	struct sp_compared *result = c->result;
	const size_t size = pair->a.stride;

	result->sectors += count;
	if (pair->overlaps == 1 && size == pair->b.stride && pair->overlap[0].size == size &&
	    !memcmp(a, b, size * count)) {
		result->same += count;
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct sp_difference found = {.lba = lba + i, .count = 1};

		found.parts =
			compare_sector(pair, a + i * size, b + i * pair->b.stride, &found.offset);
		if (!found.parts) {
			result->same++;
			continue;
		}
		result->differ++;
		compare_keep(result, &found);
	}
}

/* Is a stored sector what one that is not stored reads as: silence, or zeros within its framing?
 * Mixed XA's user data ends where its own sub-header says, or is all that is not framing. */
static bool compare_blank(const struct compare_side *side, const uint8_t *sector)
{
	const size_t submode = compare_submode(side);

	for (unsigned i = 0; i < side->runs; i++) {
		const uint8_t *user = sector + side->run[i].at;
		unsigned size = side->run[i].size;

		if (side->run[i].part != SP_PART_USER)
			continue;
		if (submode != SIZE_MAX)
			size = sector[submode] & SP_SUBMODE_FORM2 ? 2324 : 2048;
		return !user[0] && !memcmp(user, user + 1, size - 1);
	}
	return true;
}

/* Sectors one side alone stores. */
static void compare_only(struct compare_sink *c, const struct compare_side *side, bool only_b,
			 sp_lba lba, uint32_t count, const uint8_t *data)
{
	struct sp_compared *result = c->result;

	result->sectors += count;
	*(only_b ? &result->only_b : &result->only_a) += count;
	for (uint32_t i = 0; i < count; i++) {
		const bool blank = compare_blank(side, data + i * side->stride);
		const struct sp_difference found = {.lba = lba + i,
						    .count = 1,
						    .parts = blank ? 0 : SP_PART_USER,
						    .only_a = !only_b,
						    .only_b = only_b};

		result->blank += blank;
		compare_keep(result, &found);
	}
}

/* Is the main channel of this region of either side stored? */
static bool compare_stored(const struct sp_region *region)
{
	return region->stored && region->parts & SP_PART_MAIN;
}

static int compare_read(struct compare_sink *c, const struct sp_region *region, sp_lba lba,
			uint32_t count, struct sp_error *err)
{
	struct sp_span span = {.lba = lba,
			       .count = count,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = c->data,
			       .state = c->state};

	memset(c->state, 0, count * sizeof(c->state[0]));
	return sp_source_read(c->reference, &span, err);
}

static uint32_t compare_step(sp_lba from, sp_lba to)
{
	return to - from > COMPARE_BLOCK ? COMPARE_BLOCK : (uint32_t)(to - from);
}

/* What the reference stores before `until`, and nothing came for. */
static int compare_missed(struct compare_sink *c, sp_lba until, struct sp_error *err)
{
	const struct sp_disc *disc = c->reference->disc;

	for (size_t i = c->region; i < disc->regions && disc->region[i].lba < until; i++) {
		const struct sp_region *r = &disc->region[i];
		const sp_lba r_end = r->lba + (sp_lba)r->count, end = r_end < until ? r_end : until;
		struct compare_side side = {.mode = r->mode,
					    .parts = r->parts,
					    .stride = sp_sector_size(r->mode, r->parts)};

		c->region = i;
		if (!compare_stored(r))
			continue;
		compare_lay(&side, SP_USER_OFFSET1);
		for (sp_lba lba = r->lba > c->next ? r->lba : c->next; lba < end;) {
			const uint32_t count = compare_step(lba, end);
			const int rc = compare_read(c, r, lba, count, err);

			if (rc < 0)
				return rc;
			compare_only(c, &side, true, lba, count, c->data);
			lba += count;
		}
	}
	if (until > c->next)
		c->next = until;
	return 0;
}

/* One piece of a span, within one region of the reference (NULL: it has none there). */
static int compare_piece(struct compare_sink *c, const struct sp_span *span, sp_lba lba, sp_lba end,
			 const struct sp_region *region, struct sp_error *err)
{
	struct compare_pair pair;
	struct compare_side side = {
		.mode = span->mode, .parts = span->parts, .stride = span->stride};

	if (!region || !compare_stored(region)) {
		compare_lay(&side, SP_USER_OFFSET1);
		compare_only(c, &side, false, lba, (uint32_t)(end - lba),
			     span->data + (size_t)(lba - span->lba) * span->stride);
		return 0;
	}
	compare_match(&pair, span, region);
	while (lba < end) {
		const uint32_t count = compare_step(lba, end);
		const int rc = compare_read(c, region, lba, count, err);

		if (rc < 0)
			return rc;
		compare_both(c, &pair, lba, count,
			     span->data + (size_t)(lba - span->lba) * span->stride, c->data);
		lba += count;
	}
	return 0;
}

static int compare_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct compare_sink *c = (struct compare_sink *)sink;
	const struct sp_disc *disc = c->reference->disc;
	const sp_lba span_end = span->lba + span->count;
	int rc = compare_missed(c, span->lba, err);

	for (sp_lba lba = span->lba; !rc && lba < span_end;) {
		const struct sp_region *region = sp_disc_region(disc, lba);
		sp_lba end = span_end;

		if (region && region->lba + (sp_lba)region->count < end)
			end = region->lba + (sp_lba)region->count;
		/* before the reference's first sector: only as far as that */
		if (!region && disc->regions && disc->region[0].lba > lba &&
		    disc->region[0].lba < end)
			end = disc->region[0].lba;
		rc = compare_piece(c, span, lba, end, region, err);
		lba = end;
	}
	c->next = span_end;
	return rc;
}

/* Sub-channel is wanted where the reference has the same somewhere in that region. */
static unsigned compare_wants(struct sp_sink *sink, const struct sp_region *region)
{
	const struct compare_sink *c = (const struct compare_sink *)sink;
	const struct sp_disc *disc = c->reference->disc;
	const sp_lba end = region->lba + (sp_lba)region->count;
	unsigned sub = 0;

	if (!compare_stored(region))
		return 0;
	const struct sp_region *r = sp_disc_region(disc, region->lba);
	if (!r) /* it has sectors from further on, or none */
		r = disc->region;
	for (; r < disc->region + disc->regions && r->lba < end; r++)
		if (r->stored && region->lba < r->lba + (sp_lba)r->count)
			sub |= r->parts & (SP_PART_PW | SP_PART_Q);
	return region->parts & (SP_PART_MAIN | sub);
}

static int compare_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
			 struct sp_error *err)
{
	struct compare_sink *c = (struct compare_sink *)sink;
	size_t size = 1;

	(void)disc;
	(void)source;
	for (size_t i = 0; i < c->reference->disc->regions; i++) {
		const struct sp_region *r = &c->reference->disc->region[i];
		const size_t stride = sp_sector_size(r->mode, r->parts);

		size = stride > size ? stride : size;
	}
	c->data = malloc(size * COMPARE_BLOCK);
	return c->data ? 0 : sp_fail_memory(err);
}

static int compare_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct compare_sink *c = (struct compare_sink *)sink;
	const int rc = compare_missed(c, INT64_MAX, err);

	if (rc < 0)
		return rc;
	sp_compare_layout(disc, c->reference->disc, c->result->layout, sizeof(c->result->layout));
	return 0;
}

static void compare_close(struct sp_sink *sink)
{
	struct compare_sink *c = (struct compare_sink *)sink;

	free(c->data);
	free(c);
}

int sp_sink_compare(struct sp_sink **out, struct sp_source *reference, struct sp_compared *result,
		    struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = compare_wants,
					       .begin = compare_begin,
					       .write = compare_write,
					       .finish = compare_finish,
					       .close = compare_close};
	struct compare_sink *c = calloc(1, sizeof(*c));

	if (!c)
		return sp_fail_memory(err);
	c->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	c->reference = reference;
	c->result = result;
	c->next = INT64_MIN;
	*result = (struct sp_compared){0};
	*out = &c->sink;
	return 0;
}
