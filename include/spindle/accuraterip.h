/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the AccurateRip and CUETools databases know music by: checksums of its tracks. No network.
 */
#ifndef SPINDLE_ACCURATERIP_H
#define SPINDLE_ACCURATERIP_H

#include <spindle/disc.h>
#include <spindle/error.h>
#include <spindle/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* By so many samples more or less other pressings are looked for: 5 sectors less one sample. */
#define SP_AR_OFFSET_MAX 2939

/* A track as the databases cut it: from index 01 to the next one's index 01 or the session's
 * lead-out; of the first audio track they leave out 2939 samples, of the last one 2940 (the first
 * and last 10 sectors: CTDB). */
struct sp_ar_track {
	unsigned number;
	uint64_t samples;     /* of 4 bytes */
	uint32_t v1, v2;      /* AccurateRip */
	uint32_t frame450;    /* v1 of sector 450 alone; 0: the track is shorter */
	uint32_t crc32;       /* of all samples, as EAC names it */
	uint32_t ctdb;        /* CTDB's */
	bool silent, damaged; /* nothing but zeros; sectors that could not be read are in it */
};
struct sp_ar {
	struct sp_ar_track track[SP_TRACK_MAX]; /* audio tracks alone */
	size_t tracks;
	uint32_t ctdb; /* of the disc; 0 where there is none: fewer samples than it leaves out */
	struct sp_ar_edges *edges; /* what other offsets need */
};

/* Compute them for a whole disc. *result is filled by finish and must live as long as the sink;
 * sp_ar_clear frees what it holds. An observer. */
SP_API int sp_sink_accuraterip(struct sp_sink **out, struct sp_ar *result, struct sp_error *err);
SP_API void sp_ar_clear(struct sp_ar *ar);
/* v1 of result->track[i] if the disc were read `offset` samples later, -2939…2939. False: it cannot
 * be told. */
SP_API bool sp_ar_v1_at(const struct sp_ar *ar, size_t i, int offset, uint32_t *v1);
/* The same of its sector 450. */
SP_API bool sp_ar_frame450_at(const struct sp_ar *ar, size_t i, int offset, uint32_t *crc);

/* The database's answer for a disc, saved as a file (dBAR-….bin): pressings, each with confidence
 * and CRCs for each track. */
struct sp_ar_answer {
	uint8_t confidence;
	uint32_t crc, frame450; /* crc: v1 or v2 */
};
struct sp_ar_pressing {
	uint32_t id1, id2, cddb;
	size_t first; /* its answers begin at answer[first] */
};
struct sp_ar_response {
	unsigned tracks;
	struct sp_ar_pressing *pressing;
	size_t pressings;
	struct sp_ar_answer *answer;
};
/* `name` is for messages. SP_ERR_FORMAT: no such file, or pressings of several discs. Clear
 * *response afterwards, also when it failed. */
SP_API int sp_ar_parse(struct sp_ar_response *response, const char *name, const uint8_t *data,
		       size_t size, struct sp_error *err);
SP_API void sp_ar_response_clear(struct sp_ar_response *response);
/* Is it the answer for `disc`? id2 by the order of the music, or with track numbers. */
SP_API bool sp_ar_is_of(const struct sp_ar_response *response, const struct sp_disc *disc);

struct sp_ar_verdict {
	unsigned confidence; /* of all pressings that say the same, as it was read; 0: none */
	unsigned version;    /* 1 or 2: which checksum it was; 0: none */
	unsigned other;      /* confidence of those that say the same at `offset` samples … */
	int offset;          /* … where none does as it was read */
	unsigned most;       /* the largest confidence told for this track, whatever it says */
};
/* What the response says of each track: *verdict has room for ar->tracks. */
SP_API void sp_ar_compare(const struct sp_ar *ar, const struct sp_ar_response *response,
			  struct sp_ar_verdict *verdict);
/* The read offset correction of the drive that gave `ar` without correction: the offset at which
 * sector 450 (v1 where there is none) of most tracks fits, two at least unless the disc has one.
 * False: none, or several fit equally. */
SP_API bool sp_ar_drive_offset(const struct sp_ar *ar, const struct sp_ar_response *response,
			       int *offset, unsigned *tracks);

#ifdef __cplusplus
}
#endif
#endif
