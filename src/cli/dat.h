/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DATs: lists of discs with size and digests of each track, in the Logiqx XML form. */
#ifndef SP_CLI_DAT_H
#define SP_CLI_DAT_H

#include "report/json.h"

#include <spindle/spindle.h>

#include <stdio.h>

enum { DAT_NAME = 512, DAT_GAMES = 8 };

struct dat_match {
	char name[DAT_GAMES][DAT_NAME]; /* games all of whose tracks are the disc's */
	size_t games;                   /* how many; names beyond DAT_GAMES are not kept */
	char nearest[DAT_NAME];         /* where none is: the one with most tracks, "" none */
	size_t nearest_tracks;          /* tracks that game has */
	bool same[SP_TRACK_MAX];        /* by place in hashes->track: found in it */
	uint64_t seen;                  /* games looked at */
};
/* Look for the disc of these hashes in a DAT of any size, in bounded memory. Finding nothing is no
 * error; SP_ERR_FORMAT: not a DAT. */
int dat_find(struct dat_match *match, const char *path, const struct sp_hashes *hashes,
	     struct sp_error *err);

/* What was found, for a person and as the object "match". */
void dat_match_text(FILE *out, const char *path, const char *dat, const struct sp_hashes *hashes,
		    const struct dat_match *match);
void dat_match_json(struct json *json, const char *dat, const struct sp_hashes *hashes,
		    const struct dat_match *match);

/* The disc as a <game> of such a file. `name` is free text in UTF-8, `plain`: one track of
 * 2048-byte sectors, which is an .iso and not a .bin. */
void dat_print(FILE *out, const char *name, const struct sp_hashes *hashes, bool plain);

#endif
