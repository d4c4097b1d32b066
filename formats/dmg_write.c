/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a dmg: blocks in order, cut where the disk's parts meet, compressed on all cores, with
 * checksums of the stored bytes, of each part and of all. */
#include "formats/dmg_write.h"

#include "base/bytes.h"
#include "codec/deflate.h"
#include "formats/dmg_free.h"
#include "io/blocks_write.h"
#include "stream/bytes.h"
#include "stream/loss.h"

#include <stdlib.h>
#include <string.h>

enum {
	WRITE_CHUNK = 1024, /* KiB */
	WRITE_CHUNK_MIN = 4,
	WRITE_CHUNK_MAX = SP_BLOCKS_WRITE_MAX >> 10,
	/* plain runs in a row become one: programs there are refuse 64 MiB and more */
	WRITE_RUN_MAX = (32 << 20) / DMG_BLOCK,
};

struct write_kind {
	const char *name;
	uint32_t type; /* of runs */
	const struct sp_codec *codec;
	unsigned level;     /* where none is asked for; 0: the codec's */
	unsigned level_max; /* 0: there are none */
};

/* Level 7 of libdeflate is about 1 % smaller than level 9 of zlib at nine times its speed; level 8
 * takes twice as long for 0.3 %. */
static const struct write_kind write_kinds[] = {
	{"UDZO", DMG_ZLIB, &sp_codec_zlib, 7, 12},  {"UDRO", DMG_RAW, NULL, 0, 0},
	{"UDBZ", DMG_BZIP2, &sp_codec_bzip2, 0, 9}, {"ULFO", DMG_LZFSE, &sp_codec_lzfse, 0, 0},
	{"ULMO", DMG_XZ, &sp_codec_xz, 0, 9},
};

const struct sp_format_option dmg_write_option[] = {
	{"kind", "UDZO|UDRO|UDBZ|ULFO|ULMO", "writing: zlib, uncompressed, bzip2, LZFSE or xz"},
	{"level", "N", "writing: 1…9, with zlib …12; more is smaller and slower"},
	{"chunk", "KIB", "writing: KiB compressed at a time, 4…16384; 1024 where it is not said"},
	{"omit-free", "no|yes", "writing: leave out what HFS+ and FAT volumes do not use"},
	{NULL, NULL, NULL},
};

struct write_settings {
	const struct write_kind *kind;
	unsigned level, chunk; /* KiB */
	bool omit_free;
};

struct dmg_sink {
	struct sp_sink sink;
	struct sp_io *io;
	struct write_settings set;
	struct sp_blocks_writer *writer;
	struct dmg_plan plan;
	size_t cut; /* piece the next byte lies in */
	uint64_t at;
	struct sp_notes notes;
	bool looked; /* for unused space */
	struct dmg_free unused;
	size_t range; /* of it that ends behind the next byte */
	size_t piece; /* that the next block is placed in */
	struct dmg_tail tail;
};

/* A decimal number from least to most. */
static int write_number(const char *key, const char *text, unsigned least, unsigned most,
			unsigned *out, struct sp_error *err)
{
	unsigned value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && value <= most; p++)
		value = value * 10 + (unsigned)(*p - '0');
	if (p == text || *p || value < least || value > most)
		return sp_fail(err, SP_ERR_USAGE, "-O %s=%s: a number from %u to %u is wanted", key,
			       text, least, most);
	*out = value;
	return 0;
}

static int write_settings(struct write_settings *set, const struct sp_options *options,
			  struct sp_error *err)
{
	const char *kind = sp_options_get(options, "kind"), *level, *chunk;
	int r = 0;

	*set = (struct write_settings){.kind = kind ? NULL : write_kinds, .chunk = WRITE_CHUNK};
	for (size_t i = 0; kind && i < sizeof(write_kinds) / sizeof(write_kinds[0]); i++)
		if (!strcmp(kind, write_kinds[i].name))
			set->kind = &write_kinds[i];
	if (!set->kind)
		return sp_fail(err, SP_ERR_USAGE, "-O kind=%s: not one of %s", kind,
			       dmg_write_option[0].values);
	set->level = set->kind->level;
	level = sp_options_get(options, "level");
	if (level && !set->kind->level_max)
		return sp_fail(err, SP_ERR_USAGE, "-O level=%s: %s has no levels", level,
			       set->kind->name);
	if (level)
		r = write_number("level", level, 1, set->kind->level_max, &set->level, err);
	chunk = sp_options_get(options, "chunk");
	if (!r && chunk)
		r = write_number("chunk", chunk, WRITE_CHUNK_MIN, WRITE_CHUNK_MAX, &set->chunk,
				 err);
	const char *omit = sp_options_get(options, "omit-free");
	set->omit_free = omit && !strcmp(omit, "yes");
	if (!r && omit && !set->omit_free && strcmp(omit, "no") != 0)
		r = sp_fail(err, SP_ERR_USAGE, "-O omit-free=%s: yes or no is wanted", omit);
	return r;
}

static unsigned write_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->mode == SP_MODE_BLOCK512 || region->mode == SP_MODE_DATA2048 ? SP_PART_USER
										    : 0;
}

/* Once for a sink: the source does not change. */
static int write_look(struct dmg_sink *dmg, struct sp_error *err)
{
	struct sp_partitions map = {0};
	struct sp_disk disk = {0};

	if (!dmg->set.omit_free || dmg->looked || !dmg->sink.source)
		return 0;
	int r = sp_bytes_open(&disk, dmg->sink.source, err);
	if (!r)
		r = sp_partitions_read(&map, &disk, err);
	if (!r)
		r = dmg_free_find(&dmg->unused, &disk, &map, dmg->io->name, &dmg->notes, err);
	sp_partitions_free(&map);
	sp_bytes_close(&disk);
	dmg->looked = r == 0;
	return r == SP_ERR_USAGE ? 0 : r; /* part of a disk, or no disk at all */
}

static int write_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
			struct sp_error *err)
{
	const int r = sp_losses_common(losses, sink, disc, err);

	if (!r && losses->count[SP_LOSS_TRACKS])
		losses->text[SP_LOSS_TRACKS] =
			"sectors of a CD: a disk image has plain blocks (see "
			"--to ccd, cue or raw, or --to iso first)";
	return r < 0 ? r : write_look((struct dmg_sink *)sink, err);
}

static struct dmg_run *write_last(struct dmg_piece *piece)
{
	return piece->runs ? &piece->run[piece->runs - 1] : NULL;
}

/* What may be one run with that before it: holes, and plain blocks while they are few. */
static bool write_joins(const struct dmg_run *last, const struct dmg_run *next)
{
	if (!last || last->type != next->type)
		return false;
	if (next->type == DMG_ZERO || next->type == DMG_IGNORE)
		return true;
	return next->type == DMG_RAW && last->count + next->count <= WRITE_RUN_MAX &&
	       last->at + last->size == next->at;
}

static int write_run(struct dmg_piece *piece, const struct dmg_run *next, struct sp_error *err)
{
	struct dmg_run *last = write_last(piece);

	if (write_joins(last, next)) {
		last->count += next->count;
		last->size += next->size;
		return 0;
	}
	struct dmg_run *grown = sp_grow(piece->run, piece->runs, sizeof(*grown));
	if (!grown)
		return sp_fail_memory(err);
	piece->run = grown;
	grown[piece->runs++] = *next;
	return 0;
}

/* macOS leaves unused space out, checksum included; it is unused only where it is empty. */
static void write_close_piece(struct dmg_piece *piece)
{
	if (!piece->free || piece->runs != 1 || piece->run[0].type != DMG_ZERO)
		return;
	piece->run[0].type = DMG_IGNORE;
	piece->crc = 0;
}

static int write_placed(void *user, const struct sp_block *block, const uint8_t *plain,
			const uint8_t *stored, struct sp_error *err)
{
	struct dmg_sink *dmg = user;
	struct dmg_piece *piece = &dmg->plan.piece[dmg->piece];
	const uint64_t sector = block->at / DMG_BLOCK - piece->first;
	const struct dmg_run run = {
		.type = !block->stored ? (plain ? DMG_ZERO : DMG_IGNORE)
			: block->codec ? dmg->set.kind->type
				       : DMG_RAW,
		.sector = sector,
		.count = block->size / DMG_BLOCK,
		.at = block->stored_at,
		.size = block->stored,
	};
	const int r = write_run(piece, &run, err);

	if (r < 0)
		return r;
	if (plain)
		piece->crc = sp_crc32(piece->crc, plain, (size_t)block->size);
	if (block->stored)
		dmg->tail.fork_crc = sp_crc32(dmg->tail.fork_crc, stored, (size_t)block->stored);
	piece->end = block->stored_at + block->stored;
	if (sector + run.count < piece->count)
		return 0;
	write_close_piece(piece);
	dmg->piece++;
	return 0;
}

/* The disk's parts, and what will write them. */
static int write_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		       struct sp_error *err)
{
	struct dmg_sink *dmg = (struct dmg_sink *)sink;
	const bool optical = disc->regions && disc->region[0].mode == SP_MODE_DATA2048;
	struct sp_partitions map = {0};
	uint64_t sectors = 0;

	for (size_t i = 0; i < disc->regions; i++)
		if (write_wants(sink, &disc->region[i]))
			sectors += disc->region[i].count *
				   (sp_sector_size(disc->region[i].mode, SP_PART_USER) / DMG_BLOCK);
	if (!sectors)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: there are no blocks to make a disk image of", dmg->io->name);
	/* an optical disc's image is one, whatever maps it has besides */
	int r = source && !optical ? sp_partitions_find(&map, source, err) : 0;
	if (r == SP_ERR_USAGE) /* part of a disk, without its map */
		r = 0;
	const unsigned filesystem = map.count ? map.partition[0].filesystem : SP_FS_UNKNOWN;
	if (!r)
		r = dmg_plan_make(&dmg->plan, sectors, &map,
				  optical ? DMG_OPTICAL : dmg_plan_type(filesystem), err);
	sp_partitions_free(&map);
	if (r < 0)
		return r;
	const size_t chunk = (size_t)dmg->set.chunk << 10;
	const struct sp_blocks_shape shape = {
		.size = chunk,
		.codec = dmg->set.kind->codec,
		.level = dmg->set.level,
		/* liblzma's largest match finder takes 12 times a dictionary of up to 4 MiB */
		.memory = dmg->set.kind->type == DMG_XZ
				  ? 12 * (chunk < 4 << 20 ? chunk : 4 << 20) + (2 << 20)
				  : 0,
		.zeros = true,
		.placed = write_placed,
		.user = dmg};
	dmg->tail.chunk = (uint32_t)(chunk / DMG_BLOCK);
	return sp_blocks_writer_new(&dmg->writer, dmg->io, &shape, err);
}

/* How many of the next `size` bytes are unused, or are not. */
static uint64_t write_alike(struct dmg_sink *dmg, uint64_t size, bool *unused)
{
	const struct dmg_free *list = &dmg->unused;
	const struct dmg_unused *next;

	*unused = false;
	while (dmg->range < list->ranges &&
	       list->range[dmg->range].at + list->range[dmg->range].size <= dmg->at)
		dmg->range++;
	if (dmg->range == list->ranges)
		return size;
	next = &list->range[dmg->range];
	*unused = next->at <= dmg->at;
	const uint64_t left = next->at + (*unused ? next->size : 0) - dmg->at;
	return size < left ? size : left;
}

/* Unused blocks are no loss where they are empty. */
static void write_count(struct dmg_sink *dmg, const struct sp_span *span, const uint8_t *data,
			uint64_t size)
{
	static const uint8_t empty[DMG_BLOCK];
	struct sp_losses *losses = dmg->sink.losses;

	for (uint64_t at = 0; losses && at < size; at += DMG_BLOCK) {
		if (!memcmp(data + at, empty, DMG_BLOCK))
			continue;
		sp_losses_add(losses, SP_LOSS_GAP, 1,
			      span->lba +
				      (sp_lba)((uint64_t)(data + at - span->data) / span->stride));
		losses->text[SP_LOSS_GAP] = "# blocks of unused space that are not empty";
	}
}

/* As zeros in the blocks that have other bytes too, as nothing where that leaves a whole one. */
static int write_leave(struct dmg_sink *dmg, uint64_t size, struct sp_error *err)
{
	static const uint8_t zeros[16384];

	if (dmg->unused.range[dmg->range].size >= (uint64_t)dmg->set.chunk << 10)
		return sp_blocks_writer_skip(dmg->writer, size, err);
	while (size) {
		const size_t n = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
		const int r = sp_blocks_writer_put(dmg->writer, zeros, n, err);

		if (r < 0)
			return r;
		size -= n;
	}
	return 0;
}

/* Comes dry too where unused space is left out: then it is only counted. */
static int write_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	struct dmg_sink *dmg = (struct dmg_sink *)sink;
	const bool dry = sink->dry || !dmg->writer;
	const uint8_t *data = span->data;
	uint64_t size = (uint64_t)span->count * span->stride;
	bool unused;
	int r = 0;

	while (size && !r) {
		const struct dmg_piece *piece = dry ? NULL : &dmg->plan.piece[dmg->cut];
		const uint64_t end = dry ? UINT64_MAX : (piece->first + piece->count) * DMG_BLOCK;
		const uint64_t left = end - dmg->at;
		const uint64_t n = write_alike(dmg, size < left ? size : left, &unused);

		if (unused)
			write_count(dmg, span, data, n);
		if (!dry)
			r = unused ? write_leave(dmg, n, err)
				   : sp_blocks_writer_put(dmg->writer, data, (size_t)n, err);
		dmg->at += n;
		if (!r && dmg->at == end) {
			dmg->cut++;
			r = sp_blocks_writer_cut(dmg->writer, err);
		}
		data += n;
		size -= n;
	}
	return r;
}

static int write_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	struct dmg_sink *dmg = (struct dmg_sink *)sink;

	(void)disc;
	const int r = sp_blocks_writer_finish(dmg->writer, &dmg->tail.fork, err);
	return r < 0 ? r : dmg_print(dmg->io, &dmg->plan, &dmg->tail, err);
}

static void write_close(struct sp_sink *sink)
{
	struct dmg_sink *dmg = (struct dmg_sink *)sink;

	sp_blocks_writer_free(dmg->writer);
	dmg_free_clear(&dmg->unused);
	dmg_plan_clear(&dmg->plan);
	sp_io_close(dmg->io);
	free(dmg);
}

unsigned dmg_write_carries(const struct sp_options *options)
{
	(void)options;
	return 0;
}

int dmg_write_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		     struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = write_wants,
					       .begin = write_begin,
					       .write = write_write,
					       .finish = write_finish,
					       .close = write_close,
					       .losses = write_losses};
	const struct sp_notes *notes = sp_options_notes(options);
	struct write_settings set;
	const int r = write_settings(&set, options, err);

	if (r < 0)
		return r;
	struct dmg_sink *dmg = calloc(1, sizeof(*dmg));
	if (!dmg)
		return sp_fail_memory(err);
	dmg->sink = (struct sp_sink){.ops = &ops,
				     .flags = SP_SINK_READS_SOURCE |
					      (set.omit_free ? SP_SINK_FORWARDS : 0),
				     .carries = dmg_write_carries(options)};
	dmg->io = io;
	if (notes)
		dmg->notes = *notes;
	dmg->set = set;
	*out = &dmg->sink;
	return 0;
}
