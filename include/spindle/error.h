/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a call fails (a status and one line of text) and how it warns (notes). */
#ifndef SPINDLE_ERROR_H
#define SPINDLE_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SP_API          __attribute__((visibility("default")))
#define SP_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define SP_API
#define SP_PRINTF(f, a)
#endif

/* Every function that can fail returns 0 or one of these; `-status` up to 8 is the exit code of the
 * program (see sp_status_exit). */
enum sp_status {
	SP_OK = 0,
	SP_ERR_DIFFERS = -1,     /* compared and found different */
	SP_ERR_USAGE = -2,       /* a wrong call, an unknown option, an output that exists */
	SP_ERR_FORMAT = -3,      /* input not recognised or malformed */
	SP_ERR_IO = -4,          /* the system could not read or write; no space */
	SP_ERR_UNSUPPORTED = -5, /* understood, and not done by this program */
	SP_ERR_UNREADABLE = -6,  /* done, but sectors that could not be read were filled */
	SP_ERR_DEVICE = -7,      /* a drive or its medium */
	SP_ERR_LOSSY = -8,       /* refused: the target cannot hold something */
	SP_ERR_MEMORY = -9,      /* no memory; exit code 4 */
	SP_ERR_CANCELLED = -10,  /* the caller asked to stop; exit code 130 */
};

#define SP_NO_OFFSET UINT64_MAX
#define SP_NO_LBA    INT64_MIN

/* Where and why. `text` is one line that names the place and what to do, without a trailing
 * newline; control bytes from files are already escaped. */
struct sp_error {
	int status;
	int sys_errno;   /* 0: none */
	int64_t lba;     /* SP_NO_LBA: none */
	uint64_t offset; /* byte offset in the file `text` names; SP_NO_OFFSET: none */
	uint8_t sense_key, asc, ascq;
	char text[240];
};

/* Fill *err (NULL is fine) and return `status`. Bytes of arguments that are not printable are
 * escaped as \xNN; text over the field is cut with "…". */
SP_API int sp_fail(struct sp_error *err, int status, const char *fmt, ...) SP_PRINTF(3, 4);
/* The same for a failed system call: appends ": " strerror(sys_errno), status SP_ERR_IO. */
SP_API int sp_fail_errno(struct sp_error *err, int sys_errno, const char *fmt, ...) SP_PRINTF(3, 4);
/* SP_ERR_MEMORY with its one text. */
SP_API int sp_fail_memory(struct sp_error *err);
/* The program's exit code for a status: 0…8, 4 for memory, 130 for cancelled. */
SP_API int sp_status_exit(int status);

/* A warning: something found, mended or assumed that the user should hear of. One line, escaped as
 * errors are. */
typedef void sp_note_fn(void *user, const char *text);
struct sp_notes {
	sp_note_fn *fn;
	void *user;
};
/* Send a note; `notes` or its fn may be NULL: nothing happens. */
SP_API void sp_note(const struct sp_notes *notes, const char *fmt, ...) SP_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
