/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volume descriptor sequences (3/8.4.2): which partitions there are and what the volume is
 * called. Each exists twice; what is damaged in one is taken from the other. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct volume_partition {
	uint32_t order; /* number of the descriptor: the highest prevails */
	unsigned number, access;
	uint32_t first, count; /* sectors */
};

struct volume {
	struct udf *u;
	bool loose; /* what is no descriptor does not end the sequence */
	uint8_t *block;
	uint8_t *logical; /* a logical volume descriptor; NULL: none yet */
	uint32_t logical_order, primary_order;
	bool primary;
	unsigned sequence; /* of this volume in its set */
	struct volume_partition partition[UDF_PARTS];
	unsigned partitions;
};

static int volume_text(struct udf *u, unsigned which, const uint8_t *field, size_t size,
		       struct sp_error *err)
{
	char *text = udf_dstring(field, size);

	if (!text)
		return sp_fail_memory(err);
	free(u->text[which]);
	u->text[which] = text;
	return 0;
}

static int volume_name(struct udf *u, unsigned which, const uint8_t *regid, struct sp_error *err)
{
	size_t size = 23;

	while (size && (!regid[size] || regid[size] == ' '))
		size--;
	char *text = sp_fs_bytes(regid + 1, size);
	if (!text)
		return sp_fail_memory(err);
	free(u->text[which]);
	u->text[which] = text;
	return 0;
}

/* 3/10.1 */
static int volume_primary(struct volume *v, const uint8_t *d, struct sp_error *err)
{
	struct udf *u = v->u;

	if (v->primary && get_le32(d + 16) < v->primary_order)
		return 0;
	v->primary = true;
	v->primary_order = get_le32(d + 16);
	v->sequence = get_le16(d + 56);
	u->recorded = udf_time(d + 376);
	int r = volume_text(u, UDF_TEXT_VOLUME, d + 24, 32, err);
	if (!r)
		r = volume_text(u, UDF_TEXT_SET, d + 72, 128, err);
	if (!r)
		r = volume_name(u, UDF_TEXT_APPLICATION, d + 344, err);
	return r ? r : volume_name(u, UDF_TEXT_IMPLEMENTATION, d + 388, err);
}

/* 3/10.5 */
static void volume_partition(struct volume *v, const uint8_t *d)
{
	const unsigned number = get_le16(d + 22);
	unsigned i = 0;

	while (i < v->partitions && v->partition[i].number != number)
		i++;
	if (i == UDF_PARTS) {
		sp_fs_odd(&v->u->fs, "more than %u partition descriptors", UDF_PARTS);
		return;
	}
	if (i < v->partitions && get_le32(d + 16) < v->partition[i].order)
		return;
	if (i == v->partitions)
		v->partitions++;
	v->partition[i] = (struct volume_partition){
		.order = get_le32(d + 16),
		.number = number,
		.access = get_le32(d + 184),
		.first = get_le32(d + 188),
		.count = get_le32(d + 192),
	};
}

/* 3/10.6 */
static int volume_logical(struct volume *v, const uint8_t *d, struct sp_error *err)
{
	if (v->logical && get_le32(d + 16) < v->logical_order)
		return 0;
	if (!v->logical)
		v->logical = malloc(v->u->sector);
	if (!v->logical)
		return sp_fail_memory(err);
	v->logical_order = get_le32(d + 16);
	memcpy(v->logical, d, v->u->sector);
	return 0;
}

/* One descriptor of a sequence: 1: go on, 0: it was the last, 2: *next is where it goes on. */
static int volume_descriptor(struct volume *v, uint64_t sector, struct udf_extent *next,
			     struct sp_error *err)
{
	struct udf *u = v->u;
	uint8_t *d = v->block;
	const unsigned state = udf_tag(d, u->sector, -1, (int64_t)sector);

	if (state != UDF_TAG_GOOD && v->loose)
		return 1;
	if (state == UDF_TAG_BLANK)
		return 0;
	if (state != UDF_TAG_GOOD) {
		sp_fs_damaged(&u->fs, "sector %llu: the volume descriptor %s",
			      (unsigned long long)sector, udf_tag_text(state));
		return 1;
	}
	int r = 0;
	switch (get_le16(d)) {
	case UDF_TAG_PRIMARY:
		r = volume_primary(v, d, err);
		break;
	case UDF_TAG_PARTITION:
		volume_partition(v, d);
		break;
	case UDF_TAG_LOGICAL:
		r = volume_logical(v, d, err);
		break;
	case UDF_TAG_POINTER:
		*next = (struct udf_extent){get_le32(d + 20), get_le32(d + 24)};
		return v->loose ? 1 : 2;
	case UDF_TAG_TERMINATING:
		return v->loose;
	default:
		break;
	}
	return r < 0 ? r : 1;
}

static int volume_sequence(struct volume *v, struct udf_extent extent, const char *name,
			   struct sp_error *err)
{
	struct udf *u = v->u;
	unsigned budget = UDF_SEQUENCE;

	for (unsigned hop = 0; hop < UDF_CHAIN; hop++) {
		const uint64_t count = extent.size / u->sector;
		int r = 0;

		for (uint64_t i = 0; i < count; i++) {
			const uint64_t sector = extent.at + i;

			if (!budget--) {
				sp_fs_odd(&u->fs, "the %s volume descriptor sequence does not end",
					  name);
				return 0;
			}
			r = sp_fs_read(&u->fs, u->base + sector * u->sector, v->block, u->sector,
				       NULL);
			if (udf_fatal(r))
				return sp_fail(err, r, "sector %llu: cannot be read",
					       (unsigned long long)sector);
			if (r < 0) {
				if (!v->loose)
					sp_fs_damaged(&u->fs,
						      "sector %llu: the volume descriptor cannot "
						      "be read",
						      (unsigned long long)sector);
				r = 1;
				continue;
			}
			r = volume_descriptor(v, sector, &extent, err);
			if (r != 1)
				break;
		}
		if (r != 2)
			return r < 0 ? r : 0;
	}
	sp_fs_odd(&u->fs, "the %s volume descriptor sequence is in more than %u pieces", name,
		  UDF_CHAIN);
	return 0;
}

static const struct volume_partition *volume_find(const struct volume *v, unsigned number)
{
	for (unsigned i = 0; i < v->partitions; i++)
		if (v->partition[i].number == number)
			return &v->partition[i];
	return NULL;
}

/* 3/10.7 and UDF 2.2.8 to 2.2.10. */
static void volume_map(struct volume *v, const uint8_t *map, size_t size)
{
	struct udf *u = v->u;
	struct udf_part *part = &u->part[u->parts];
	const unsigned index = u->parts++;
	const bool plain = map[0] == 1 && size >= 6;

	*part = (struct udf_part){0};
	if (!plain && (map[0] != 2 || size < 64)) {
		sp_fs_damaged(&u->fs, "partition map %u: of kind %u, which is not known", index,
			      map[0]);
		return;
	}
	const unsigned sequence = get_le16(map + (plain ? 2 : 36));
	part->number = get_le16(map + (plain ? 4 : 38));
	const struct volume_partition *p = volume_find(v, part->number);
	if (!p) {
		sp_fs_damaged(&u->fs, "partition map %u: partition %u has no descriptor", index,
			      part->number);
		return;
	}
	/* a volume of a set has descriptors of its own partitions alone, so the number is wrong */
	if (v->primary && v->sequence && sequence != v->sequence)
		sp_fs_odd(&u->fs,
			  "partition map %u: of volume %u of the set, and this is volume %u", index,
			  sequence, v->sequence);
	part->access = p->access;
	part->at = u->base + (uint64_t)p->first * u->sector;
	part->blocks = (uint64_t)p->count * u->sector / u->block;
	if (plain) {
		part->kind = UDF_PART_PLAIN;
	} else if (udf_is(map + 4, "*UDF Virtual Partition")) {
		part->kind = UDF_PART_VIRTUAL;
	} else if (udf_is(map + 4, "*UDF Sparable Partition")) {
		part->kind = UDF_PART_SPARABLE;
		part->packet = get_le16(map + 40);
		part->files = map[42] < 4 ? map[42] : 4;
		for (unsigned i = 0; i < 4; i++)
			part->file[i] = get_le32(map + 48 + 4 * i);
	} else if (udf_is(map + 4, "*UDF Metadata Partition")) {
		part->kind = UDF_PART_METADATA;
		part->file[0] = get_le32(map + 40);
		part->file[1] = get_le32(map + 44);
		part->twice = map[58] & 1;
	} else {
		sp_fs_damaged(&u->fs, "partition map %u: a kind that is not known: %.23s", index,
			      (const char *)map + 5);
	}
}

static int volume_maps(struct volume *v, struct sp_error *err)
{
	struct udf *u = v->u;
	const uint8_t *d = v->logical;
	const uint32_t size = get_le32(d + 264), count = get_le32(d + 268);

	u->block = get_le32(d + 212);
	if (u->block < UDF_BLOCK_MIN || u->block > UDF_BLOCK_MAX || u->block & (u->block - 1))
		return sp_fail(err, SP_ERR_FORMAT, "UDF: logical blocks of %u bytes", u->block);
	if (size > u->sector - 440)
		return sp_fail(err, SP_ERR_FORMAT,
			       "UDF: the partition maps are longer than their descriptor");
	uint32_t at = 0;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *map = d + 440 + at;

		if (size - at < 2 || map[1] < 2 || map[1] > size - at) {
			sp_fs_damaged(&u->fs, "partition map %u: is not there whole", i);
			return 0;
		}
		if (u->parts == UDF_PARTS) {
			sp_fs_damaged(&u->fs, "more than %u partition maps", UDF_PARTS);
			return 0;
		}
		volume_map(v, map, map[1]);
		at += map[1];
	}
	return 0;
}

/* 3/10.10: the last of a chain of descriptors counts. */
static void volume_integrity(struct udf *u, struct udf_extent extent, uint8_t *d)
{
	for (unsigned hop = 0; hop < UDF_CHAIN * 16 && extent.size >= u->sector; hop++) {
		if (sp_fs_read(&u->fs, u->base + (uint64_t)extent.at * u->sector, d, u->sector,
			       NULL) < 0)
			break;
		const unsigned state = udf_tag(d, u->sector, UDF_TAG_INTEGRITY, extent.at);
		if (state != UDF_TAG_GOOD) {
			if (state != UDF_TAG_BLANK && state != UDF_TAG_OTHER)
				sp_fs_odd(&u->fs, "sector %u: the integrity descriptor %s",
					  extent.at, udf_tag_text(state));
			break;
		}
		struct udf_integrity *now = &u->integrity;
		const uint64_t parts = get_le32(d + 72), use = get_le32(d + 76);
		*now = (struct udf_integrity){
			.known = true, .closed = get_le32(d + 28) == 1, .time = udf_time(d + 16)};
		for (uint64_t i = 0; i < parts && 80 + 8 * parts <= u->sector; i++) {
			const uint32_t left = get_le32(d + 80 + 4 * i);

			now->free += left == UINT32_MAX ? 0 : left;
			now->size += get_le32(d + 80 + 4 * (parts + i));
		}
		if (use >= 46 && 80 + 8 * parts + 46 <= u->sector) {
			const uint8_t *p = d + 80 + 8 * parts + 32;

			now->counted = true;
			now->files = get_le32(p);
			now->folders = get_le32(p + 4);
			now->read = get_le16(p + 8);
			now->write = get_le16(p + 10);
		}
		/* the next may stand behind this one in the same extent */
		if (get_le32(d + 32))
			extent = (struct udf_extent){get_le32(d + 32), get_le32(d + 36)};
		else
			extent = (struct udf_extent){extent.size - u->sector, extent.at + 1};
	}
}

static bool volume_whole(const struct volume *v)
{
	return v->logical && v->primary && v->partitions;
}

static int volume_read(struct volume *v, const struct udf_anchor *anchor, struct sp_error *err)
{
	int r = volume_sequence(v, anchor->main, "main", err);

	if (!r && !volume_whole(v) && anchor->reserve.size) {
		sp_fs_odd(&v->u->fs, "the main volume descriptor sequence is incomplete: the "
				     "reserve one is used");
		r = volume_sequence(v, anchor->reserve, "reserve", err);
	}
	return r;
}

int udf_volume_open(struct udf *u, const struct udf_anchor *anchor, struct udf_long *set,
		    struct sp_error *err)
{
	struct volume v = {.u = u, .loose = anchor->guessed, .block = malloc(u->sector)};
	int r = v.block ? volume_read(&v, anchor, err) : sp_fail_memory(err);

	if (!r && !v.logical)
		r = sp_fail(err, SP_ERR_FORMAT,
			    "UDF: no logical volume descriptor in sectors %u and %u and behind",
			    anchor->main.at, anchor->reserve.at);
	if (!r)
		r = volume_maps(&v, err);
	if (!r) {
		const uint8_t *d = v.logical;

		*set = udf_long(d + 248);
		if (udf_is(d + 216, "*OSTA UDF Compliant"))
			u->revision = get_le16(d + 240);
		u->fs.label = udf_dstring(d + 84, 128);
		if (!u->fs.label)
			r = sp_fail_memory(err);
		else
			volume_integrity(u,
					 (struct udf_extent){get_le32(d + 432), get_le32(d + 436)},
					 v.block);
	}
	free(v.logical);
	free(v.block);
	return r;
}
