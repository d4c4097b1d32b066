/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The road: a source gives a disc, a sink takes one, sp_copy joins them. */
#ifndef SPINDLE_STREAM_H
#define SPINDLE_STREAM_H

#include <spindle/disc.h>
#include <spindle/error.h>
#include <spindle/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A run of sectors inside one region. `data` holds count × stride bytes, `state` count words. */
struct sp_span {
	sp_lba lba;
	uint32_t count;
	unsigned mode, parts;
	size_t stride; /* == sp_sector_size(mode, parts) */
	uint8_t *data;
	uint16_t *state;
};

/* One checksum a container carries for itself, and what was found. */
struct sp_proof {
	const char *what;             /* "data fork CRC-32" */
	const char *expected, *found; /* hexadecimal */
	bool ok;
};
typedef void sp_proof_fn(void *user, const struct sp_proof *proof);

/* One fact of the container itself, that is none of its disc's. */
struct sp_fact {
	const char *section; /* what it belongs to: "checksums"; NULL: the container as a whole */
	unsigned row;        /* of a section that is a list: from 1; 0: it is none */
	const char *key;     /* a name as JSON has them: lower case, '_' for a space */
	const char *text;    /* NULL: `number` it is */
	uint64_t number;
};
typedef void sp_fact_fn(void *user, const struct sp_fact *fact);

struct sp_source;
struct sp_source_ops {
	/* Fill span->data and span->state for span->lba … + count; span->mode, parts and stride are
	 * those of the region, which a span never leaves. What is not stored in the image is given
	 * as zeros with SP_STATE_GENERATED. Damage is data: it sets state bits and does not fail.
	 */
	int (*read)(struct sp_source *src, struct sp_span *span, struct sp_error *err);
	/* Report every checksum the container has. NULL: it has none. */
	int (*prove)(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err);
	void (*close)(struct sp_source *src);
	/* Tell what there is to know of the container, a section at a time, a row at a time; all
	 * rows of a section have the same keys. NULL: nothing. */
	int (*describe)(struct sp_source *src, sp_fact_fn *fn, void *user, struct sp_error *err);
};
enum sp_source_caps {
	SP_SOURCE_ONCE = 1,  /* one sequential pass only */
	SP_SOURCE_WHOLE = 2, /* opening it has shown that no sector is absent or cut short */
	SP_SOURCE_SLOW =
		4, /* a read that is not in order may take long: for what was asked for only */
};
/* One thread at a time. `disc` belongs to the source; a once-only source may still add metadata to
 * it until its last sector is read. */
struct sp_source {
	const struct sp_source_ops *ops;
	struct sp_disc *disc;
	unsigned caps;
};
SP_API int sp_source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err);
SP_API int sp_source_prove(struct sp_source *src, sp_proof_fn *fn, void *user,
			   struct sp_error *err);
SP_API int sp_source_describe(struct sp_source *src, sp_fact_fn *fn, void *user,
			      struct sp_error *err);
SP_API void sp_source_close(struct sp_source *src); /* NULL is fine */

/* What a target may be unable to hold. The first group is seen in the layout before anything is
 * written, the second only in sectors. */
enum sp_loss {
	SP_LOSS_TRACKS, /* tracks beyond those the target takes */
	SP_LOSS_SESSIONS,
	SP_LOSS_NUMBERS, /* a first track that is not 1 */
	SP_LOSS_INDEX,   /* index 02…99 */
	SP_LOSS_FLAGS,   /* pre-emphasis, copy permitted, four channels */
	SP_LOSS_MCN,
	SP_LOSS_ISRC,
	SP_LOSS_CDTEXT,
	SP_LOSS_SUBCHANNEL,               /* stored P-W or Q */
	SP_LOSS_TOC,                      /* full TOC, PFI, DMI, layer break */
	SP_LOSS_MSF,                      /* sectors beyond 99:59:74 */
	SP_LOSS_STRUCTURAL,               /* end of the first group */
	SP_LOSS_GAP = SP_LOSS_STRUCTURAL, /* pregap, postgap or gap sectors with content */
	SP_LOSS_SYNC,
	SP_LOSS_HEADER,
	SP_LOSS_SUBHEADER,
	SP_LOSS_FORM,
	SP_LOSS_EDC,
	SP_LOSS_PARITY,
	SP_LOSS_SUB,
	SP_LOSSES
};
#define SP_CARRY(loss) (1u << (loss))
#define SP_CARRY_ALL   (SP_CARRY(SP_LOSS_STRUCTURAL) - 1u)

struct sp_losses {
	uint64_t count[SP_LOSSES];
	sp_lba first[SP_LOSSES];     /* of sectors: the first one's LBA */
	unsigned track[SP_LOSSES];   /* of the layout: the first one's track … */
	unsigned index[SP_LOSSES];   /* … and index */
	const char *text[SP_LOSSES]; /* a format's own word for it, static, in which # stands for
					the count; NULL: the common one */
};
SP_API bool sp_losses_any(const struct sp_losses *losses);
SP_API void sp_losses_add(struct sp_losses *losses, unsigned loss, uint64_t count, sp_lba lba);
SP_API void sp_losses_merge(struct sp_losses *into, const struct sp_losses *from);
/* "CD-Text, 2 ISRCs, INDEX 02 of track 5, 3 sectors whose EDC differs (first at LBA 17)". Returns
 * text. */
SP_API char *sp_losses_text(const struct sp_losses *losses, char *text, size_t size);

struct sp_sink;
struct sp_sink_ops {
	/* The parts wanted of a region, 0 to be spared it. Valid before begin. Parts the source
	 * does not store are built on the way; parts it stores and the sink does not want are
	 * checked for loss. A region that is not stored may be wanted: it comes as generated. */
	unsigned (*wants)(struct sp_sink *sink, const struct sp_region *region);
	/* Once, before the first write. `source` may be read here, if it is not NULL. */
	int (*begin)(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err);
	/* Ascending; only what is wanted. The span is the sink's to read, not to keep. */
	int (*write)(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err);
	/* What was written is valid only after this. `disc` has the final metadata: since begin
	 * nothing else changed. */
	int (*finish)(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err);
	void (*close)(struct sp_sink *sink); /* without finish: leaves nothing behind */
	/* Count what cannot be held of the layout, before begin. NULL: counted from carries,
	 * msf_end and wants. */
	int (*losses)(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		      struct sp_error *err);
};
enum sp_sink_flags {
	SP_SINK_OBSERVER = 1,     /* keeps nothing (hash, compare, null): drops are no loss */
	SP_SINK_READS_SOURCE = 2, /* begin reads the source: a once-only one is spooled first */
	SP_SINK_FORWARDS = 4,     /* write is called while dry too, to count losses, and in a scan,
				     where only `losses` came before */
	SP_SINK_PACKS = 8,        /* keeps CD-Text as packs: what those cannot hold is lost */
	SP_SINK_KEYWORDS = 16,    /* keeps the texts of block 0 as they are: with packs beside them,
				     else other languages are lost */
	SP_SINK_PLAIN = 32,       /* stores every byte it wants as it is, zeros too */
};
struct sp_sink {
	const struct sp_sink_ops *ops;
	unsigned flags;
	unsigned carries;         /* SP_CARRY bits of the layout facts it can hold */
	uint64_t msf_end;         /* first LBA it cannot address; 0: no limit */
	struct sp_losses *losses; /* set by sp_copy before begin; a tee adds its children's */
	struct sp_source *source; /* set by sp_copy before losses are counted, in a scan too, for
				     sinks that read it then; NULL: it can be read only once */
	bool dry; /* set by sp_copy: something was lost, nothing is stored any more */
};
SP_API void sp_sink_close(struct sp_sink *sink); /* NULL is fine */

struct sp_progress {
	const char *phase;    /* "copying", "checking", "comparing", "proving", "finishing" */
	uint64_t done, total; /* sectors */
	uint64_t bytes;       /* of main channel so far */
	uint64_t bad;         /* sectors with a state that is damage */
};
/* Called from the thread that called sp_copy, at most every 1/10 s and at the end of a phase. Not
 * 0: stop (SP_ERR_CANCELLED). */
typedef int sp_progress_fn(void *user, const struct sp_progress *progress);

struct sp_tally { /* what a copy saw */
	uint64_t sectors, bytes;
	uint64_t state[16]; /* sectors with each state bit */
	sp_lba first[16];   /* and the first one's LBA */
	unsigned proofs;    /* checksums of the container that were right */
};

struct sp_copy {
	struct sp_source *source; /* borrowed */
	struct sp_sink *sink;     /* borrowed */
	bool lossy;               /* count losses, refuse none */
	bool scan;                /* look for losses only: the sink is asked what it wants, and gets
				     nothing */
	const char *phase;        /* NULL: "copying" */
	const struct sp_notes *notes;
	sp_progress_fn *progress; /* NULL is fine */
	void *user;
	struct sp_losses losses; /* out */
	struct sp_tally tally;   /* out */
};
/* Losses of the layout first, then begin, then one pass in which reading, converting and writing
 * overlap, then the source's proof, then finish. SP_ERR_LOSSY: something would be lost; at the
 * first such sector storing stops, counting goes on to the end. SP_ERR_FORMAT: a proof failed. The
 * sink is not finished then. Regions a sink does not want are read only to see that nothing is
 * lost. */
SP_API int sp_copy(struct sp_copy *copy, struct sp_error *err);

/* Sinks that store nothing. */
SP_API int sp_sink_null(struct sp_sink **out, struct sp_error *err);

enum sp_digest { SP_DIGEST_CRC32, SP_DIGEST_MD5, SP_DIGEST_SHA1, SP_DIGEST_SHA256, SP_DIGESTS };
SP_API const char *sp_digest_name(unsigned digest); /* crc32 md5 sha1 sha256 */
/* Of some bytes, in hexadecimal. False: no memory, or the system forbids it. */
SP_API bool sp_digest_of(unsigned digest, const void *data, size_t size, char hex[65]);
struct sp_hash {
	unsigned track;           /* 0: the whole disc */
	uint64_t size;            /* bytes */
	char hex[SP_DIGESTS][65]; /* "" when not asked for */
};
struct sp_hashes {
	struct sp_hash whole;
	struct sp_hash track[SP_TRACK_MAX];
	size_t tracks;
};
/* Digests of the main channel as stored, whole and per track: a track is what its own redump .bin
 * holds, from its index 00; a stored gap between sessions counts in the whole alone. `digests`:
 * bits 1 << SP_DIGEST_…, and SP_HASH_TRACKS where those of tracks are enough (of
 * a single one both are given). *result is filled by finish and must live as long as the sink. */
#define SP_HASH_TRACKS (1u << 16)
SP_API int sp_sink_hash(struct sp_sink **out, unsigned digests, struct sp_hashes *result,
			struct sp_error *err);

struct sp_difference {
	sp_lba lba;
	uint64_t count;      /* sectors */
	unsigned parts;      /* SP_PART bits that differ */
	uint32_t offset;     /* first different byte of the first sector, in the compared parts */
	bool only_a, only_b; /* stored on one side only; parts is 0 where that is blank */
};
struct sp_compared {
	uint64_t sectors, same, differ, only_a, only_b;
	uint64_t blank;     /* of only_a and only_b: silence or zeros, as the other side reads */
	char layout[160];   /* first difference of layout, "" when none */
	size_t differences; /* runs kept below, at most 64; all are counted above */
	struct sp_difference difference[64];
};
/* Compare what comes (A) with `reference` (B, borrowed), sector for sector in the parts both store.
 * Layout facts (tracks, indexes, flags, MCN, ISRC) are compared in finish, of a CD with framing and
 * of its 2048-byte form only what both can say. A difference is no error: *result has it. */
SP_API int sp_sink_compare(struct sp_sink **out, struct sp_source *reference,
			   struct sp_compared *result, struct sp_error *err);

/* Sectors in a row of which the same is to be said. */
struct sp_run {
	sp_lba lba;
	uint64_t count;
	unsigned what;   /* enum sp_repair_verdict or sp_merge_how */
	unsigned source; /* of a merge: from 0 */
	uint64_t bytes;  /* corrected in all of them */
};
/* Runs ascend and do not overlap. Zeroed: none. */
struct sp_runs {
	struct sp_run *run;
	size_t count, room;
};
SP_API void sp_runs_free(struct sp_runs *runs);

/* What EDC and parity did, or could do, for damaged sectors. Zeroed: nothing yet. */
struct sp_repairs {
	uint64_t sectors[SP_REPAIR_VERDICTS]; /* CORRECTABLE, PARITY and BEYOND are counted */
	uint64_t bytes;                       /* corrected in them */
	struct sp_runs runs;                  /* of those sectors; free with sp_runs_free */
};

/* Look at EDC, parity and headers of every sector that has them. *result counts every sector that
 * came, by the states it came with and those found here; *repairs (NULL: not asked) tells which
 * damage the parity could correct; *damaged (NULL: not asked) has the sectors, `what` the SP_STATE
 * bits that say so. All must live as long as the sink. */
SP_API int sp_sink_check(struct sp_sink **out, struct sp_tally *result, struct sp_repairs *repairs,
			 struct sp_runs *damaged, struct sp_error *err);
/* Note the sectors that come with a state that is damage, and keep nothing else: as `damaged` of
 * sp_sink_check, of what is known without looking at them. */
SP_API int sp_sink_damage(struct sp_sink **out, struct sp_runs *damaged, struct sp_error *err);

enum sp_sub_kind {                /* what can be odd about the Q of one sector */
		   SP_SUB_CRC,    /* its CRC is wrong */
		   SP_SUB_DESYNC, /* its CRC is right, and it says another place */
		   SP_SUB_KINDS
};
enum sp_sub_pattern { /* whose marks odd Qs can be: copy protections, by description */
		      SP_SUB_PATTERN_NONE,
		      SP_SUB_PATTERN_LIBCRYPT,
		      SP_SUB_PATTERN_SECUROM,
};
#define SP_SUB_KEPT 1024
struct sp_sub_anomaly {
	sp_lba lba, said; /* said: the place it names, SP_LBA_NONE where that is none */
	unsigned kind;
	unsigned marks; /* of patterns it fits, for the scan's own use */
	bool explained; /* part of the pattern that was found */
	uint8_t q[12];
};
struct sp_subscan {
	uint64_t sectors;             /* with P-W or Q */
	uint64_t blank;               /* of them: Q is nothing but zeros */
	uint64_t count[SP_SUB_KINDS]; /* sectors */
	uint64_t explained[SP_SUB_KINDS];
	sp_lba first[SP_SUB_KINDS]; /* not explained */
	unsigned pattern;           /* one that is there as a whole */
	unsigned scheme;            /* SecuROM: 1…4, by how many sectors it has */
	uint16_t key; /* LibCrypt: which of 16 pairs are marked, the first one on top */
	char mcn[14]; /* as most of their readings have it, "" none: ADR 2 and 3 */
	char isrc[SP_TRACK_MAX + 1][13];
	size_t anomalies; /* kept below, the first ones; all are counted above */
	struct sp_sub_anomaly anomaly[SP_SUB_KEPT];
};
/* Look at Q of every sector that has sub-channel. *result is filled by finish and must live as long
 * as the sink. */
SP_API int sp_sink_subscan(struct sp_sink **out, struct sp_subscan *result, struct sp_error *err);
SP_API const char *sp_sub_pattern_name(unsigned pattern); /* LibCrypt SecuROM, NULL: none */

/* Several sinks in one pass, each given what it wants. Takes the sinks on success. Their drops
 * count as losses unless they are observers. */
SP_API int sp_sink_tee(struct sp_sink **out, struct sp_sink *const *sinks, size_t count,
		       struct sp_error *err);

/* Views: a source that owns a source (taken on success). A track is its index 00 to its end, as a
 * disc of one session; a pregap of track 1 that is not stored stays. Tracks keep their numbers and
 * LBAs; sessions are numbered from 1. A part keeps the MCN, the texts of the disc and of its
 * tracks, not what tells of the whole disc (CD-Text packs, full TOC, PFI, DMI), and proves nothing.
 * A once-only source has to be spooled first (SP_ERR_USAGE). */
SP_API int sp_view_track(struct sp_source **out, struct sp_source *src, unsigned number,
			 struct sp_error *err);
SP_API int sp_view_session(struct sp_source **out, struct sp_source *src, unsigned number,
			   struct sp_error *err);
/* What lies in lba … lba + count. Gaps between sessions are left off its ends. A track cut within
 * its index 01 starts at the cut; one that is left with its pregap alone has that as index 01. */
SP_API int sp_view_range(struct sp_source **out, struct sp_source *src, sp_lba lba, uint64_t count,
			 struct sp_error *err);
/* A partition of a disc as sp_partitions_find takes it, as a disc of its own from LBA 0: of
 * 512-byte blocks, or of 2048-byte sectors where an optical disc's volume is in it. It proves what
 * the whole proves. SP_ERR_USAGE names the partitions there are; SP_ERR_FORMAT: it goes beyond the
 * end. */
SP_API int sp_view_partition(struct sp_source **out, struct sp_source *src, unsigned number,
			     struct sp_error *err);
/* The same bytes in 2048-byte sectors; *padding: bytes of zeros that fill up the last one. */
SP_API int sp_view_sectors(struct sp_source **out, struct sp_source *src, unsigned *padding,
			   struct sp_error *err);
/* The same sectors at LBA + shift: addresses within them (headers, Q) stay as they are. */
SP_API int sp_view_shift(struct sp_source **out, struct sp_source *src, sp_lba shift,
			 struct sp_error *err);

/* The same disc, each sector corrected as it is read where its P/Q parity gives one whose EDC is
 * right; C2 pointers, where stored, are used. Others come as they are, with SP_STATE_EDC where
 * there is damage beyond correction. *repairs counts each sector once, however often it is read,
 * and must live as long as the view. Takes src on success; what `src` proves is proven of it. */
SP_API int sp_view_repair(struct sp_source **out, struct sp_source *src, struct sp_repairs *repairs,
			  struct sp_error *err);

#define SP_MERGE_MAX 32 /* sources */
/* How a sector of a merge was come by. */
enum sp_merge_how {
	SP_MERGE_EQUAL,     /* the same in all, and nothing wrong with it */
	SP_MERGE_EVIDENCE,  /* this source's has the best evidence for it */
	SP_MERGE_REPAIRED,  /* corrected by its parity, maybe where two sources differ */
	SP_MERGE_VOTED,     /* most sources say so */
	SP_MERGE_PREFERRED, /* nothing decides but the caller's preference */
	SP_MERGE_CONFLICT,  /* nothing decides; the first source's is given */
	SP_MERGE_DAMAGED,   /* no source has it without damage */
	SP_MERGE_UNREAD,    /* no source has it */
	SP_MERGE_HOWS
};
struct sp_merge {
	struct sp_source *const *source; /* 2…SP_MERGE_MAX dumps of one disc */
	size_t sources;
	bool majority;   /* let most of three and more decide on data too, not on audio alone */
	unsigned prefer; /* what nothing decides is taken from this source, from 1; 0: none */
};
struct sp_merged {
	uint64_t sectors, bytes;       /* bytes: corrected */
	uint64_t how[SP_MERGE_HOWS];   /* sectors */
	uint64_t source[SP_MERGE_MAX]; /* sectors taken from each, of those not EQUAL */
	struct sp_runs runs;           /* of all sectors; free with sp_runs_free */
};
/* One disc from several dumps of it, sector by sector: a good EDC before one the parity gives
 * before no protection before C2 errors before a wrong EDC before what was not read; between good
 * ones that differ, the one whose header is that of its place. Audio that differs is decided by
 * most of three and more. Sub-channel is the first whose Q has a right CRC. Layout, metadata and
 * what is stored are the first source's, MCN and ISRCs it lacks the others'. Takes the sources on
 * success; SP_ERR_USAGE for one that is read once, SP_ERR_DIFFERS names the first difference of the
 * TOCs. *merged counts each sector once and must live as long as the source. A conflict is no error
 * here.
 */
SP_API int sp_merge_open(struct sp_source **out, const struct sp_merge *merge,
			 struct sp_merged *merged, struct sp_error *err);

/* What file system a data track says it holds. */
enum sp_volume_kind {
	SP_VOLUME_ISO9660 = 1,
	SP_VOLUME_HIGH_SIERRA = 2,
	SP_VOLUME_CDI = 4,
	SP_VOLUME_UDF = 8,
};
struct sp_volume {
	unsigned kinds;   /* SP_VOLUME bits, 0: none known */
	char id[129];     /* volume identifier as stored, without trailing spaces */
	uint64_t sectors; /* the size the volume declares for itself, from `start`; 0 unknown */
};
/* Look at the descriptors of `count` sectors from `start` (a session's first data track). Damage is
 * no error: what cannot be understood is not there; what cannot be read is. */
SP_API int sp_volume_find(struct sp_volume *volume, struct sp_source *src, sp_lba start,
			  uint64_t count, struct sp_error *err);

/* The partitions of a disc that is one track of 512-byte blocks or 2048-byte sectors from LBA 0;
 * others are SP_ERR_USAGE. A table that is not understood is none; a trouble is no error; what
 * cannot be read is. */
SP_API int sp_partitions_find(struct sp_partitions *list, struct sp_source *src,
			      struct sp_error *err);

/* A once-only source read whole into an unlinked temporary file, so that it can be read again in
 * any order; others are returned as they are. Takes src on success. */
SP_API int sp_spool(struct sp_source **out, struct sp_source *src, struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
