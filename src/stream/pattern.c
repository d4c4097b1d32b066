/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source whose every sector names its own LBA. */
#include "stream/pattern.h"

#include "base/bytes.h"
#include "disc/sector.h"

#include <stdlib.h>
#include <string.h>

struct pattern_source {
	struct sp_source source;
	uint32_t seed;
};

void sp_pattern_fill(uint32_t seed, sp_lba lba, uint8_t *data, size_t size)
{
	uint64_t x = ((uint64_t)seed << 32 ^ (uint64_t)lba) * 0x9e3779b97f4a7c15u | 1u;
	uint8_t word[8];

	for (size_t at = 0; at < size; at += 8) {
		put_le64(word, at ? x : (uint64_t)lba);
		memcpy(data + at, word, size - at < 8 ? size - at : 8);
		x ^= x << 13; /* xorshift64 */
		x ^= x >> 7;
		x ^= x << 17;
	}
}

/* Mixed XA alternates between its forms. */
static unsigned pattern_mode(unsigned mode, sp_lba lba)
{
	if (mode != SP_MODE_XA)
		return mode;
	return lba & 1 ? SP_MODE_XA_FORM2 : SP_MODE_XA_FORM1;
}

static int pattern_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct pattern_source *pattern = (const struct pattern_source *)src;
	const struct sp_region *region = sp_disc_region(src->disc, span->lba);
	uint8_t user[SP_RAW_SIZE];

	for (uint32_t i = 0; i < span->count; i++) {
		const sp_lba lba = span->lba + i;
		const unsigned mode = pattern_mode(span->mode, lba);
		uint8_t *sector = span->data + i * span->stride;

		if (!region || !region->stored) {
			memset(sector, 0, span->stride);
			span->state[i] |= SP_STATE_GENERATED;
			continue;
		}
		sp_pattern_fill(pattern->seed, lba, user, sp_sector_size(mode, SP_PART_USER));
		const int r = sp_sector_convert(src->disc, mode, SP_PART_USER, span->parts, lba, 1,
						user, sector, NULL, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void pattern_close(struct sp_source *src)
{
	sp_disc_free(src->disc);
	free(src);
}

int sp_pattern_source(struct sp_source **out, struct sp_disc *disc, uint32_t seed,
		      struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = pattern_read, .close = pattern_close};
	struct pattern_source *pattern = malloc(sizeof(*pattern));

	if (!pattern)
		return sp_fail_memory(err);
	*pattern = (struct pattern_source){{&ops, disc, 0}, seed};
	*out = &pattern->source;
	return 0;
}
