/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checksums of an image's parts, taken from what a pass over the disk reads anyway. */
#include "formats/dmg.h"

#include "codec/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROOF_PIECE = 1 << 20 };

struct proof_part {
	const struct dmg_part *part;
	uint64_t at, end; /* bytes of the disk */
	uint64_t fed;     /* to where the digest has them */
	size_t ignore;    /* first range that ends behind `fed` */
	struct sp_digest_state *digest;
	unsigned kind;
};

struct dmg_proof {
	const struct dmg_map *map;
	struct proof_part *part; /* those with a checksum that is known, ascending */
	size_t parts;
};

static int proof_compare(const void *a, const void *b)
{
	const struct proof_part *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int proof_begin(const struct dmg_proof *proof, struct proof_part *part, struct sp_error *err)
{
	const struct dmg_map *map = proof->map;
	size_t low = 0, high = map->ignores;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (map->ignore[mid].at + map->ignore[mid].size <= part->at)
			low = mid + 1;
		else
			high = mid;
	}
	part->ignore = low;
	part->fed = part->at;
	part->digest = sp_digest_new(part->kind);
	return part->digest ? 0 : sp_fail_memory(err);
}

int dmg_proof_new(struct dmg_proof **out, const struct dmg_map *map, struct sp_error *err)
{
	struct dmg_proof *proof = calloc(1, sizeof(*proof));
	int r = 0;

	*out = NULL;
	if (proof)
		proof->part = calloc(map->parts ? map->parts : 1, sizeof(proof->part[0]));
	if (!proof || !proof->part) {
		free(proof);
		return sp_fail_memory(err);
	}
	proof->map = map;
	for (size_t i = 0; i < map->parts && !r; i++) {
		const struct dmg_part *part = &map->part[i];
		struct proof_part *mine = &proof->part[proof->parts];

		if (!dmg_sum_digest(&part->sum, &mine->kind))
			continue;
		mine->part = part;
		mine->at = part->first * DMG_BLOCK;
		mine->end = mine->at + part->count * DMG_BLOCK;
		proof->parts++;
		r = proof_begin(proof, mine, err);
	}
	if (r < 0) {
		dmg_proof_free(proof);
		return r;
	}
	qsort(proof->part, proof->parts, sizeof(proof->part[0]), proof_compare);
	*out = proof;
	return 0;
}

void dmg_proof_free(struct dmg_proof *proof)
{
	uint8_t unused[SP_DIGEST_MAX_SIZE];

	for (size_t i = 0; proof && i < proof->parts; i++)
		sp_digest_final(proof->part[i].digest, unused);
	if (proof)
		free(proof->part);
	free(proof);
}

/* How far from `fed` on the same is to be said of bytes: counted or ignored. */
static uint64_t proof_run(const struct dmg_proof *proof, struct proof_part *part, bool *counts)
{
	const struct dmg_map *map = proof->map;

	while (part->ignore < map->ignores &&
	       map->ignore[part->ignore].at + map->ignore[part->ignore].size <= part->fed)
		part->ignore++;
	*counts = part->ignore == map->ignores || map->ignore[part->ignore].at > part->fed;
	if (part->ignore == map->ignores)
		return part->end;
	const struct dmg_range *range = &map->ignore[part->ignore];
	const uint64_t end = *counts ? range->at : range->at + range->size;
	return end < part->end ? end : part->end;
}

/* Bytes from `at` to `end`, of which `fed` is the first or a later one. */
static void proof_take(const struct dmg_proof *proof, struct proof_part *part, uint64_t at,
		       uint64_t end, const uint8_t *data)
{
	while (part->fed < end) {
		bool counts;
		uint64_t stop = proof_run(proof, part, &counts);

		stop = stop < end ? stop : end;
		if (counts)
			sp_digest_update(part->digest, data + (part->fed - at),
					 (size_t)(stop - part->fed));
		part->fed = stop;
	}
}

void dmg_proof_feed(struct dmg_proof *proof, uint64_t at, const uint8_t *data, size_t size)
{
	const uint64_t end = at + size;
	size_t low = 0, high = proof->parts;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (proof->part[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < proof->parts && proof->part[low].at < end; low++) {
		struct proof_part *part = &proof->part[low];

		if (part->digest && at <= part->fed)
			proof_take(proof, part, at, end < part->end ? end : part->end, data);
	}
}

/* Read what did not go by; what is ignored needs no reading. */
static int proof_complete(struct dmg_proof *proof, struct proof_part *part, struct sp_io *disk,
			  uint8_t *piece, struct sp_error *err)
{
	while (part->fed < part->end) {
		bool counts;
		uint64_t stop = proof_run(proof, part, &counts);

		if (!counts) {
			part->fed = stop;
			continue;
		}
		if (stop - part->fed > PROOF_PIECE)
			stop = part->fed + PROOF_PIECE;
		const int r = sp_io_read(disk, part->fed, piece, (size_t)(stop - part->fed), err);
		if (r < 0)
			return r;
		proof_take(proof, part, part->fed, stop, piece);
	}
	return 0;
}

void dmg_tell(sp_proof_fn *fn, void *user, const char *what, const uint8_t *expected,
	      const uint8_t *found, size_t size)
{
	char text[2][2 * SP_DIGEST_MAX_SIZE + 1] = {"", ""};

	for (size_t i = 0; i < size && i < SP_DIGEST_MAX_SIZE; i++) {
		snprintf(text[0] + 2 * i, 3, "%02x", expected[i]);
		snprintf(text[1] + 2 * i, 3, "%02x", found[i]);
	}
	fn(user, &(struct sp_proof){.what = what,
				    .expected = text[0],
				    .found = text[1],
				    .ok = !memcmp(expected, found, size)});
}

static int proof_tell_part(struct dmg_proof *proof, struct proof_part *part, struct sp_io *disk,
			   uint8_t *piece, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	uint8_t found[SP_DIGEST_MAX_SIZE];
	char what[224], name[32];
	int r = part->digest ? 0 : proof_begin(proof, part, err); /* it was told before */

	if (!r)
		r = proof_complete(proof, part, disk, piece, err);
	if (r < 0)
		return r;
	const size_t size = sp_digest_final(part->digest, found);
	part->digest = NULL;
	if (size != part->part->sum.size)
		return sp_fail_memory(err);
	snprintf(what, sizeof(what), "%s of %s", dmg_sum_name(&part->part->sum, name),
		 part->part->name[0] ? part->part->name : "a block map without a name");
	dmg_tell(fn, user, what, part->part->sum.value, found, size);
	return 0;
}

/* Over the parts' checksums as they are stored, in the order of the file. */
static int proof_tell_master(const struct dmg_map *map, const struct dmg_sum *master,
			     sp_proof_fn *fn, void *user, struct sp_error *err)
{
	uint8_t found[SP_DIGEST_MAX_SIZE];
	char what[64], name[32];
	unsigned kind;

	if (!dmg_sum_digest(master, &kind))
		return 0;
	struct sp_digest_state *digest = sp_digest_new(kind);
	if (!digest)
		return sp_fail_memory(err);
	for (size_t i = 0; i < map->parts; i++)
		if (map->part[i].sum.type)
			sp_digest_update(digest, map->part[i].sum.value, map->part[i].sum.size);
	if (sp_digest_final(digest, found) != master->size)
		return sp_fail_memory(err);
	snprintf(what, sizeof(what), "master %s", dmg_sum_name(master, name));
	dmg_tell(fn, user, what, master->value, found, master->size);
	return 0;
}

int dmg_proof_tell(struct dmg_proof *proof, struct sp_io *disk, const struct dmg_koly *koly,
		   sp_proof_fn *fn, void *user, struct sp_error *err)
{
	uint8_t *piece = malloc(PROOF_PIECE);
	int r = piece ? 0 : sp_fail_memory(err);

	for (size_t i = 0; i < proof->parts && !r; i++)
		r = proof_tell_part(proof, &proof->part[i], disk, piece, fn, user, err);
	if (!r)
		r = proof_tell_master(proof->map, &koly->master, fn, user, err);
	free(piece);
	return r;
}
