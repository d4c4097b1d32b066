/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map file of a rescue, as GNU ddrescue writes and reads it (its manual, "Mapfile structure").
 */
#ifndef SP_DRIVE_MAP_H
#define SP_DRIVE_MAP_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines of text: comments begin with '#'; then a position, the phase and the number of its pass;
 * then position, size and status of one block each. Blocks touch one another. Positions are bytes
 * of the image.
 */
#define SP_MAP_TEXT_MAX (64u << 20) /* bytes of a file */
#define SP_MAP_SIZE_MAX INT64_MAX   /* last byte a map can tell of */

enum sp_map_status {
	SP_MAP_UNTRIED = '?',
	SP_MAP_UNTRIMMED = '*',
	SP_MAP_UNSCRAPED = '/',
	SP_MAP_BAD = '-',
	SP_MAP_DONE = '+',
};
enum sp_map_phase { /* what was being done */
		    SP_MAP_COPYING = '?',
		    SP_MAP_TRIMMING = '*',
		    SP_MAP_SCRAPING = '/',
		    SP_MAP_RETRYING = '-',
		    SP_MAP_FILLING = 'F',
		    SP_MAP_GENERATING = 'G',
		    SP_MAP_FINISHED = '+',
};

struct sp_map_block {
	uint64_t size; /* bytes, never 0 */
	char status;
};
struct sp_map {
	uint64_t at; /* where the phase had come to */
	char phase;
	unsigned pass;   /* from 1 */
	uint64_t origin; /* of the first block */
	uint64_t size;   /* of all blocks */
	struct sp_map_block *block;
	size_t blocks;
};

/* Append; one with the last one's status makes that longer. SP_ERR_UNSUPPORTED: beyond what a map
 * can tell of. */
int sp_map_add(struct sp_map *map, uint64_t size, char status, struct sp_error *err);
/* A malloc'd text; `comment` is a line of it (NULL: none). */
int sp_map_print(const struct sp_map *map, const char *comment, char **text, size_t *size,
		 struct sp_error *err);
/* `name` is for messages. A status line without a pass, as older programs write, is pass 1. Clear
 * *map afterwards, also when it failed. */
int sp_map_parse(struct sp_map *map, const char *name, const void *data, size_t size,
		 struct sp_error *err);
void sp_map_clear(struct sp_map *map);

#endif
