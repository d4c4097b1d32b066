/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source becomes a disc: what is asked of a burn, what the drive has in it, what came of it. */
#ifndef SPINDLE_BURN_H
#define SPINDLE_BURN_H

#include <spindle/drive.h>
#include <spindle/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sp_burn_mode {
	SP_BURN_AUTO, /* what fits layout, medium and drive */
	SP_BURN_TAO,  /* DVD-R and -RW: incremental */
	SP_BURN_SAO,  /* session, or disc, at once */
	SP_BURN_RAW,  /* with all 96 bytes of sub-channel (CD) */
};

struct sp_burn_progress {
	const char *phase; /* "lead-in" "writing" "closing" "verifying" "blanking" "formatting" */
	uint64_t done, total; /* sectors; of closing, blanking and formatting, where the drive
				 tells it, 1/65536 */
	uint64_t bytes;
	unsigned track;  /* 0: none */
	unsigned buffer; /* percent of the drive's buffer that is full; 101: not told */
	unsigned fifo;   /* and of what lies ready for it here; 101: there is none */
};
/* Not 0: stop; the command under way is finished, what can be closed is. */
typedef int sp_burn_progress_fn(void *user, const struct sp_burn_progress *progress);

enum { SP_SPEED_MIN = 1, SP_SPEED_MAX = 1000000 };
#define SP_BREAK_HALF ((sp_lba)-1) /* half of what is written on each layer */

/* What is asked. Zeroed but for the drive: the whole disc, closed, as fast as it goes. */
struct sp_burn {
	const char *drive;  /* device file: "/dev/sr0" */
	unsigned mode;      /* enum sp_burn_mode */
	unsigned speed;     /* kB/s, SP_SPEED_MIN, SP_SPEED_MAX; 0: the drive's choice */
	bool times;         /* speed counts in 1x of the medium */
	sp_lba layer_break; /* DVD+R DL: sectors of the first layer, SP_BREAK_HALF; 0: as it is */
	bool simulate;      /* the drive's test write; refused where it has none */
	bool multi;         /* leave the disc open for another session */
	bool overburn;      /* try more than the medium says it holds */
	bool overwrite;     /* what is on an overwritable medium may go */
	bool lossy;         /* leave out what cannot be written */
	const struct sp_notes *notes;
	sp_burn_progress_fn *progress; /* NULL is fine */
	void *user;
};

enum sp_burn_state { /* of the medium, as READ DISC INFORMATION has it */
		     SP_DISC_BLANK,
		     SP_DISC_APPENDABLE,
		     SP_DISC_COMPLETE,
		     SP_DISC_RANDOM, /* overwritable: never blank, never full */
		     SP_DISC_STATES
};
SP_API const char *sp_burn_state_name(unsigned state); /* blank appendable complete overwritable */

/* What the drive and the medium in it are. */
struct sp_burn_target {
	struct sp_drive_identity identity;
	unsigned profile, medium; /* enum sp_medium */
	unsigned state;           /* enum sp_burn_state */
	bool erasable;
	bool unformatted; /* it takes nothing before it is formatted */
	uint64_t free;    /* sectors that can be written now, of a track of data */
	sp_lba next;      /* where they begin */
	unsigned closed;  /* sessions that have their end */
	bool used;        /* overwritable: there is something in its first 64 KiB */
	char holds[40];   /* and what: "ISO 9660: LIVE"; "" not known */
};

enum sp_burn_writer { SP_WRITER_LIBBURN, SP_WRITER_OWN };

/* How it will be done. */
struct sp_burn_plan {
	unsigned writer, mode; /* mode is not AUTO */
	uint64_t sectors;   /* sent by us: with padding and pauses the drive adds it may be more */
	bool pads;          /* the medium rounds up to its block */
	unsigned speed;     /* kB/s, one the drive offers where it tells; 0: its choice */
	sp_lba layer_break; /* that is to be set; 0: none */
};

enum sp_burn_written {                     /* what became of the medium */
		       SP_WRITTEN_NOT,     /* nothing was written */
		       SP_WRITTEN_WHOLE,   /* written and closed as asked */
		       SP_WRITTEN_PART,    /* stopped or failed; the medium was closed */
		       SP_WRITTEN_DAMAGED, /* failed, and is not closed */
		       SP_WRITTEN_TEST,    /* simulated */
};

struct sp_burn_report {
	struct sp_burn_target target; /* before */
	struct sp_burn_plan plan;
	unsigned written; /* enum sp_burn_written */
	unsigned state;   /* enum sp_burn_state afterwards; SP_DISC_STATES: not known */
	uint64_t sectors; /* that the drive took; of what failed or was stopped, at least */
	uint64_t seconds; /* of writing and closing */
	char sha256[65];  /* of what was sent, main channel; "" not whole */
	bool verified;    /* read back and compared … */
	bool differs;     /* … and not equal: `difference` names the first */
	uint64_t compared, different, unread; /* sectors */
	int offset; /* of audio: samples by which what is read is shifted */
	char difference[240];
};

struct sp_burning;
/* Take the drive for this process alone and see what is in it: an optical drive by its peripheral
 * device type, with a medium that can be written. SP_ERR_DEVICE in one line otherwise; nothing is
 * changed. Strings of *burn are borrowed until close. */
SP_API int sp_burning_open(struct sp_burning **out, const struct sp_burn *burn,
			   struct sp_error *err);
SP_API const struct sp_burn_report *sp_burning_report(const struct sp_burning *burning);
/* Choose the writer for `disc` and see that all of it fits: its layout, the drive's modes, the
 * room. Refusals name the reason: SP_ERR_UNSUPPORTED the drive or medium cannot; SP_ERR_LOSSY
 * something would be lost; SP_ERR_DEVICE no room or no medium to write on. Nothing is changed. */
SP_API int sp_burning_plan(struct sp_burning *burning, const struct sp_disc *disc,
			   struct sp_error *err);
/* Write and close what was planned. SP_ERR_DEVICE: it failed, SP_ERR_CANCELLED: it was stopped; the
 * report says what became of the medium. */
SP_API int sp_burning_run(struct sp_burning *burning, struct sp_source *source,
			  struct sp_error *err);
/* Read every sector back from the medium and compare with `source`, which must be readable again.
 * SP_ERR_DIFFERS: the report names the first difference. */
SP_API int sp_burning_verify(struct sp_burning *burning, struct sp_source *source,
			     struct sp_error *err);
/* After a burn of which nobody knows how it ended, as its process is gone: unlock the tray, close
 * what can be closed, and find out what became of the medium, which was `before`. */
SP_API int sp_burning_recover(struct sp_burning *burning, const struct sp_burn_target *before,
			      struct sp_error *err);
SP_API int sp_burning_eject(struct sp_burning *burning, struct sp_error *err);
/* Open the tray of a drive that no burning has, and wait until another disc is in it, `seconds` at
 * most, 0: without end. burn->progress is asked all the while, with phase "waiting". SP_ERR_DEVICE:
 * none came. */
SP_API int sp_burning_next(const struct sp_burn *burn, unsigned seconds, struct sp_error *err);
SP_API void sp_burning_close(struct sp_burning *burning); /* NULL is fine */

enum sp_blank_how {
	SP_BLANK_FAST,
	SP_BLANK_FULL,
	SP_BLANK_FORMAT, /* DVD+RW, BD-RE, BD-R with spares */
};
/* Make the rewritable medium of an opened burning blank, or format it. */
SP_API int sp_burning_blank(struct sp_burning *burning, unsigned how, struct sp_error *err);

/* --- the two writers, for sp_burning ------------------------------------------------------- */

/* Both are sinks of one session (or disc): open looks whether this drive and medium can take this
 * layout and refuses with the reason, writing nothing; begin starts writing, after which close
 * without finish stops, closes what can be closed and leaves the rest; finish returns when the
 * drive has closed what was asked. While writing they call burn->progress at least every second. */
struct sp_transport;
/* By libburn: the process's only one at a time. `burn->drive` must not be open elsewhere. Data is
 * wanted as 2048 bytes, audio as 2352. */
int sp_burner_open(struct sp_sink **out, const struct sp_disc *disc, const struct sp_burn *burn,
		   struct sp_error *err);
/* Our own: SAO by cue sheet with every kind of sector, or RAW96R. `transport` is borrowed, opened
 * exclusively. */
int sp_recorder_open(struct sp_sink **out, struct sp_transport *transport,
		     const struct sp_disc *disc, const struct sp_burn *burn, struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
