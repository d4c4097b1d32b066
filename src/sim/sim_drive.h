/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the simulated drive: its state, and what its commands share. */
#ifndef SP_SIM_DRIVE_H
#define SP_SIM_DRIVE_H

#include "sim/sim.h"

#include "disc/sector.h"
#include "sim/sim_profile.h"
#include "stream/store.h"

/* Sense key, ASC and ASCQ in one number; MMC-6 annex F. */
#define SIM_SENSE(key, asc, ascq) ((uint32_t)(key) << 16 | (asc) << 8 | (ascq))
enum sim_sense {
	SIM_NO_SENSE = 0,
	SIM_NOT_READY_BECOMING = SIM_SENSE(2, 0x04, 0x01),
	SIM_NOT_READY_FORMAT = SIM_SENSE(2, 0x04, 0x04), /* format in progress */
	SIM_OPERATION = SIM_SENSE(2, 0x04, 0x07),        /* in progress */
	SIM_LONG_WRITE = SIM_SENSE(2, 0x04, 0x08),       /* in progress */
	SIM_NO_MEDIUM_CLOSED = SIM_SENSE(2, 0x3a, 0x01),
	SIM_NO_MEDIUM_OPEN = SIM_SENSE(2, 0x3a, 0x02),
	SIM_UNREADABLE = SIM_SENSE(3, 0x11, 0x05), /* L-EC uncorrectable error */
	SIM_WRITE_ERROR = SIM_SENSE(3, 0x0c, 0x00),
	SIM_UNDERRUN = SIM_SENSE(3, 0x0c, 0x09),    /* write error: loss of streaming */
	SIM_CALIBRATION = SIM_SENSE(3, 0x73, 0x03), /* power calibration area error */
	SIM_INTERNAL = SIM_SENSE(4, 0x44, 0x00),
	SIM_LIST_LENGTH = SIM_SENSE(5, 0x1a, 0x00),
	SIM_INVALID_OPCODE = SIM_SENSE(5, 0x20, 0x00),
	SIM_OUT_OF_RANGE = SIM_SENSE(5, 0x21, 0x00),
	SIM_INVALID_ADDRESS = SIM_SENSE(5, 0x21, 0x02), /* for write */
	SIM_INVALID_FIELD = SIM_SENSE(5, 0x24, 0x00),
	SIM_INVALID_PARAMETER = SIM_SENSE(5, 0x26, 0x00),
	SIM_INCOMPATIBLE = SIM_SENSE(5, 0x30, 0x02), /* cannot read medium: incompatible format */
	SIM_SEQUENCE = SIM_SENSE(5, 0x2c, 0x00),     /* command sequence error */
	SIM_NOT_WRITABLE = SIM_SENSE(5, 0x30, 0x05), /* cannot write medium */
	SIM_NOT_FORMATTABLE = SIM_SENSE(5, 0x30, 0x06), /* cannot format medium */
	SIM_NOT_FORMATTED = SIM_SENSE(5, 0x30, 0x10),
	SIM_END_OF_USER_AREA = SIM_SENSE(5, 0x63, 0x00),
	SIM_NOT_SAVED = SIM_SENSE(5, 0x39, 0x00),    /* saving parameters not supported */
	SIM_LOCKED = SIM_SENSE(5, 0x53, 0x02),       /* medium removal prevented */
	SIM_ILLEGAL_MODE = SIM_SENSE(5, 0x64, 0x00), /* for this track */
	SIM_MEDIUM_CHANGED = SIM_SENSE(6, 0x28, 0x00),
	SIM_RESET = SIM_SENSE(6, 0x29, 0x00),
	SIM_HOST_RESET = SIM_SENSE(0x80, 0, 0), /* no sense: the bus was reset on the way */
};

/* What can lie in the tray: one row of the table of media. */
enum sim_family { SIM_CD = 1, SIM_DVD = 2, SIM_BD = 4, SIM_ANY = 7 };
struct sim_writer;
struct sim_kind {
	const char *name; /* "cd-rom" */
	unsigned profile; /* MMC-6 table 95 */
	unsigned family;
	unsigned flags;
	uint32_t capacity;               /* sectors */
	const struct sim_writer *writer; /* NULL: pressed */
};
enum sim_kind_flags {
	SIM_ERASABLE = 1,
	SIM_OVERWRITE = 2, /* once formatted, any block at any time */
};
extern const struct sim_kind sim_kinds[]; /* name-NULL-ended, highest profile first */
const struct sim_kind *sim_kind_of(const struct sp_disc *disc);

/* Speeds in kB/s of 1000 bytes */
enum {
	SIM_CD_1X = 176,
	SIM_DVD_1X = 1385,
	SIM_BD_1X = 4495,
};

#define SIM_PAGE_SIZE 64
/* A mode page as it is, as it was made, and which of its bits can be changed. */
struct sim_page {
	uint8_t code;
	uint8_t size; /* all of it, 2 + page length */
	uint8_t now[SIM_PAGE_SIZE], made[SIM_PAGE_SIZE], mask[SIM_PAGE_SIZE];
};
enum sim_pages {
	SIM_PAGE_ERRORS,
	SIM_PAGE_WRITE,
	SIM_PAGE_CACHING,
	SIM_PAGE_POWER,
	SIM_PAGE_TIMEOUT,
	SIM_PAGES
};

/* Sectors of one region as its source gives them. */
struct sim_window {
	sp_lba lba;
	uint32_t count;
	const struct sp_region *region;
	uint8_t *data;
	uint16_t *state;
};

/* A run of sectors that the host is to send in one form. */
struct sim_run {
	sp_lba lba;
	uint64_t count;
	unsigned mode; /* of the sectors */
	unsigned from; /* parts of the main channel that come, 0: none */
	bool ignored;  /* zeros are written whatever comes; an XA sub-header counts */
	uint8_t sub;   /* bytes of sub-channel that come */
	bool packed;   /* R-W in order of packs */
};

/* A track of DVD or BD, in blocks. */
struct sim_extent {
	uint64_t start;
	uint64_t size; /* reserved, 0: as long as it comes */
	uint64_t written;
	unsigned session;
	bool closed;
};
#define SIM_TRACKS_MAX 2302

/* What a recordable disc is besides its sectors. */
enum sim_writing { SIM_WRITING_NONE, SIM_WRITING_TRACK, SIM_WRITING_SESSION, SIM_WRITING_RAW };
struct sim_medium {
	struct sp_store *store;
	uint32_t capacity;    /* first LBA that cannot be written to */
	struct sp_disc *disc; /* all that is recorded, an open session too */
	unsigned closed;      /* sessions of it */
	bool finished;        /* no further session */
	bool ruined;          /* a session was begun and not ended */
	bool open;            /* the last track goes on */
	bool dirty;           /* not told to the store yet */
	sp_lba next;          /* where that track, or a run of sectors, goes on */
	unsigned writing;
	bool test; /* without the laser: `before` is how it was */
	struct sp_disc *before;
	unsigned before_closed;
	bool before_finished, before_open;
	sp_lba before_next;
	struct sim_extent *before_track;
	size_t before_tracks;

	/* DVD and BD */
	bool formatted;
	uint32_t layer_break; /* 0: one layer */
	bool parted;          /* it was told where its layers part */
	struct sim_extent *track;
	size_t tracks;
	struct sp_disc *toc; /* as a lead-in tells of them */

	/* session at once: what the cue sheet promised */
	struct sp_disc *planned;
	struct sim_run *run;
	size_t runs;
	bool lead_in;     /* R-W of the lead-in comes first */
	bool lead_out;    /* raw: Q said so */
	unsigned index;   /* raw: the last one Q told … */
	unsigned control; /* … and whether it is data */
	uint8_t *packs;   /* CD-Text that came with it */
	size_t packs_size;
	bool packs_whole;    /* they began to repeat */
	uint8_t rw[12 * 24]; /* R-W in order of packs: symbols that go on the disc later */

	/* samples on their way to where the write offset puts them */
	uint8_t *samples;
	size_t samples_have, samples_skip;
	sp_lba samples_in, samples_out; /* sectors that come and go next */
};

/* How a family of media is written to. Each may set the command's sense. */
struct sim_writer {
	void (*write)(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count);
	void (*sync)(struct sp_sim *sim, struct sp_command *c);
	void (*close)(struct sp_sim *sim, struct sp_command *c, unsigned function, unsigned track);
	void (*blank)(struct sp_sim *sim, struct sp_command *c, unsigned type);
	void (*reserve)(struct sp_sim *sim, struct sp_command *c, uint32_t size);
	sp_lba (*next)(const struct sp_sim *sim); /* writable address */
};
extern const struct sim_writer sim_writer_cd, sim_writer_sequence, sim_writer_overwrite;

#define SIM_CACHED 8
struct sim_cached {
	sp_lba lba;
	int64_t count; /* 0: none */
};

struct sp_sim {
	struct sim_profile profile;
	struct sim_faults faults;
	uint64_t seed;
	const struct sp_notes *notes;

	/* the tray */
	bool open, locked;
	uint64_t opened;           /* when, by its clock */
	struct sp_source *src;     /* NULL: nothing lies in it */
	struct sp_disc *disc;      /* its layout, on a CD from LBA -150 on; NULL: blank */
	struct sim_medium *medium; /* NULL: it cannot be written to */
	const struct sim_kind *kind;

	/* what waits to be told */
	uint32_t attention; /* sense of a unit attention, 0: none */
	unsigned event;     /* media event of GET EVENT STATUS, MMC-6 table 270 */

	struct sim_page page[SIM_PAGES];
	unsigned speed;    /* kB/s of reading */
	sp_lba at;         /* where the pick-up stands: behind what was read last */
	uint64_t clock;    /* µs */
	uint64_t ready_at; /* not ready before this time */
	unsigned busy;     /* so often TEST UNIT READY finds a command going on, … */
	uint32_t busy_sense;
	struct sim_cached cached[SIM_CACHED]; /* sectors in the cache, the newest last */
	struct sim_window window;

	sp_sim_user_fn *user; /* NULL: nobody puts another disc in */
	void *user_data;
	sp_sim_trace_fn *trace;
	void *trace_user;
};

/* One command: how it comes, and what has to be there for it. */
enum sim_command_flags {
	SIM_READY = 1,    /* a medium that is ready */
	SIM_PASSING = 2,  /* executed although a unit attention waits, SPC-4 5.14.6 */
	SIM_RECORDED = 4, /* something to be read is on the medium */
	SIM_WRITES = 8,   /* a medium that can be written to */
};
struct sim_command {
	uint8_t opcode, size, direction;
	uint8_t flags, family; /* family: SIM_ANY, or media without which it is refused */
	void (*run)(struct sp_sim *sim, struct sp_command *c);
};
extern const struct sim_command sim_commands[]; /* run-NULL-ended */

/* sim.c */
void sim_fail(struct sp_command *c, uint32_t sense);
void sim_fail_at(struct sp_command *c, uint32_t sense, sp_lba lba);
/* `size` bytes, cut to `room` (the CDB's allocation length) and to the command's own. */
void sim_reply(struct sp_command *c, const void *data, size_t size, size_t room);
/* Data sent, when it is at least `size` bytes; NULL: refused, and the answer is set. */
const uint8_t *sim_sent(struct sp_command *c, size_t size);
uint32_t sim_ready(const struct sp_sim *sim); /* sense, 0: ready */
void sim_eject(struct sp_sim *sim);
void sim_insert(struct sp_sim *sim);

/* sim_disc.c: the layout as a drive has it */
int sim_disc_make(struct sp_disc **out, const struct sp_disc *disc, struct sp_error *err);
sp_lba sim_disc_end(const struct sp_disc *disc); /* lead-out of the last session, 0: blank */
/* Blocks there are to be read. */
sp_lba sim_end(const struct sp_sim *sim);
/* The part that the lead-ins tell of: borrowed, of closed sessions alone. */
struct sp_disc sim_disc_closed(const struct sp_sim *sim);

/* sim_medium.c: a disc that can be written to */
int sim_medium_open(struct sp_sim *sim, struct sp_io *io, const char *kind, struct sp_error *err);
void sim_medium_close(struct sp_sim *sim);
/* Tell the store, and read from what it has now. Sense, 0: done. */
uint32_t sim_medium_record(struct sp_sim *sim);
void sim_medium_dirty(struct sp_sim *sim);
/* Add sectors behind the last one: to the last region when they are of the same kind. */
bool sim_medium_add(struct sp_disc *disc, const struct sp_region *like, uint64_t count);
/* Put whole sectors of 2352 bytes, or blocks of 2048, unless it is but a test. */
uint32_t sim_medium_put(struct sp_sim *sim, sp_lba lba, uint32_t count, const uint8_t *main,
			const uint8_t *sub);
/* The same of one sector of samples, which the drive's write offset moves; and what is left of them
 * when something else follows. */
uint32_t sim_medium_samples(struct sp_sim *sim, sp_lba lba, const uint8_t raw[SP_RAW_SIZE]);
uint32_t sim_medium_samples_end(struct sp_sim *sim);
uint32_t sim_medium_erase(struct sp_sim *sim, sp_lba lba, uint64_t count);
void sim_medium_begin(struct sp_sim *sim);    /* with or without the laser */
void sim_medium_end(struct sp_sim *sim);      /* of a test: as it was */
void sim_medium_forget(struct sim_medium *m); /* a cue sheet and what came of it */

/* sim_write.c */
void sim_write_10(struct sp_sim *sim, struct sp_command *c);
void sim_write_12(struct sp_sim *sim, struct sp_command *c);
void sim_sync_cache(struct sp_sim *sim, struct sp_command *c);
void sim_close_track(struct sp_sim *sim, struct sp_command *c);
void sim_blank(struct sp_sim *sim, struct sp_command *c);
void sim_reserve_track(struct sp_sim *sim, struct sp_command *c);
void sim_send_opc(struct sp_sim *sim, struct sp_command *c);
void sim_buffer_capacity(struct sp_sim *sim, struct sp_command *c);
uint32_t sim_write_fault(struct sp_sim *sim, sp_lba lba, uint32_t count, uint32_t *good);
/* sim_format.c */
void sim_format_unit(struct sp_sim *sim, struct sp_command *c);
void sim_read_format_capacities(struct sp_sim *sim, struct sp_command *c);
/* sim_tracks.c: what a list of extents makes; sense, 0: done */
uint32_t sim_dvd_layout(struct sim_medium *m);
uint32_t sim_dvd_whole(struct sim_medium *m); /* one track of all there is */
/* Blank again, and of that profile. */
uint32_t sim_dvd_forget(struct sp_sim *sim, unsigned profile);
void sim_dvd_disc_info(const struct sp_sim *sim, uint8_t reply[34]);
bool sim_dvd_track_info(const struct sp_sim *sim, unsigned by, uint32_t number, uint8_t reply[36]);
/* sim_cue.c */
void sim_send_cue_sheet(struct sp_sim *sim, struct sp_command *c);
/* sim_write_cd.c */
sp_lba sim_cd_session_start(const struct sim_medium *m); /* index 01 of a new session */
bool sim_cd_leaves_open(const struct sp_sim *sim);       /* another session is to follow */
/* sim_blank.c */
void sim_cd_blank(struct sp_sim *sim, struct sp_command *c, unsigned type);
/* sim_session.c */
void sim_session_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count);
uint32_t sim_session_sync(struct sp_sim *sim);
uint32_t sim_cd_packs(struct sim_medium *m, const uint8_t *blocks, uint32_t count);
/* sim_write_raw.c */
void sim_raw_write(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count);
void sim_raw_sync(struct sp_sim *sim, struct sp_command *c);

/* sim_sector.c: one sector as it lies on the disc */
struct sim_sector {
	sp_lba lba;
	unsigned mode; /* audio, mode 1, mode 2, XA form 1 or 2 */
	uint16_t state;
	uint8_t main[SP_RAW_SIZE], c2[SP_C2_SIZE], sub[SP_SUB_SIZE];
};
#define SIM_WINDOW 32 /* sectors */
int sim_window_make(struct sim_window *window, struct sp_error *err);
void sim_window_clear(struct sim_window *window);
/* Sense, 0: it is there, as this drive reads it. `sub`: P-W is wanted; `as_audio`: data too is
 * wanted as samples. */
uint32_t sim_sector_load(struct sp_sim *sim, sp_lba lba, bool sub, bool as_audio,
			 struct sim_sector *sector);

/* sim_fault.c */
/* The first LBA from `lba` on that a fault of reading touches; INT64_MAX: none. */
sp_lba sim_fault_next(const struct sp_sim *sim, sp_lba lba);
/* What goes wrong on the way to a sector. Sense, 0: it can be read; *instead is where it is read
 * from. */
uint32_t sim_fault_before(struct sp_sim *sim, sp_lba lba, sp_lba *instead);
/* Whether a fault has happened there as often as it is to; and that it did. */
bool sim_fault_spent(const struct sim_fault *fault, sp_lba lba);
void sim_fault_spend(struct sim_fault *fault, sp_lba lba);
/* What comes wrong of it. */
uint32_t sim_fault_after(struct sp_sim *sim, struct sim_sector *sector);
/* The cache as a reading of these sectors leaves it; a command may empty it. */
bool sim_cache_has(const struct sp_sim *sim, sp_lba lba);
void sim_cache_add(struct sp_sim *sim, sp_lba lba, uint32_t count);
void sim_cache_flush(struct sp_sim *sim, unsigned by);

/* sim_read.c */
void sim_plextor_d8(struct sp_sim *sim, struct sp_command *c);
void sim_read_cd(struct sp_sim *sim, struct sp_command *c);
void sim_read_cd_msf(struct sp_sim *sim, struct sp_command *c);
void sim_read_10(struct sp_sim *sim, struct sp_command *c);
void sim_read_12(struct sp_sim *sim, struct sp_command *c);
void sim_verify(struct sp_sim *sim, struct sp_command *c);
void sim_seek(struct sp_sim *sim, struct sp_command *c);
void sim_read_header(struct sp_sim *sim, struct sp_command *c);

/* sim_toc.c */
void sim_read_toc(struct sp_sim *sim, struct sp_command *c);
void sim_read_subchannel(struct sp_sim *sim, struct sp_command *c);
void sim_read_disc_info(struct sp_sim *sim, struct sp_command *c);
void sim_read_track_info(struct sp_sim *sim, struct sp_command *c);
void sim_read_capacity(struct sp_sim *sim, struct sp_command *c);

/* sim_info.c */
void sim_inquiry(struct sp_sim *sim, struct sp_command *c);
void sim_event_status(struct sp_sim *sim, struct sp_command *c);
void sim_mechanism(struct sp_sim *sim, struct sp_command *c);
void sim_performance(struct sp_sim *sim, struct sp_command *c);
void sim_set_speed(struct sp_sim *sim, struct sp_command *c);
void sim_set_streaming(struct sp_sim *sim, struct sp_command *c);
unsigned sim_speed_max(const struct sp_sim *sim);
/* sim_config.c */
void sim_configuration(struct sp_sim *sim, struct sp_command *c);
/* sim_structure.c */
void sim_read_structure(struct sp_sim *sim, struct sp_command *c);
void sim_send_structure(struct sp_sim *sim, struct sp_command *c);
/* sim_mode.c */
void sim_mode_make(struct sp_sim *sim);
void sim_mode_sense_6(struct sp_sim *sim, struct sp_command *c);
void sim_mode_sense_10(struct sp_sim *sim, struct sp_command *c);
void sim_mode_select_6(struct sp_sim *sim, struct sp_command *c);
void sim_mode_select_10(struct sp_sim *sim, struct sp_command *c);

#endif
