/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether there is a UDF volume, of which sector size, and where its descriptors are: anchors. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <string.h>

struct anchor_search {
	const struct sp_fs_volume *volume;
	uint64_t base;
	uint32_t sector;
	uint8_t block[UDF_BLOCK_MIN];
};

/* 3/10.2: at sectors 256, N - 256 and N; 512 while a disc is not closed (UDF 2.2.3). */
static int anchor_try(struct anchor_search *s, uint64_t at, struct udf_anchor *anchor,
		      struct sp_error *err)
{
	const struct sp_fs_volume *v = s->volume;
	const uint64_t byte = at * s->sector;

	if (at > UINT32_MAX || !sp_add_ok(s->base, byte, &(uint64_t){0}) ||
	    s->base + byte < v->start ||
	    !sp_range_ok(s->base + byte - v->start, s->sector, v->size))
		return 0;
	int r = sp_io_read(v->io, s->base + byte, s->block, sizeof(s->block), err);
	if (r < 0)
		return udf_fatal(r) ? r : 0;
	if (udf_tag(s->block, sizeof(s->block), UDF_TAG_ANCHOR, (int64_t)at) != UDF_TAG_GOOD)
		return 0;
	*anchor = (struct udf_anchor){
		.base = s->base,
		.sector = s->sector,
		.at = at,
		.main = {get_le32(s->block + 16), get_le32(s->block + 20)},
		.reserve = {get_le32(s->block + 24), get_le32(s->block + 28)},
	};
	return 1;
}

/* Where a volume that ends with sector `last` has an anchor near its end. */
static int anchor_try_end(struct anchor_search *s, uint64_t last, struct udf_anchor *anchor,
			  struct sp_error *err)
{
	/* a drive may count the two run-out sectors of a track, or the 150 of a pregap that was
	 * taken for part of it; smaller sectors may not fill the disc's last one */
	static const unsigned back[] = {0, 1, 2, 3, 150, 151, 152};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(back) / sizeof(back[0]); i++) {
		if (back[i] > last)
			break;
		r = anchor_try(s, last - back[i], anchor, err);
		if (!r && last - back[i] >= 256)
			r = anchor_try(s, last - back[i] - 256, anchor, err);
	}
	return r;
}

/* With this sector size, counted from the disc's beginning or the volume's. */
static int anchor_search(struct anchor_search *s, struct udf_anchor *anchor,
			 struct udf_anchor *other, struct sp_error *err)
{
	const uint64_t first = (s->volume->start - s->base) / s->sector;
	const uint64_t count = s->volume->size / s->sector;
	struct udf_anchor end = {0};

	if (count < 2)
		return 0;
	int r = anchor_try(s, first + 256, anchor, err);
	if (r < 0)
		return r;
	const int at_end = anchor_try_end(s, first + count - 1, &end, err);
	if (at_end < 0)
		return at_end;
	if (r && at_end && other && memcmp(&end.main, &anchor->main, sizeof(end.main)) != 0)
		*other = end;
	if (!r && at_end) {
		*anchor = end;
		r = 1;
	}
	return r ? r : anchor_try(s, first + 512, anchor, err);
}

/* 2/9: descriptors of 2048 bytes, or one in each larger sector, from byte 32768 on. *step is how
 * far they are apart; 0: there are none. */
static int anchor_recognise(const struct sp_fs_volume *volume, uint32_t *step, struct sp_error *err)
{
	enum { FIRST = 32768, MOST = 64 };
	uint8_t head[8];

	for (*step = 2048; *step <= UDF_BLOCK_MAX; *step *= 2)
		for (unsigned i = 0; i < MOST; i++) {
			const uint64_t at = FIRST + (uint64_t)i * *step;

			if (!sp_range_ok(at, sizeof(head), volume->size))
				break;
			const int r =
				sp_io_read(volume->io, volume->start + at, head, sizeof(head), err);
			if (udf_fatal(r))
				return r;
			if (r < 0)
				break;
			if (!memcmp(head + 1, "NSR02", 5) || !memcmp(head + 1, "NSR03", 5))
				return 0;
			if (memcmp(head + 1, "CD001", 5) != 0 &&
			    memcmp(head + 1, "BEA01", 5) != 0 &&
			    memcmp(head + 1, "BOOT2", 5) != 0 && memcmp(head + 1, "CDW02", 5) != 0)
				break;
		}
	*step = 0;
	return 0;
}

int udf_recognised(const struct sp_fs_volume *volume, struct sp_error *err)
{
	uint32_t step;
	const int r = anchor_recognise(volume, &step, err);

	return r < 0 ? r : step > 0;
}

int udf_anchor_find(const struct sp_fs_volume *volume, struct udf_anchor *anchor,
		    struct udf_anchor *other, struct sp_error *err)
{
	static const uint32_t sizes[] = {2048, 512, 4096, 1024, 8192, 16384, UDF_BLOCK_MAX};
	enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
	struct anchor_search s = {.volume = volume};
	uint32_t step;
	int r = anchor_recognise(volume, &step, err);

	if (other)
		*other = (struct udf_anchor){0};
	/* first the sizes that go with how the descriptors at byte 32768 lie: there may be a
	 * leftover of another volume */
	for (unsigned i = 0; !r && i < 2 * SIZES; i++) {
		s.sector = sizes[i % SIZES];
		if ((step == (s.sector < 2048 ? 2048 : s.sector)) != (i < SIZES))
			continue;
		s.base = 0;
		if (volume->start % s.sector == 0)
			r = anchor_search(&s, anchor, other, err);
		s.base = volume->start;
		if (!r && volume->start)
			r = anchor_search(&s, anchor, other, err);
	}
	return r;
}
