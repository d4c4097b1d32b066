/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc in a drive becomes a source: read whole, damage and all, resumable, with evidence. */
#ifndef SPINDLE_RIP_H
#define SPINDLE_RIP_H

#include <spindle/drive.h>
#include <spindle/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* On what the layout stands. Counts are readings. */
struct sp_rip_q_track {
	uint64_t right;          /* in the track: right CRC, in place */
	unsigned gap_sure;       /* of index 00: readings that say so … */
	unsigned gap_unsure;     /* … and sectors by which its begin is not sure */
	unsigned isrc, isrc_not; /* readings of the ISRC taken, and of others */
	bool isrc_drive;         /* it needed the drive's word */
	unsigned q_control;      /* what Q says in most, 16: nothing */
};
struct sp_rip_q {
	uint64_t sectors;                 /* with sub-channel */
	uint64_t right, wrong, elsewhere; /* CRC right; wrong; right but of another place */
	unsigned mcn, mcn_not;            /* readings of the MCN taken, and of others */
	bool mcn_drive;
	struct sp_rip_q_track track[SP_TRACK_MAX + 1]; /* by number */
};

struct sp_rip_setup {
	const char *drive;    /* "/dev/sr0" or "sim:…" */
	unsigned retries;     /* of what is bad */
	unsigned speed;       /* kB/s, 0: as fast as it goes */
	bool times;           /* speed counts in 1x of the medium */
	int offset;           /* read offset correction in samples */
	bool paranoid;        /* read audio twice, believe only what agrees */
	bool sub;             /* the source has P-W */
	unsigned first, last; /* tracks, 0: all */
	const struct sp_notes *notes;
	sp_progress_fn *progress; /* NULL is fine; phases are "reading", "trimming", "scraping",
				     "retrying" */
	void *user;
};

/* Sectors that are not what they should be. */
enum sp_rip_trouble {
	SP_RIP_UNREAD,     /* could not be read: filled with zeros */
	SP_RIP_SUSPICIOUS, /* read, but C2 or differing reads leave doubt */
	SP_RIP_EDC,        /* read again and the same: its EDC is wrong on the disc */
	SP_RIP_PADDED,     /* samples beyond what the drive reads: zeros */
	SP_RIP_TROUBLES
};

struct sp_rip_report {
	struct sp_drive_identity drive;
	struct sp_drive_abilities able;
	int offset;
	bool resumed;
	const char *disc_identity;
	uint64_t commands, asked, failed, retried; /* of this run: commands, sectors asked for,
						      failed reads, sectors read again */
	uint64_t time_us;                          /* the drive's own time */
	uint64_t padded;                           /* samples */
	uint64_t sectors[SP_RIP_TROUBLES];
	struct sp_runs runs; /* of them; `what` is enum sp_rip_trouble */
	struct sp_rip_q q;
};

struct sp_rip;
/* Take the drive and find out what is in it. Errors are one line that says what to do. */
SP_API int sp_rip_open(struct sp_rip **out, const struct sp_rip_setup *setup, struct sp_error *err);
/* The disc as its TOC has it; after sp_rip_run as its sectors have it. */
SP_API const struct sp_disc *sp_rip_disc(const struct sp_rip *rip);
SP_API const struct sp_rip_report *sp_rip_report(const struct sp_rip *rip);
/* Another read offset correction than the setup's, before the run: once it is known which drive it
 * is. */
SP_API int sp_rip_set_offset(struct sp_rip *rip, int samples, struct sp_error *err);
/* A name for the image: the album of CD-Text or the volume identifier, letters and digits of any
 * script with no sign a file name cannot have; "" where the disc has neither. */
SP_API int sp_rip_name(struct sp_rip *rip, char *name, size_t size, struct sp_error *err);
/* Make the work store, the folder `path`, or go on with it when it is of this disc (SP_ERR_USAGE:
 * of another). It stays, whatever happens. */
SP_API int sp_rip_begin(struct sp_rip *rip, const char *path, struct sp_error *err);
/* Read everything into the store, after sp_rip_begin. */
SP_API int sp_rip_run(struct sp_rip *rip, struct sp_error *err);
/* Before that: a sink that is given what is read while it is read, where the layout is known
 * beforehand: of a DVD, a BD, a CD of one track. It is the caller's, and closed after the run. */
SP_API void sp_rip_follow(struct sp_rip *rip, struct sp_sink *sink);
/* After a run: it was given all that the source has, nothing was lost, and it is finished. False:
 * what it has is no use. */
SP_API bool sp_rip_followed(const struct sp_rip *rip);
/* What was read, as a source (the store is its, until it is closed). Full TOC, PFI, DMI and layer
 * break are not part of it: few images can hold them, a log can. */
SP_API int sp_rip_source(struct sp_source **out, struct sp_rip *rip, struct sp_error *err);
/* Let the image's output set take over the file of the store that holds the main channel, where a
 * member turns out to be the same: it is not written twice then. Only of what will not be read
 * again: the file is the image's from its commit on. */
SP_API int sp_rip_offer(const struct sp_rip *rip, struct sp_outset *set, struct sp_error *err);
/* A map file of an image of the tracks from its first stored LBA on, `size` bytes a sector, as GNU
 * ddrescue reads it: malloc'd. */
SP_API int sp_rip_map(struct sp_rip *rip, size_t size, char **text, size_t *length,
		      struct sp_error *err);
SP_API int sp_rip_eject(struct sp_rip *rip, struct sp_error *err);
/* Lets the drive go. NULL is fine. */
SP_API void sp_rip_close(struct sp_rip *rip);
/* Remove a work store and nothing else that may lie in its folder. */
SP_API int sp_rip_discard(const char *path, struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
