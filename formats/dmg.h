/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the dmg format have of each other: Apple's UDIF, big-endian throughout. */
#ifndef SP_FORMATS_DMG_H
#define SP_FORMATS_DMG_H

#include "formats/plist.h"
#include "io/blocks.h"

#include <spindle/format.h>

enum {
	DMG_BLOCK = 512,
	DMG_KOLY = 512,
	DMG_MISH = 204, /* before the runs */
	DMG_RUN = 40,
	DMG_SEGMENTS = 999,
};

enum dmg_run_type {
	DMG_ZERO = 0,
	DMG_RAW = 1,
	DMG_IGNORE = 2, /* zeros too, but no part of the blkx's checksum */
	DMG_COMMENT = 0x7ffffffe,
};
#define DMG_ADC   0x80000004u
#define DMG_ZLIB  0x80000005u
#define DMG_BZIP2 0x80000006u
#define DMG_LZFSE 0x80000007u
#define DMG_XZ    0x80000008u
#define DMG_END   0xffffffffu

/* A checksum as it is stored. */
struct dmg_sum {
	uint32_t type; /* 0: there is none */
	unsigned size; /* bytes */
	uint8_t value[128];
};
/* "CRC-32", …; "checksum of type 9" for what cannot be computed here. */
const char *dmg_sum_name(const struct dmg_sum *sum, char text[32]);
/* Its number as sp_digest_new counts; false: it cannot be computed here. */
bool dmg_sum_digest(const struct dmg_sum *sum, unsigned *kind);
void dmg_sum_parse(struct dmg_sum *sum, const uint8_t *bytes); /* 136 of them */

/* The trailer (or header). Places are the file's own. */
struct dmg_koly {
	uint64_t at; /* where it was found */
	uint32_t flags, segment, segments, variant;
	uint8_t id[16];
	uint64_t running; /* bytes of the data fork in the segments before */
	uint64_t fork, fork_size, rsrc, rsrc_size, xml, xml_size, signature, signature_size;
	uint64_t sectors;
	struct dmg_sum fork_sum, master;
};
/* Whether 512 bytes begin as one does. */
bool dmg_is_koly(const uint8_t *bytes);
/* Whether what a trailer at byte `at` names lies in front of it and one of it ends there. */
bool dmg_koly_fits(const uint8_t *bytes, uint64_t at);
/* SP_ERR_FORMAT: there is none, or it names places that are not in the file. */
int dmg_koly_read(struct dmg_koly *koly, struct sp_io *io, struct sp_error *err);

/* The data forks of all segments as one io, which sums up what is read from it in order. */
struct dmg_fork;
/* `io` is the first segment; the others are opened as its siblings. Takes io on success. */
int dmg_fork_open(struct dmg_fork **out, struct sp_io *io, const struct dmg_koly *koly,
		  struct sp_error *err);
struct sp_io *dmg_fork_io(struct dmg_fork *fork);
/* The first segment stays its opener's after all: closing the fork will not close it. NULL is fine.
 */
void dmg_fork_release(struct dmg_fork *fork);
/* Tell whether each segment's checksum is that of its bytes; reads what was not read yet. */
int dmg_fork_prove(struct dmg_fork *fork, sp_proof_fn *fn, void *user, struct sp_error *err);

/* Blocks of one kind, for `info`. */
struct dmg_count {
	uint64_t count, stored, size, largest;
};
enum dmg_kind {
	DMG_KIND_ZERO,
	DMG_KIND_IGNORE,
	DMG_KIND_RAW,
	DMG_KIND_ADC,
	DMG_KIND_ZLIB,
	DMG_KIND_BZIP2,
	DMG_KIND_LZFSE,
	DMG_KIND_XZ,
	DMG_KINDS
};
const char *dmg_kind_name(unsigned kind); /* zero ignore raw adc zlib bzip2 lzfse xz */

/* One blkx: blocks of the disk with a checksum of their own. */
struct dmg_part {
	char *name; /* "" none */
	int id;
	uint64_t first, count; /* blocks of 512 bytes */
	struct dmg_sum sum;
};
/* Bytes of the disk that no checksum covers. */
struct dmg_range {
	uint64_t at, size;
};
struct dmg_map {
	struct dmg_part *part; /* in the order of the file */
	size_t parts;
	struct dmg_range *ignore; /* ascending once all are read */
	size_t ignores;
	struct dmg_count count[DMG_KINDS];
	uint64_t sectors; /* to where the last blkx ends */
};
/* Read every blkx of io, by the plist or else the resource fork. *blocks is filled but for its
 * size; its one io is the data fork, number 0. */
int dmg_map_read(struct dmg_map *map, struct sp_blocks *blocks, struct sp_io *io,
		 const struct dmg_koly *koly, struct sp_error *err);
void dmg_map_clear(struct dmg_map *map);

/* "UDZO" … by the one method of its blocks, "mixed". */
const char *dmg_kind_of(const struct dmg_map *map);
/* As sp_source_describe tells it. */
void dmg_describe(const struct dmg_koly *koly, const struct dmg_map *map, sp_fact_fn *fn,
		  void *user);

/* Checksums of the parts, taken as the disk is read in order. */
struct dmg_proof;
int dmg_proof_new(struct dmg_proof **out, const struct dmg_map *map, struct sp_error *err);
void dmg_proof_free(struct dmg_proof *proof);
/* Bytes of the disk went by. */
void dmg_proof_feed(struct dmg_proof *proof, uint64_t at, const uint8_t *data, size_t size);
/* Tell each part's, reading from `disk` what did not go by, and the master checksum. */
int dmg_proof_tell(struct dmg_proof *proof, struct sp_io *disk, const struct dmg_koly *koly,
		   sp_proof_fn *fn, void *user, struct sp_error *err);

/* A checksum that is told: hexadecimal of `size` bytes each. */
void dmg_tell(sp_proof_fn *fn, void *user, const char *what, const uint8_t *expected,
	      const uint8_t *found, size_t size);

#endif
