/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MMC commands that change a medium, each as far as waiting for the drive to be done. MMC-6. */
#ifndef SP_DRIVE_MMC_WRITE_H
#define SP_DRIVE_MMC_WRITE_H

#include "drive/mmc.h"

/* All need a writable transport and are as those of mmc.h: 0, or SP_ERR_DEVICE with the command,
 * its place and the sense. */

/* Asked while the drive is busy with something long: 1/65536 of it, -1: not told. */
typedef void sp_mmc_watch_fn(void *user, int progress);
struct sp_mmc_watch {
	sp_mmc_watch_fn *fn;
	void *user;
};

#define SP_MMC_CLOSE_LIMIT  (20 * 60) /* s: of a DVD-R whose lead-out is far away */
#define SP_MMC_WRITE_LIMIT  (3 * 60)  /* of one WRITE, while the buffer is full */
#define SP_MMC_BLANK_LIMIT  (90 * 60) /* of a whole CD-RW at 1x, with room to spare */
#define SP_MMC_FORMAT_LIMIT (6 * 3600)

/* Wait until what the drive began is done, at most `limit_s`: TEST UNIT READY, as long as it says
 * an operation, a long write or a format is in progress. An error of what went on comes here as a
 * deferred one. `watch` NULL is fine. */
int sp_mmc_settle(struct sp_transport *transport, const char *what, unsigned limit_s,
		  const struct sp_mmc_watch *watch, struct sp_error *err);

/* Write speed of a CD, kB/s; 0: the fastest. */
int sp_mmc_write_speed(struct sp_transport *transport, unsigned speed, struct sp_error *err);
enum { SP_MMC_SPEEDS = 16 };
/* The speeds of writing that the drive offers for this medium, kB/s, the fastest first, no two
 * alike (GET PERFORMANCE type 3). */
int sp_mmc_write_speeds(struct sp_transport *transport, unsigned speed[SP_MMC_SPEEDS],
			size_t *speeds, struct sp_error *err);
/* SEND DISC STRUCTURE of DVD: `size` bytes, at most 60, behind its 4-byte head. */
int sp_mmc_send_structure(struct sp_transport *transport, unsigned format, const uint8_t *data,
			  size_t size, struct sp_error *err);
/* Calibrate the laser's power on the medium. */
int sp_mmc_opc(struct sp_transport *transport, struct sp_error *err);
/* Lines of 8 bytes. */
int sp_mmc_cue_sheet(struct sp_transport *transport, const uint8_t *sheet, size_t size,
		     struct sp_answer *answer, struct sp_error *err);
int sp_mmc_reserve(struct sp_transport *transport, uint32_t blocks, struct sp_error *err);

/* WRITE(10), exactly `size` bytes. Again while the drive says that its buffer is full. Of an error
 * err->lba is the drive's, or that of the first block. */
int sp_mmc_write(struct sp_transport *transport, sp_lba lba, uint32_t count, const uint8_t *data,
		 size_t size, struct sp_answer *answer, struct sp_error *err);
/* WRITE(12) with the streaming bit: a BD drive does not read back what it wrote. */
int sp_mmc_write_streaming(struct sp_transport *transport, sp_lba lba, uint32_t count,
			   const uint8_t *data, size_t size, struct sp_answer *answer,
			   struct sp_error *err);
/* *size bytes of the drive's buffer, *room of them free. */
int sp_mmc_buffer(struct sp_transport *transport, uint32_t *size, uint32_t *room,
		  struct sp_error *err);

int sp_mmc_sync(struct sp_transport *transport, const struct sp_mmc_watch *watch,
		struct sp_error *err);
enum sp_close { /* MMC-6 table 285; what they do is each medium's own */
		SP_CLOSE_TRACK = 1,
		SP_CLOSE_SESSION = 2,
		SP_CLOSE_FINALIZE_SMALL = 5, /* DVD+R: session closed, disc finished */
		SP_CLOSE_FINALIZE = 6,
};
int sp_mmc_close(struct sp_transport *transport, unsigned function, unsigned track,
		 const struct sp_mmc_watch *watch, struct sp_error *err);
enum sp_blanking { SP_BLANKING_DISC = 0, SP_BLANKING_MINIMAL = 1 };
int sp_mmc_blank(struct sp_transport *transport, unsigned type, const struct sp_mmc_watch *watch,
		 struct sp_error *err);

struct sp_format { /* a descriptor of READ FORMAT CAPACITIES */
	uint32_t blocks;
	unsigned type;
	uint32_t parameter; /* 24 bits */
};
#define SP_FORMATS_MAX 32
/* What the medium can be formatted to; *formatted: it is, already. */
int sp_mmc_formats(struct sp_transport *transport, struct sp_format format[SP_FORMATS_MAX],
		   size_t *count, bool *formatted, struct sp_error *err);
int sp_mmc_format(struct sp_transport *transport, const struct sp_format *format,
		  const struct sp_mmc_watch *watch, struct sp_error *err);

#endif
