/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc printed: for a person and as JSON. */
#ifndef SP_REPORT_DISC_H
#define SP_REPORT_DISC_H

#include "report/facts.h"
#include "report/json.h"
#include "report/where.h"

#include <spindle/spindle.h>

/* What is to be said of one opened image; all borrowed. */
struct report_disc {
	const char *path;
	const struct sp_format *format;
	const struct sp_disc *disc;
	const struct sp_wrappings *wrappings; /* NULL: none */
	const char *state;                    /* ends the first sentence: "all data present" */
	uint64_t missing;             /* sectors of the layout the image's files do not have */
	const struct sp_where *where; /* what those belong to; NULL: not known, or there are none */
	char *const *note;            /* what the reader had to say */
	size_t notes;
	bool regions;                                      /* list them too */
	const struct facts *container, *partitions, *boot; /* NULL: nothing is said of them */
	const struct facts *kinds, *checksums;             /* rows of one section; NULL as above */
	const struct facts *volume;                        /* of each file system */
	size_t volumes;
};

/* "disc.cue is a BIN/CUE image of a CD: 2 sessions, 14 tracks (13 audio, 1 mode1), 74:12:05, all
 * data present." and what follows from the model: tracks, texts, ids. Notes are left to others. */
void report_disc_text(FILE *out, const struct report_disc *report);
/* One object at the top of `json`, schema 1; keys are only ever added. */
void report_disc_json(struct json *json, const struct report_disc *report);

/* Lower-case words of the control bits that are set besides SP_CONTROL_DATA: pre dcp 4ch. `word`
 * has room for 3; returns how many. */
size_t report_flags(const struct sp_track *track, const char *word[3]);
/* "title", "performer" …; NULL for types that are no text. */
const char *report_text_name(unsigned type);
/* Sectors from index 00 to index 01. */
uint64_t report_pregap(const struct sp_track *track);

#endif
