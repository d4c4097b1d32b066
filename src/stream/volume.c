/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which volume a data track holds, and how large the volume says it is. */
#include "stream/volume.h"

#include "base/bytes.h"
#include "disc/sector.h"

#include <spindle/stream.h>

#include <string.h>

enum { VOLUME_SECTOR = SP_VOLUME_SECTOR };

int sp_volume_sector(struct sp_source *src, sp_lba start, uint64_t count, uint64_t at,
		     uint8_t user[VOLUME_SECTOR], struct sp_error *err)
{
	const sp_lba lba = start + (sp_lba)at;
	const struct sp_region *region = at < count ? sp_disc_region(src->disc, lba) : NULL;
	uint8_t data[SP_RAW_SIZE + SP_C2_SIZE + SP_Q_SIZE + SP_SUB_SIZE];
	uint16_t state = 0;

	if (!region || !region->stored)
		return 0;
	/* mixed XA: framing stays on, the file system is in form 1 sectors */
	const unsigned keep =
		region->mode == SP_MODE_XA ? SP_PART_USER | SP_PART_ECC : SP_PART_USER;
	struct sp_span span = {.lba = lba,
			       .count = 1,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = data,
			       .state = &state};
	uint8_t kept[SP_RAW_SIZE];
	if (!span.stride || span.stride > sizeof(data) ||
	    sp_sector_size(region->mode, keep) < VOLUME_SECTOR || region->mode == SP_MODE_AUDIO)
		return 0;
	int r = sp_source_read(src, &span, err);
	if (!r)
		r = sp_sector_convert(NULL, region->mode, region->parts, keep, lba, 1, data, kept,
				      NULL, NULL, err);
	if (r < 0)
		return r;
	memcpy(user, kept, VOLUME_SECTOR);
	return 1;
}

static void volume_id(struct sp_volume *volume, const uint8_t *id, size_t size)
{
	while (size && (id[size - 1] == ' ' || id[size - 1] == 0))
		size--;
	memcpy(volume->id, id, size);
	volume->id[size] = '\0';
}

static void volume_grow(struct sp_volume *volume, uint64_t sectors)
{
	if (sectors > volume->sectors)
		volume->sectors = sectors;
}

/* ECMA-119 8.4 and the High Sierra draft: the same fields, eight bytes later. */
static void volume_iso(struct sp_volume *volume, const uint8_t *d, unsigned kind, size_t shift)
{
	const uint32_t blocks = get_le32(d + 80 + shift), block = get_le16(d + 128 + shift);

	if (volume->kinds & (SP_VOLUME_ISO9660 | SP_VOLUME_HIGH_SIERRA | SP_VOLUME_CDI))
		return;
	volume->kinds |= kind;
	volume_id(volume, d + 40 + shift, 32);
	if (block && block <= VOLUME_SECTOR)
		volume_grow(volume, ((uint64_t)blocks * block + VOLUME_SECTOR - 1) / VOLUME_SECTOR);
}

/* ECMA-167 3/7.2: the checksum of a descriptor tag, and where it says it lies. */
static bool volume_tag(const uint8_t *d, unsigned id, uint64_t at)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 16; i++)
		sum = (uint8_t)(sum + (i == 4 ? 0 : d[i]));
	return get_le16(d) == id && sum == d[4] && get_le32(d + 12) == at;
}

/* ECMA-167 3/10.5. Of a disc that is written once the partition reaches to the medium's end,
 * recorded or not. */
static void volume_partition(struct sp_volume *volume, const uint8_t *d)
{
	if (get_le32(d + 184) != 2)
		volume_grow(volume, (uint64_t)get_le32(d + 188) + get_le32(d + 192));
}

/* UDF 2.2.9: packets that were moved may lie behind the partition, up to the end. */
static bool volume_spares(const uint8_t *d)
{
	static const char name[] = "*UDF Sparable Partition";
	const size_t size = get_le32(d + 264), end = size < 1600 ? 440 + size : 440;

	/* 3/10.6.12: kind and size of each map; of the second kind a regid at byte 4 */
	for (size_t at = 440; end - at >= 64; at += d[at + 1]) {
		if (d[at] == 2 && !memcmp(d + at + 5, name, sizeof(name) - 1))
			return true;
		if (d[at + 1] < 2 || d[at + 1] > end - at)
			break;
	}
	return false;
}

/* 3/8.4.2.1: the anchors at the last sector and 256 before it are behind the partition. */
static int volume_end(struct sp_volume *volume, struct sp_source *src, sp_lba start, uint64_t count,
		      struct sp_error *err)
{
	enum { NEAR = 64 };
	const uint64_t end = volume->sectors;
	uint8_t d[VOLUME_SECTOR];
	int r = 1;

	for (uint64_t at = end; end && at < count && at < end + NEAR && r > 0; at++) {
		r = sp_volume_sector(src, start, count, at, d, err);
		if (r <= 0 || !volume_tag(d, 2, at))
			continue;
		volume_grow(volume, at + 1);
		r = sp_volume_sector(src, start, count, at + 256, d, err);
		if (r > 0 && volume_tag(d, 2, at + 256))
			volume_grow(volume, at + 257);
		break;
	}
	return r;
}

/* What the main volume descriptor sequence names, and where the volume ends. Its sectors have 2048
 * bytes, or nothing is told. */
static int volume_udf(struct sp_volume *volume, struct sp_source *src, sp_lba start, uint64_t count,
		      struct sp_error *err)
{
	uint8_t d[VOLUME_SECTOR];
	int r = sp_volume_sector(src, start, count, 256, d, err);

	if (r <= 0 || !volume_tag(d, 2, 256))
		return r;
	const uint64_t length = get_le32(d + 16) / VOLUME_SECTOR, first = get_le32(d + 20);
	for (uint64_t at = first; at < first + length && at < first + 64; at++) {
		r = sp_volume_sector(src, start, count, at, d, err);
		if (r <= 0)
			return r;
		if (volume_tag(d, 8, at))
			break;
		if (volume_tag(d, 5, at))
			volume_partition(volume, d);
		if (volume_tag(d, 6, at) && volume_spares(d))
			volume_grow(volume, count);
		/* primary: the identifier is a dstring whose last byte is its length */
		if (volume_tag(d, 1, at) && !volume->id[0] && d[24] == 8 && d[55] > 1 &&
		    d[55] <= 31)
			volume_id(volume, d + 25, d[55] - 1u);
	}
	return volume_end(volume, src, start, count, err);
}

/* Every descriptor of a recognition sequence has one of these names; the first that has not ends
 * it.
 */
static bool volume_descriptor(struct sp_volume *volume, const uint8_t *d)
{
	static const char *const other[] = {"CD001", "CD-I ", "BEA01", "TEA01", "BOOT2"};

	if (!memcmp(d, "\1CD001", 6))
		volume_iso(volume, d, SP_VOLUME_ISO9660, 0);
	else if (!memcmp(d, "\1CD-I ", 6))
		volume_iso(volume, d, SP_VOLUME_CDI, 0);
	else if (!memcmp(d + 8, "\1CDROM", 6))
		volume_iso(volume, d, SP_VOLUME_HIGH_SIERRA, 8);
	else if (!memcmp(d + 1, "NSR02", 5) || !memcmp(d + 1, "NSR03", 5))
		volume->kinds |= SP_VOLUME_UDF;
	else if (memcmp(d + 9, "CDROM", 5)) {
		for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
			if (!memcmp(d + 1, other[i], 5))
				return true;
		return false;
	}
	return true;
}

int sp_volume_find(struct sp_volume *volume, struct sp_source *src, sp_lba start, uint64_t count,
		   struct sp_error *err)
{
	enum { STEPS = 16 }; /* sectors of 32 KiB */
	uint8_t d[VOLUME_SECTOR];
	bool known = true;
	int r = 1;

	memset(volume, 0, sizeof(*volume));
	/* ECMA-167 2/8.3: one descriptor in each sector, where sectors are larger */
	for (uint64_t step = 1; step <= STEPS && known && !volume->kinds; step *= 2) {
		known = false;
		for (uint64_t i = 16; i < 64; i += step) {
			r = sp_volume_sector(src, start, count, i, d, err);
			if (r <= 0 || !volume_descriptor(volume, d))
				break;
			known = true;
		}
	}
	if (r >= 0 && volume->kinds & SP_VOLUME_UDF)
		r = volume_udf(volume, src, start, count, err);
	return r < 0 ? r : 0;
}
