/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a source has file systems, and which. */
#include "tree/inside.h"

#include "base/bytes.h"
#include "disc/partition.h"
#include "tree/disc_io.h"
#include "tree/fs.h"

#include <stdlib.h>
#include <string.h>

struct sp_inside {
	struct sp_source *src; /* borrowed */
	struct sp_io *io;
	struct sp_notes notes;
	struct sp_tree *tree;
	size_t trees;
};

int sp_inside_open(struct sp_inside **out, struct sp_source *src, const struct sp_notes *notes,
		   struct sp_error *err)
{
	struct sp_inside *inside = calloc(1, sizeof(*inside));

	*out = NULL;
	if (!inside)
		return sp_fail_memory(err);
	inside->src = src;
	if (notes)
		inside->notes = *notes;
	const int r = sp_disc_io(&inside->io, src, err);
	if (r < 0)
		free(inside);
	else
		*out = inside;
	return r;
}

void sp_inside_close(struct sp_inside *inside)
{
	if (!inside)
		return;
	for (size_t i = 0; i < inside->trees; i++)
		free((char *)inside->tree[i].label);
	sp_io_close(inside->io);
	free(inside->tree);
	free(inside);
}

const struct sp_tree *sp_inside_trees(const struct sp_inside *inside, size_t *count)
{
	*count = inside->trees;
	return inside->tree;
}

void sp_inside_damage(struct sp_inside *inside, struct sp_inside_damage *damage)
{
	sp_disc_io_damage(inside->io, damage);
}

struct sp_source *sp_inside_source(const struct sp_inside *inside)
{
	return inside->src;
}

struct sp_io *sp_inside_io(const struct sp_inside *inside)
{
	return inside->io;
}

static struct sp_fs_volume inside_volume(const struct sp_inside *inside, const struct sp_tree *tree)
{
	return (struct sp_fs_volume){inside->io, tree->start, tree->size};
}

int sp_inside_tree(struct sp_inside *inside, const struct sp_tree *tree, struct sp_fs **out,
		   struct sp_error *err)
{
	const struct sp_fs_format *format = tree->format;
	const struct sp_fs_volume volume = inside_volume(inside, tree);

	*out = NULL;
	const int r = format->open(out, &volume, &inside->notes, err);
	if (!r)
		(*out)->inside = inside;
	return r;
}

/* Its name, a copy; NULL: no memory. A tree whose volume is damaged has none. */
static char *inside_label(const struct sp_fs_format *format, const struct sp_fs_volume *volume)
{
	struct sp_error err;
	struct sp_fs *fs = NULL;
	char *label = strdup(format->open(&fs, volume, NULL, &err) < 0 ? "" : sp_fs_label(fs));

	sp_fs_close(fs);
	return label;
}

/* Every file system of one place. */
static int inside_place(struct sp_inside *inside, struct sp_tree place, struct sp_error *err)
{
	const struct sp_fs_volume volume = inside_volume(inside, &place);

	for (size_t i = 0; sp_fs_formats[i]; i++) {
		const int r = sp_fs_formats[i]->probe(&volume, err);
		if (r < 0)
			return r;
		if (!r)
			continue;
		struct sp_tree *more = sp_grow(inside->tree, inside->trees, sizeof(*more));
		if (!more)
			return sp_fail_memory(err);
		place.name = sp_fs_formats[i]->name;
		place.summary = sp_fs_formats[i]->summary;
		place.format = sp_fs_formats[i];
		place.label = inside_label(sp_fs_formats[i], &volume);
		inside->tree = more;
		if (!place.label)
			return sp_fail_memory(err);
		inside->tree[inside->trees++] = place;
	}
	return 0;
}

/* From the track's first sector to the end of the disc: a session's volume reaches back to the
 * sessions before it, and forward over more tracks than one. */
static int inside_track(struct sp_inside *inside, const struct sp_track *track,
			struct sp_error *err)
{
	const struct sp_disc *disc = inside->src->disc;
	const uint64_t start = track->start < 0 ? 0 : (uint64_t)track->start * 2048;

	if (!(track->control & SP_CONTROL_DATA) && track->mode == SP_MODE_AUDIO)
		return 0;
	if (start >= inside->io->size)
		return 0;
	return inside_place(inside,
			    (struct sp_tree){.session = disc->sessions > 1 ? track->session : 0,
					     .track = disc->tracks > 1 ? track->number : 0,
					     .start = start,
					     .size = inside->io->size - start},
			    err);
}

static int inside_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_io_read(user, at, data, size, err);
}

int sp_inside_partitions(struct sp_inside *inside, unsigned scheme, struct sp_partitions *list,
			 struct sp_error *err)
{
	const struct sp_disk disk = {inside_read, inside->io, inside->io->size};
	struct sp_inside_damage ignored;
	const int r = sp_partitions_scheme(list, &disk, scheme, err);

	sp_disc_io_damage(inside->io, &ignored);
	return r;
}

/* Partitions of a disk; of a disc only those that are no part of its own volume. */
static int inside_partitions(struct sp_inside *inside, unsigned wanted, bool disk, unsigned *other,
			     struct sp_error *err)
{
	const struct sp_disk from = {inside_read, inside->io, inside->io->size};
	struct sp_partitions list;
	bool seen = false;
	int r = sp_partitions_read(&list, &from, err);

	for (size_t i = 0; i < list.count && !r; i++) {
		const struct sp_partition *p = &list.partition[i];
		uint64_t start = p->first * SP_DISK_BLOCK, size = p->count * SP_DISK_BLOCK;

		/* what begins with the disk was looked at as its track; a disc's own volume too */
		if (wanted ? p->number != wanted
			   : p->container || !p->first ||
				     (!disk && sp_filesystem_optical(p->filesystem)))
			continue;
		seen = true;
		*other = *other ? *other : p->filesystem;
		if (p->first > inside->io->size / SP_DISK_BLOCK || start >= inside->io->size)
			continue;
		if (p->count > (inside->io->size - start) / SP_DISK_BLOCK)
			size = inside->io->size - start;
		r = inside_place(
			inside,
			(struct sp_tree){.partition = p->number, .start = start, .size = size},
			err);
	}
	sp_partitions_free(&list);
	if (!r && wanted && !seen)
		r = sp_fail(err, SP_ERR_USAGE, "there is no partition %u", wanted);
	return r;
}

/* `other`: the file system of its first partition that has one. */
static int inside_nothing(const struct sp_inside *inside, unsigned other, struct sp_error *err)
{
	const struct sp_disc *disc = inside->src->disc;
	uint8_t head[SP_FS_HEAD] = {0};
	struct sp_error ignored;
	uint64_t size = inside->io->size;
	bool data = false;

	for (size_t i = 0; i < disc->tracks; i++)
		data |= disc->track[i].mode != SP_MODE_AUDIO;
	if (!data)
		return sp_fail(err, SP_ERR_FORMAT,
			       "there are no files on it: every track is audio");
	size = size < sizeof(head) ? size : sizeof(head);
	unsigned found = sp_io_read(inside->io, 0, head, (size_t)size, &ignored) < 0
				 ? SP_FS_UNKNOWN
				 : sp_filesystem_find(head, (size_t)size);
	found = found == SP_FS_UNKNOWN ? other : found;
	if (found == SP_FS_UNKNOWN)
		return sp_fail(err, SP_ERR_FORMAT, "no file system is known in it");
	return sp_fail(err, SP_ERR_UNSUPPORTED, "its file system is %s, which is not looked into",
		       sp_filesystem_name(found));
}

int sp_inside_find(struct sp_inside *inside, unsigned partition, struct sp_error *err)
{
	const struct sp_disc *disc = inside->src->disc;
	const bool disk = disc->medium == SP_MEDIUM_BLOCK;
	struct sp_inside_damage ignored;
	unsigned other = SP_FS_UNKNOWN;
	int r = 0;

	while (inside->trees)
		free((char *)inside->tree[--inside->trees].label);
	/* sessions from the last one back, in each its tracks as they come */
	for (size_t s = disc->sessions; !partition && s && !r; s--)
		for (size_t t = 0; t < disc->tracks && !r; t++)
			if (disc->track[t].session == disc->session[s - 1].number)
				r = inside_track(inside, &disc->track[t], err);
	if (!r && disc->tracks == 1 && (partition || disk || disc->track[0].start == 0))
		r = inside_partitions(inside, partition, disk, &other, err);
	else if (!r && partition)
		r = sp_fail(err, SP_ERR_USAGE, "only a disc of blocks has partitions");
	sp_disc_io_damage(inside->io, &ignored);
	if (!r && !inside->trees)
		r = inside_nothing(inside, other, err);
	return r;
}
