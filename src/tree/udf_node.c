/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What UDF says of a file: owner, times, device, and its named streams (4/9.2, UDF 3.3.5). */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	NODE_STREAMS = 64 << 10, /* bytes of a folder of named streams */
	NODE_STREAM = 1 << 20,   /* bytes of one that is told as an attribute */
	NODE_TIMES = 5,          /* kinds of attributes, 4/14.10 */
	NODE_DEVICE = 12,
	NODE_USE = 2048,
};

static const char node_resource[] = "*UDF Macintosh Resource Fork";

static unsigned node_type(unsigned type)
{
	switch (type) {
	case 4:
	case 13:
		return SP_NODE_FOLDER;
	case 6:
		return SP_NODE_BLOCK;
	case 7:
		return SP_NODE_CHAR;
	case 9:
		return SP_NODE_FIFO;
	case 10:
		return SP_NODE_SOCKET;
	case 12:
		return SP_NODE_LINK;
	default:
		return SP_NODE_FILE;
	}
}

/* Identifiers of implementations begin at byte 16 of the attribute; what is reserved for more of
 * them is none. */
static bool node_own(uint32_t type, const uint8_t *attribute, size_t size)
{
	if (type == NODE_TIMES || type == NODE_DEVICE)
		return false;
	return type < NODE_USE || (size >= 48 && !udf_is(attribute + 16, "*UDF FreeEASpace") &&
				   !udf_is(attribute + 16, "*UDF FreeAppEASpace"));
}

static int node_attribute(void *user, uint32_t type, const uint8_t *d, size_t size)
{
	struct sp_node *node = user;

	if (type == NODE_DEVICE && size >= 24) {
		node->major = get_le32(d + 16);
		node->minor = get_le32(d + 20);
		node->has |= SP_NODE_DEVICE;
	} else if (type == NODE_TIMES && size >= 32 && get_le32(d + 16) & 1 &&
		   !node->time[SP_TIME_CREATED].known) {
		node->time[SP_TIME_CREATED] = udf_time(d + 20);
	} else if (node_own(type, d, size)) {
		node->has |= SP_NODE_XATTRS;
	}
	return 0;
}

/* 4/14.9.5: of each class five bits, of which the lower three are POSIX's. */
static uint32_t node_mode(uint32_t permissions, unsigned flags)
{
	return (permissions & 7) | (permissions >> 5 & 7) << 3 | (permissions >> 10 & 7) << 6 |
	       (flags & 0x40 ? 04000u : 0) | (flags & 0x80 ? 02000u : 0) |
	       (flags & 0x100 ? 01000u : 0);
}

struct node_stream {
	struct udf *u;
	const char *name; /* looked for, or … */
	sp_xattr_fn *fn;  /* … each is told */
	void *user;
	struct udf_long icb;
};

static int node_stream_tell(struct node_stream *s, const char *name, const struct udf_long *icb,
			    struct sp_error *err)
{
	struct udf *u = s->u;
	struct udf_entry entry = {.block = malloc(u->block)};
	struct sp_error why = {0};
	uint8_t *data = NULL;
	size_t size = 0;
	int r = entry.block ? udf_entry_read(u, icb, &entry, &why) : sp_fail_memory(&why);

	if (!r)
		r = udf_entry_load(u, &entry, NODE_STREAM, &data, &size, &why);
	if (!r) {
		r = s->fn(s->user, name, data, size);
	} else if (udf_fatal(r)) {
		if (err)
			*err = why;
	} else {
		sp_fs_damaged(&u->fs, "the stream %s: %s", name, why.text);
		r = 0;
	}
	free(data);
	free(entry.block);
	return r;
}

static int node_stream_id(void *user, const struct udf_id *id, struct sp_error *err)
{
	struct node_stream *s = user;
	int r = 0;

	if (id->flags & (UDF_ID_DELETED | UDF_ID_PARENT) || !id->icb.size)
		return 0;
	char *name = udf_cs0(id->name, id->size);
	if (!name)
		return sp_fail_memory(err);
	if (s->name && !strcmp(name, s->name)) {
		s->icb = id->icb;
		r = 1;
	} else if (s->fn && strcmp(name, node_resource) != 0) {
		char *told = sp_format_text("udf.stream.%s", name);

		r = told ? node_stream_tell(s, told, &id->icb, err) : sp_fail_memory(err);
		free(told);
	}
	free(name);
	return r;
}

static int node_streams(struct udf *u, const struct udf_long *folder, struct node_stream *s,
			struct sp_error *err)
{
	struct udf_entry entry = {.block = malloc(u->block)};
	int r = entry.block ? udf_entry_read(u, folder, &entry, err) : sp_fail_memory(err);

	s->u = u;
	if (!r)
		r = udf_folder_read(u, &entry, NODE_STREAMS, node_stream_id, s, err);
	free(entry.block);
	return r;
}

int udf_resource(struct udf *u, const struct udf_entry *file, struct udf_entry *fork,
		 struct sp_error *err)
{
	struct node_stream s = {.name = node_resource};
	int r = file->stream_folder.size ? node_streams(u, &file->stream_folder, &s, err) : 0;

	if (r == 1 && s.icb.size) {
		r = udf_entry_read(u, &s.icb, fork, err);
		return r < 0 ? r : 1;
	}
	return r < 0 ? r : 0;
}

static int node_fork(struct udf *u, const struct udf_entry *entry, struct sp_node *node,
		     struct sp_error *err)
{
	struct udf_entry fork = {.block = malloc(u->block)};
	struct sp_error why = {0};
	int r = fork.block ? udf_resource(u, entry, &fork, &why) : sp_fail_memory(&why);

	if (r == 1)
		node->resource = fork.size;
	if (udf_fatal(r) && err)
		*err = why;
	else if (r < 0)
		sp_fs_damaged(&u->fs, "the named streams of %s", why.text);
	free(fork.block);
	return udf_fatal(r) ? r : 0;
}

int udf_node(struct udf *u, const struct udf_long *icb, struct sp_node *node, struct sp_error *err)
{
	struct udf_entry entry = {.block = u->node_block};
	int r = udf_entry_read(u, icb, &entry, err);

	if (r < 0)
		return r;
	const uint8_t *d = entry.block;
	const unsigned at = entry.extended ? 80 : 72;
	*node = (struct sp_node){
		.key = {(uint64_t)icb->at.part << 32 | icb->at.block, icb->size},
		.id = entry.place + 1,
		.type = node_type(entry.type),
		.has = SP_NODE_MODE,
		.mode = node_mode(get_le32(d + 44), entry.flags),
		.links = get_le16(d + 48),
		.uid = get_le32(d + 36),
		.gid = get_le32(d + 40),
	};
	if (node->type == SP_NODE_FILE) {
		node->size = entry.size;
		if (node->links < 2)
			node->id = 0;
	}
	if (node->uid != UINT32_MAX && node->gid != UINT32_MAX)
		node->has |= SP_NODE_OWNER;
	else
		node->uid = node->gid = 0;
	node->time[SP_TIME_ACCESSED] = udf_time(d + at);
	node->time[SP_TIME_MODIFIED] = udf_time(d + at + 12);
	if (entry.extended)
		node->time[SP_TIME_CREATED] = udf_time(d + at + 24);
	node->time[SP_TIME_CHANGED] = udf_time(d + at + (entry.extended ? 36 : 24));
	r = udf_attributes(u, &entry, node_attribute, node, err);
	if (!r && entry.stream_folder.size) {
		node->has |= SP_NODE_XATTRS;
		u->streamed++;
		if (node->type == SP_NODE_FILE)
			r = node_fork(u, &entry, node, err);
	}
	return r;
}

/* --- extended attributes --- */

struct node_told {
	sp_xattr_fn *fn;
	void *user;
};

static int node_attribute_tell(void *user, uint32_t type, const uint8_t *d, size_t size)
{
	const struct node_told *told = user;
	char regid[24] = "";
	size_t skip = 12;

	if (!node_own(type, d, size))
		return 0;
	if (type >= NODE_USE && size >= 48) {
		memcpy(regid, d + 17, 23);
		skip = 48;
		/* UDF 3.3.4.5.4.2: a checksum, the parent's number, then as Apple has it */
		if (udf_is(d + 16, "*UDF Mac FinderInfo") && size >= 48 + 8 + 32)
			return told->fn(told->user, "com.apple.FinderInfo", d + 56, 32);
	}
	char *text = sp_format_text("udf.attribute.%u%s%s", type, *regid ? "." : "", regid);
	const int r = text ? told->fn(told->user, text, d + skip, size - skip) : SP_ERR_MEMORY;
	free(text);
	return r;
}

int udf_xattrs(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
	       struct sp_error *err)
{
	struct udf *u = (struct udf *)fs;
	const struct udf_long icb = udf_node_icb(node);
	struct udf_entry entry = {.block = malloc(u->block)};
	struct node_told told = {fn, user};
	struct node_stream streams = {.fn = fn, .user = user};
	int r = entry.block ? udf_entry_read(u, &icb, &entry, err) : sp_fail_memory(err);

	if (!r)
		r = udf_attributes(u, &entry, node_attribute_tell, &told, err);
	if (!r && entry.stream_folder.size)
		r = node_streams(u, &entry.stream_folder, &streams, err);
	free(entry.block);
	return r;
}
