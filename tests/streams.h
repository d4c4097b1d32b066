/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short ways to sources and copies for the tests of sinks, views, spool and store. */
#ifndef TEST_STREAMS_H
#define TEST_STREAMS_H

#include "tests/layouts.h"

#include <spindle/stream.h>

/* The pattern over these pieces; bytes by a formula a hand can follow instead with `formula`:
 * byte j of LBA n is n·31 + j·7 + j/256, modulo 256. No memory ends the program. */
struct sp_source *streams_source(const struct layout_piece *piece, sp_lba start, bool formula);
/* Records of 2352 bytes and of 2048, with sub-channel and without, a gap, what is not stored. */
extern const struct layout_piece streams_odd[];
/* The pattern over pieces of two tracks and more, from LBA -150, with every kind of fact a disc can
 * have but DMI. */
struct sp_source *streams_with_facts(const struct layout_piece *piece);
/* Copy, and close both. The status of sp_copy. */
int streams_copy(struct sp_source *source, struct sp_sink *sink, struct sp_error *err);
/* Read `count` sectors from `lba` on, which lie in one region; both buffers are the caller's and
 * may be freed. */
int streams_read(struct sp_source *source, sp_lba lba, uint32_t count, uint8_t **data,
		 uint16_t **state, struct sp_error *err);
/* 0: every stored region of `a` reads the same from `b`, states too; otherwise 1 + the LBA. */
sp_lba streams_differ(struct sp_source *a, struct sp_source *b);

#endif
