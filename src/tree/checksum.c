/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checksums a volume has of itself: isomd5sum's text in the volume descriptor, and the tags
 * libisofs writes behind descriptors, tree and session, each of which says where the next one is.
 */
#include "base/bytes.h"
#include "codec/digest.h"
#include "tree/fs.h"
#include "tree/inside.h"
#include "tree/isomd5.h"

#include <stdio.h>
#include <string.h>

enum {
	SUM_SECTOR = 2048,
	SUM_DESCRIPTORS = 64, /* sectors in which the descriptors end */
	SUM_FIRST = 32,       /* of the first session where sector 0's descriptors are a copy */
	SUM_TAG = 512,        /* bytes in which a tag ends */
	SUM_HOPS = 4,
};

/* --- texts --- */

/* What stands behind `key` in the text, NULL: it is not there. */
static const char *sum_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? at + strlen(key) : NULL;
}

/* A decimal number of 32 bits behind the key. */
static bool sum_number(const char *text, const char *key, uint32_t *value)
{
	const char *p = sum_after(text, key);
	uint64_t n = 0;

	if (!p || *p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9' && n <= UINT32_MAX; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	*value = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* `size` hexadecimal digits behind the key, in lower case. */
static bool sum_digits(const char *text, const char *key, char *out, size_t size)
{
	const char *p = sum_after(text, key);

	for (size_t i = 0; p && i < size; i++) {
		const char c = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] + 32) : p[i];
		if (!strchr("0123456789abcdef", c) || !c)
			return false;
		out[i] = c;
	}
	out[size] = '\0';
	return p;
}

static struct sp_checksum *sum_add(struct sp_checksums *list)
{
	return list->count < SP_CHECKSUMS ? &list->checksum[list->count++] : NULL;
}

/* --- isomd5sum --- */

/* The text of implantisomd5: the volume's size without the skipped sectors at its end is summed,
 * from the beginning of the image. */
static void sum_isomd5(struct sp_checksums *list, const uint8_t *d, uint64_t sector, uint64_t start)
{
	char text[ISOMD5_ROOM + 1], md5[33];
	uint32_t skip, pieces;
	const uint64_t blocks = get_be32(d + 84);

	memcpy(text, d + ISOMD5_FIELD, ISOMD5_ROOM);
	text[ISOMD5_ROOM] = '\0';
	if (!sum_digits(text, "ISO MD5SUM = ", md5, 32) ||
	    !sum_number(text, "SKIPSECTORS = ", &skip) || skip >= blocks)
		return;
	struct sp_checksum *sum = sum_add(list);
	if (!sum)
		return;
	*sum = (struct sp_checksum){.what = "isomd5sum",
				    .lba = (sp_lba)sector,
				    .start = start,
				    .size = (blocks - skip) * SUM_SECTOR,
				    .blank = sector * SUM_SECTOR + ISOMD5_FIELD};
	memcpy(sum->expected, md5, sizeof(md5));
	/* a small image has digits of fewer pieces than it says, and then spaces or the ";" */
	if (sum_number(text, "FRAGMENT COUNT = ", &pieces) && pieces && pieces <= ISOMD5_SUMS &&
	    sum_digits(text, "FRAGMENT SUMS = ", sum->piece, ISOMD5_SUMS))
		sum->pieces = pieces;
}

/* --- libisofs --- */

struct sum_tag {
	const char *what;
	uint64_t next; /* sector of the next one, or of a session; 0: none */
	bool copy;     /* `next` is a session */
};

/* 1: a tag, added to the list. 0: none; one that is damaged is counted. */
static int sum_tag(struct sp_checksums *list, struct sp_io *io, uint64_t sector,
		   struct sum_tag *tag, struct sp_error *err)
{
	static const struct {
		const char *mark, *what, *next;
	} kind[] = {{"libisofs_checksum_tag_v1 ", "libisofs session", NULL},
		    {"libisofs_sb_checksum_tag_v1 ", "libisofs superblock", "next="},
		    {"libisofs_tree_checksum_tag_v1 ", "libisofs tree", "next="},
		    {"libisofs_rlsb32_checksum_tag_v1 ", "libisofs relocated superblock",
		     "session_start="}};
	char text[SUM_TAG + 1], md5[33], self[33], own[65];
	uint32_t pos, start, size, next = 0;
	size_t k = 0;

	*tag = (struct sum_tag){0};
	if (!sp_range_ok(sector * SUM_SECTOR, SUM_TAG, io->size))
		return 0;
	const int r = sp_io_read(io, sector * SUM_SECTOR, text, SUM_TAG, err);
	if (r < 0)
		return r;
	text[SUM_TAG] = '\0';
	while (k < 4 && strncmp(text, kind[k].mark, strlen(kind[k].mark)) != 0)
		k++;
	if (k == 4)
		return 0;
	const char *end = sum_after(text, " md5=");
	const bool whole =
		sum_number(text, " pos=", &pos) && sum_number(text, " range_start=", &start) &&
		sum_number(text, " range_size=", &size) &&
		(!kind[k].next || sum_number(text, kind[k].next, &next)) &&
		sum_digits(text, " md5=", md5, 32) && sum_digits(text, " self=", self, 32) &&
		sp_digest_of(SP_DIGEST_MD5, text, (size_t)(end - text) + 32, own) &&
		!strcmp(own, self);
	/* one that says it lies elsewhere is a file's content, or moved with the volume */
	if (!whole) {
		if (!list->damaged++)
			list->first = (sp_lba)sector;
		return 0;
	}
	if (pos != sector || (uint64_t)start + size != sector)
		return 0;
	struct sp_checksum *sum = sum_add(list);
	if (!sum)
		return 0;
	*sum = (struct sp_checksum){.what = kind[k].what,
				    .lba = (sp_lba)sector,
				    .start = (uint64_t)start * SUM_SECTOR,
				    .size = (uint64_t)size * SUM_SECTOR};
	memcpy(sum->expected, md5, sizeof(md5));
	*tag = (struct sum_tag){.what = kind[k].what, .next = next, .copy = k == 3};
	return 1;
}

/* --- a volume --- */

/* The sector behind the descriptors of the volume that begins at `start`; 0: there is none. Its
 * primary descriptor is looked at on the way. */
static int sum_descriptors(struct sp_checksums *list, struct sp_io *io, uint64_t start,
			   uint64_t *behind, struct sp_error *err)
{
	uint8_t d[SUM_SECTOR];
	bool primary = false;

	*behind = 0;
	for (uint64_t i = start + 16; i < start + SUM_DESCRIPTORS; i++) {
		if (!sp_range_ok(i * SUM_SECTOR, SUM_SECTOR, io->size))
			return 0;
		const int r = sp_io_read(io, i * SUM_SECTOR, d, sizeof(d), err);
		if (r < 0)
			return r;
		if (memcmp(d + 1, "CD001", 5) != 0)
			return 0;
		if (d[0] == 1 && !primary)
			sum_isomd5(list, d, i, start * SUM_SECTOR);
		primary |= d[0] == 1;
		*behind = i + 1;
		if (d[0] == 255)
			return 0;
	}
	return 0;
}

/* *session: where the copied descriptors of sector 0 say that the session is; 0: they are none. */
static int sum_session(struct sp_checksums *list, struct sp_io *io, uint64_t start,
		       uint64_t *session, struct sp_error *err)
{
	uint64_t at;
	struct sum_tag tag;
	int r = sum_descriptors(list, io, start, &at, err);

	*session = 0;
	for (unsigned hop = 0; r >= 0 && at && hop < SUM_HOPS; hop++) {
		r = sum_tag(list, io, at, &tag, err);
		if (r <= 0)
			break;
		if (tag.copy)
			*session = tag.next;
		at = tag.copy || tag.next <= at ? 0 : tag.next;
	}
	return r < 0 ? r : 0;
}

/* Tags of a disc that is overwritten: sector 0 has a copy of the last session's descriptors, and
 * sessions begin at sector 32. */
static int sum_volume(struct sp_checksums *list, struct sp_io *io, uint64_t start,
		      struct sp_error *err)
{
	uint64_t session, none;
	int r = sum_session(list, io, start, &session, err);

	if (!r && session && session != start)
		r = sum_session(list, io, session, &none, err);
	if (!r && session && session != SUM_FIRST)
		r = sum_session(list, io, SUM_FIRST, &none, err);
	return r;
}

int sp_checksums_find(struct sp_checksums *list, struct sp_inside *inside, struct sp_error *err)
{
	const struct sp_disc *disc = sp_inside_source(inside)->disc;
	struct sp_io *io = sp_inside_io(inside);
	struct sp_inside_damage ignored;
	int r = 0;

	*list = (struct sp_checksums){0};
	for (size_t i = 0; i < disc->tracks && !r; i++) {
		const struct sp_track *track = &disc->track[i];
		/* of blocks, a volume that begins with the disk alone is summed in sectors */
		if (track->mode == SP_MODE_AUDIO || track->start < 0)
			continue;
		r = sum_volume(list, io, (uint64_t)track->start, err);
	}
	sp_inside_damage(inside, &ignored);
	return r;
}
