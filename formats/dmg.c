/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dmg: Apple's UDIF, a disk in compressed blocks with checksums of all its parts. */
#include "formats/dmg.h"

#include "disc/data.h"
#include "formats/dmg_write.h"
#include "formats/formats.h"
#include "formats/img.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DMG_UNPACK (UINT64_C(1) << 30)

struct dmg_source {
	struct sp_source source;
	struct dmg_koly koly;
	struct dmg_map map;
	struct dmg_proof *proof;
	struct dmg_fork *fork; /* the disk's */
	struct sp_io *disk;
	bool slow; /* blocks that are better read in order are too many to unpack for a look */
};

/* The 512 bytes end the file, or what was padded up to 512 more, or begin it; or they end what the
 * file was before more was appended. */
static int dmg_probe(const struct sp_probe *probe)
{
	if (probe->head_size >= DMG_KOLY && dmg_is_koly(probe->head))
		return 97;
	for (size_t at = 0; at + DMG_KOLY <= probe->tail_size; at++)
		if (dmg_is_koly(probe->tail + at) &&
		    (probe->tail_size - at <= (size_t)2 * DMG_KOLY ||
		     dmg_koly_fits(probe->tail + at, probe->size - probe->tail_size + at)))
			return 97;
	return 0;
}

static int dmg_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct dmg_source *dmg = (struct dmg_source *)src;
	const uint64_t at = (uint64_t)span->lba * span->stride;
	const size_t size = (size_t)span->count * span->stride;
	const int r = sp_io_read(dmg->disk, at, span->data, size, err);

	if (!r)
		dmg_proof_feed(dmg->proof, at, span->data, size);
	return r;
}

static int dmg_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	struct dmg_source *dmg = (struct dmg_source *)src;
	const int r = dmg_fork_prove(dmg->fork, fn, user, err);

	return r < 0 ? r : dmg_proof_tell(dmg->proof, dmg->disk, &dmg->koly, fn, user, err);
}

static int dmg_describe_op(struct sp_source *src, sp_fact_fn *fn, void *user, struct sp_error *err)
{
	struct dmg_source *dmg = (struct dmg_source *)src;

	(void)err;
	dmg_describe(&dmg->koly, &dmg->map, fn, user);
	return 0;
}

static void dmg_free(struct dmg_source *dmg)
{
	dmg_proof_free(dmg->proof);
	dmg_map_clear(&dmg->map);
	sp_disc_free(dmg->source.disc);
	free(dmg);
}

static void dmg_close(struct sp_source *src)
{
	struct dmg_source *dmg = (struct dmg_source *)src;

	sp_io_close(dmg->disk);
	dmg_free(dmg);
}

static const struct sp_source_ops dmg_ops = {
	.read = dmg_read,
	.prove = dmg_prove,
	.close = dmg_close,
	.describe = dmg_describe_op,
};

/* Every block of the disk is in a map: what is not there would be made up. */
static int dmg_check_holes(const struct sp_blocks *blocks, const char *name, struct sp_error *err)
{
	uint64_t end = 0;

	for (size_t i = 0; i <= blocks->count; i++) {
		const struct sp_block *block = i < blocks->count ? &blocks->block[i] : NULL;
		const uint64_t next = block ? block->at : blocks->size;

		if (next > end)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: no block map tells where blocks %" PRIu64 " to %" PRIu64
				       " of the disk lie",
				       name, end / DMG_BLOCK, next / DMG_BLOCK - 1);
		end = block ? next + block->size : end;
	}
	return 0;
}

/* Blocks that would be unpacked into a temporary file for a look at the disk. */
static bool dmg_is_slow(const struct sp_blocks *blocks)
{
	uint64_t all = 0;

	for (size_t i = 0; i < blocks->count && all <= DMG_UNPACK; i++)
		if (blocks->block[i].codec && blocks->block[i].size > SP_BLOCKS_WHOLE)
			all += blocks->block[i].size;
	return all > DMG_UNPACK;
}

/* A checksum nobody here can compute is not passed over in silence. */
static void dmg_note_sums(const struct dmg_source *dmg, const char *name,
			  const struct sp_notes *notes)
{
	unsigned kind, unknown = 0;
	char text[32] = "";

	for (size_t i = 0; i < dmg->map.parts + 2; i++) {
		const struct dmg_sum *sum = i < dmg->map.parts    ? &dmg->map.part[i].sum
					    : i == dmg->map.parts ? &dmg->koly.fork_sum
								  : &dmg->koly.master;
		if (sum->type && !dmg_sum_digest(sum, &kind) && !unknown++)
			dmg_sum_name(sum, text);
	}
	if (unknown)
		sp_note(notes, "%s: %u checksums are not checked: the first is a %s", name, unknown,
			text);
}

/* The maps become one io over the fork, which it owns on success. */
static int dmg_open_disk(struct dmg_source *dmg, struct sp_io *io, const struct sp_notes *notes,
			 struct sp_error *err)
{
	struct sp_io *fork = dmg_fork_io(dmg->fork);
	struct sp_blocks blocks = {0};
	const bool unsaid = !dmg->koly.sectors; /* some writers leave it out */

	blocks.size = (unsaid ? INT64_MAX / DMG_BLOCK : dmg->koly.sectors) * DMG_BLOCK;
	int r = sp_blocks_own(&blocks, fork, err);
	if (!r)
		r = dmg_map_read(&dmg->map, &blocks, io, &dmg->koly, err);
	if (!r && unsaid) {
		blocks.size = dmg->map.sectors * DMG_BLOCK;
		sp_note(notes,
			"%s: the trailer does not say how many blocks there are: the block maps "
			"have %" PRIu64,
			io->name, dmg->map.sectors);
	}
	if (!r)
		r = sp_blocks_order(&blocks, io->name, err);
	if (!r)
		r = dmg_check_holes(&blocks, io->name, err);
	dmg->slow = !r && dmg_is_slow(&blocks);
	if (!r)
		r = sp_blocks_open(&dmg->disk, &blocks, io->name, err);
	if (r < 0) {
		blocks.ios = 0; /* the fork stays ours */
		sp_blocks_clear(&blocks);
	}
	return r;
}

/* A disk of blocks; but of an optical disc, which macOS names so, its sectors. */
static struct sp_disc *dmg_disc(const struct dmg_source *dmg)
{
	static const char optical[] = "(" DMG_OPTICAL " : 0)";
	const struct dmg_part *part = dmg->map.part;
	const size_t size = dmg->map.parts == 1 ? strlen(part->name) : 0, n = sizeof(optical) - 1;

	if (size >= n && !strcmp(part->name + size - n, optical) && dmg->disk->size % 2048 == 0)
		return sp_disc_data(dmg->disk->size / 2048);
	return sp_img_disc(dmg->disk->size / DMG_BLOCK);
}

static int dmg_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	const struct sp_notes *notes = sp_options_notes(options);
	struct dmg_source *dmg = calloc(1, sizeof(*dmg));

	if (!dmg)
		return sp_fail_memory(err);
	int r = dmg_koly_read(&dmg->koly, io, err);
	if (!r && dmg->koly.segment > 1)
		r = sp_fail(err, SP_ERR_USAGE,
			    "%s: is segment %u of %u of an image: open the first one, the .dmg",
			    io->name, dmg->koly.segment, dmg->koly.segments);
	if (!r)
		r = dmg_fork_open(&dmg->fork, io, &dmg->koly, err);
	if (!r)
		r = dmg_open_disk(dmg, io, notes, err);
	if (!r && !dmg->disk->size)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: there is not one block", io->name);
	if (!r)
		r = dmg_proof_new(&dmg->proof, &dmg->map, err);
	if (!r) {
		dmg->source.disc = dmg_disc(dmg);
		r = dmg->source.disc ? sp_disc_check(dmg->source.disc, err) : sp_fail_memory(err);
	}
	if (r < 0) {
		dmg_fork_release(dmg->fork);
		if (dmg->disk)
			sp_io_close(dmg->disk);
		else if (dmg->fork)
			sp_io_close(dmg_fork_io(dmg->fork));
		dmg_free(dmg);
		return r;
	}
	dmg_note_sums(dmg, io->name, notes);
	if (dmg->koly.at && io->size - dmg->koly.at > (uint64_t)2 * DMG_KOLY)
		sp_note(notes, "%s: %" PRIu64 " bytes behind the trailer are not of the image",
			io->name, io->size - dmg->koly.at - DMG_KOLY);
	dmg->source.ops = &dmg_ops;
	dmg->source.caps = SP_SOURCE_WHOLE | (dmg->slow ? SP_SOURCE_SLOW : 0);
	*out = &dmg->source;
	return 0;
}

static const char *const dmg_extension[] = {".dmg", NULL};

const struct sp_format sp_format_dmg = {
	.name = "dmg",
	.summary = "Apple UDIF disk image",
	.extension = dmg_extension,
	.flags = SP_FORMAT_STREAMS,
	.option = dmg_write_option,
	.carries = dmg_write_carries,
	.probe = dmg_probe,
	.open = dmg_open,
	.create = dmg_write_create,
};
