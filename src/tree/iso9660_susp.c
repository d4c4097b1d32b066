/* SPDX-License-Identifier: GPL-3.0-or-later */
/* System use fields of ISO 9660 records: SUSP and what Rock Ridge puts in them. Continuation areas
 * are followed so often and so far, and no further. */
#include "tree/iso9660.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	SUSP_HOPS = 64,      /* continuation areas of one record */
	SUSP_BYTES = 131072, /* in all of them */
	SUSP_NAME = 1024,
	SUSP_TARGET = 4096,
};

/* A growing text of a bounded length. */
struct text {
	char *at;
	size_t size, most;
	bool cut, failed;
};

static void text_add(struct text *text, const void *data, size_t size)
{
	if (size > text->most - text->size) {
		text->cut = true;
		return;
	}
	char *more = realloc(text->at, text->size + size + 1);
	if (!more) {
		text->failed = true;
		return;
	}
	text->at = more;
	memcpy(more + text->size, data, size);
	text->size += size;
	more[text->size] = '\0';
}

/* The text as a name; NULL with *failed unset: there is none. */
static char *text_name(struct text *text, bool *failed)
{
	char *name = text->at ? sp_fs_bytes((const uint8_t *)text->at, text->size) : NULL;

	*failed |= text->failed || (text->at && !name);
	free(text->at);
	text->at = NULL;
	return name;
}

/* A walk over the fields of a record and its continuation areas. */
struct walk {
	struct iso *iso;
	const uint8_t *data;
	size_t size, at;
	uint8_t *more;    /* the continuation area being walked */
	uint64_t next[3]; /* CE seen in this one: block, offset, size; 0: none */
	unsigned hops;
	size_t bytes;
	uint64_t sector; /* for notes */
	bool failed;     /* no memory */
};

static void walk_begin(struct walk *walk, struct iso *iso, const struct iso_record *record,
		       unsigned skip)
{
	*walk = (struct walk){.iso = iso,
			      .data = record->use,
			      .size = record->use_size,
			      .at = skip < record->use_size ? skip : record->use_size,
			      .sector = record->at / ISO_SECTOR};
}

static void walk_end(struct walk *walk)
{
	free(walk->more);
}

/* Go on in the continuation area; false: there is none that can be read. */
static bool walk_continue(struct walk *walk)
{
	const uint64_t size = walk->next[2], offset = walk->next[1];
	uint64_t at;

	if (!size)
		return false;
	if (walk->hops >= SUSP_HOPS || size > SUSP_BYTES - walk->bytes) {
		sp_fs_damaged(&walk->iso->fs,
			      "sector %llu: system use fields go on and on; the rest is left out",
			      (unsigned long long)walk->sector);
		return false;
	}
	struct sp_error err;
	uint8_t *more = malloc(size);
	walk->failed |= !more;
	if (!more)
		return false;
	if (offset >= ISO_SECTOR || !iso_place(walk->iso, walk->next[0], offset + size, &at) ||
	    sp_fs_read(&walk->iso->fs, at + offset, more, size, &err) < 0) {
		sp_fs_damaged(&walk->iso->fs,
			      "sector %llu: system use fields that go on where nothing can be read",
			      (unsigned long long)walk->sector);
		free(more);
		return false;
	}
	free(walk->more);
	walk->more = more;
	walk->data = more;
	walk->size = size;
	walk->at = 0;
	walk->hops++;
	walk->bytes += size;
	walk->next[2] = 0;
	return true;
}

/* The next field, of *size bytes with its 4-byte head; NULL: none. */
static const uint8_t *walk_next(struct walk *walk, size_t *size)
{
	for (;;) {
		const size_t left = walk->size - walk->at;
		const uint8_t *field = walk->data + walk->at;

		/* a byte may pad the record; old writers leave zeros */
		if (left < 4 || !field[0] || field[2] < 4 || field[2] > left ||
		    !memcmp(field, "ST", 2)) {
			if (left >= 4 && field[0] && (field[2] < 4 || field[2] > left))
				sp_fs_damaged(&walk->iso->fs,
					      "sector %llu: a system use field of a wrong length",
					      (unsigned long long)walk->sector);
			if (!walk_continue(walk))
				return NULL;
			continue;
		}
		walk->at += field[2];
		if (!memcmp(field, "CE", 2) && field[2] >= 28) {
			walk->next[0] = get_le32(field + 4);
			walk->next[1] = get_le32(field + 12);
			walk->next[2] = get_le32(field + 20);
			continue;
		}
		*size = field[2];
		return field;
	}
}

bool iso_date7(struct sp_time *time, const uint8_t *d, bool zone)
{
	return sp_fs_time(time, 1900 + d[0], d[1], d[2], d[3], d[4], d[5],
			  zone ? (int8_t)d[6] * 15 : 0);
}

bool iso_date17(struct sp_time *time, const uint8_t *d)
{
	unsigned v[7];
	static const uint8_t digits[] = {4, 2, 2, 2, 2, 2, 2};

	*time = (struct sp_time){0};
	for (size_t i = 0, at = 0; i < 7; i++) {
		v[i] = 0;
		for (size_t n = 0; n < digits[i]; n++, at++) {
			if (d[at] < '0' || d[at] > '9')
				return false;
			v[i] = v[i] * 10 + (unsigned)(d[at] - '0');
		}
	}
	if (!sp_fs_time(time, v[0], v[1], v[2], v[3], v[4], v[5], (int8_t)d[16] * 15))
		return false;
	time->nanoseconds = v[6] * 10000000u;
	return true;
}

/* RRIP 4.1.6: the times there are, in this order. */
static void susp_times(struct sp_node *node, const uint8_t *field, size_t size)
{
	static const int8_t which[] = {SP_TIME_CREATED, SP_TIME_MODIFIED, SP_TIME_ACCESSED,
				       SP_TIME_CHANGED};
	const size_t width = field[4] & 0x80 ? 17 : 7;
	size_t at = 5;

	for (unsigned bit = 0; bit < 7; bit++) {
		struct sp_time time;
		if (!(field[4] >> bit & 1))
			continue;
		if (size - at < width)
			return;
		const bool known = width == 17 ? iso_date17(&time, field + at)
					       : iso_date7(&time, field + at, true);
		if (bit < sizeof(which) && known)
			node->time[which[bit]] = time;
		at += width;
	}
}

/* RRIP 4.1.3.1: components of a link; `joined` says that the last one is not complete. */
static void susp_link(struct text *text, bool *joined, const uint8_t *p, size_t size)
{
	while (size >= 2 && p[1] <= size - 2) {
		const unsigned flags = p[0];

		if (!*joined && text->size && text->at[text->size - 1] != '/')
			text_add(text, "/", 1);
		if (flags & 8 || flags & 16)
			text_add(text, "/", 1);
		else if (flags & 4)
			text_add(text, "..", 2);
		else if (flags & 2)
			text_add(text, ".", 1);
		else
			text_add(text, p + 2, p[1]);
		*joined = flags & 1;
		size -= 2u + p[1];
		p += 2 + p[1];
	}
}

static void susp_mode(struct iso_susp *susp, const uint8_t *field, size_t size)
{
	const uint32_t mode = get_le32(field + 4);

	susp->has_mode = true;
	susp->file_type = mode & 0170000;
	susp->node.mode = mode & 07777;
	susp->node.links = get_le32(field + 12);
	susp->node.uid = get_le32(field + 20);
	susp->node.gid = get_le32(field + 28);
	susp->serial = size >= 44 ? get_le32(field + 36) : 0;
}

static void susp_device(struct iso_susp *susp, const uint8_t *field)
{
	const uint32_t high = get_le32(field + 4), low = get_le32(field + 12);

	susp->device = true;
	/* writers that had no upper half put both numbers into the lower one */
	susp->node.major = high ? high : low >> 8;
	susp->node.minor = high ? low : low & 255;
}

static void susp_zisofs(struct iso_susp *susp, const uint8_t *f)
{
	const bool v1 = !memcmp(f + 4, "pz", 2), v2 = !memcmp(f + 4, "PZ", 2);

	susp->has_zf = v1 || v2;
	susp->zf_version = v2 ? 2 : 1;
	susp->zf_header = f[6] * 4u;
	susp->zf_log2 = f[7];
	susp->zf_size = v2 ? get_le64(f + 8) : get_le32(f + 8);
}

/* Fields that are numbers; others are taken by the caller. */
static void susp_field(struct iso_susp *susp, const uint8_t *f, size_t size)
{
	static const char known[] = "PXPNSLNMCLPLRETFRRZFSF";

	for (size_t i = 0; known[i]; i += 2)
		susp->present |= !memcmp(f, known + i, 2);
	if (!memcmp(f, "PX", 2) && size >= 36)
		susp_mode(susp, f, size);
	else if (!memcmp(f, "PN", 2) && size >= 20)
		susp_device(susp, f);
	else if (!memcmp(f, "TF", 2) && size >= 5)
		susp_times(&susp->node, f, size);
	else if (!memcmp(f, "CL", 2) && size >= 12)
		susp->child = get_le32(f + 4);
	else if (!memcmp(f, "RE", 2))
		susp->moved = true;
	else if (!memcmp(f, "ZF", 2) && size >= 16)
		susp_zisofs(susp, f);
	else if (!memcmp(f, "ER", 2) && size >= 8)
		susp->present |= size >= 18 && (!memcmp(f + 8, "RRIP_1991A", 10) ||
						!memcmp(f + 8, "IEEE_P1282", 10) ||
						!memcmp(f + 8, "IEEE_1282", 9));
}

int iso_susp_read(struct iso *iso, struct iso_susp *susp, const struct iso_record *record,
		  bool want_target, struct sp_error *err)
{
	struct text name = {.most = SUSP_NAME}, target = {.most = SUSP_TARGET};
	struct walk walk;
	const uint8_t *f;
	size_t size;
	bool joined = false, failed = false, last = false;

	*susp = (struct iso_susp){0};
	walk_begin(&walk, iso, record, iso->skip);
	/* a root's first field says how many bytes the others are not to look at */
	if (record->use_size >= 7 && walk.at == 0) {
		const size_t at = !memcmp(record->use, "SP", 2) ? 0 : 14;
		if (record->use_size >= at + 7 && !memcmp(record->use + at, "SP\7\1\xbe\xef", 6)) {
			susp->sp = true;
			susp->skip = record->use[at + 6];
			walk.at = at;
		}
	}
	while ((f = walk_next(&walk, &size))) {
		susp_field(susp, f, size);
		if (!memcmp(f, "NM", 2) && size >= 5 && !(f[4] & 6) && !last) {
			text_add(&name, f + 5, size - 5);
			last = !(f[4] & 1);
		}
		if (want_target && !memcmp(f, "SL", 2) && size >= 5)
			susp_link(&target, &joined, f + 5, size - 5);
	}
	failed = walk.failed;
	walk_end(&walk);
	if (name.cut || target.cut)
		sp_fs_damaged(&iso->fs, "sector %llu: a name of more than %u bytes",
			      (unsigned long long)walk.sector, name.cut ? SUSP_NAME : SUSP_TARGET);
	susp->name = text_name(&name, &failed);
	susp->target = text_name(&target, &failed);
	return failed ? sp_fail_memory(err) : 0;
}

void iso_susp_clear(struct iso_susp *susp)
{
	free(susp->name);
	free(susp->target);
	susp->name = susp->target = NULL;
}
