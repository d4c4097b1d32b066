/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact transfers on a file descriptor, and the words for what a descriptor can turn out to be. */
#ifndef SP_IO_FD_H
#define SP_IO_FD_H

#include <spindle/error.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* All of `size` bytes at `at`, or an error naming `name` and the byte that failed. The end of the
 * file within them is SP_ERR_FORMAT, as by sp_fail_short. */
int sp_fd_read(int fd, const char *name, uint64_t at, void *data, size_t size,
	       struct sp_error *err);
int sp_fd_write(int fd, const char *name, uint64_t at, const void *data, size_t size,
		struct sp_error *err);
/* The same by write(2), for what cannot seek; `at` is only for messages. Waits on a descriptor
 * that is non-blocking. */
int sp_fd_append(int fd, const char *name, uint64_t at, const void *data, size_t size,
		 struct sp_error *err);

/* "NAME: ends at byte END, M more were expected" for a wish of `size` bytes from `at`. */
int sp_fail_short(const char *name, uint64_t end, uint64_t at, uint64_t size, struct sp_error *err);

/* "a directory", "a block device", … */
const char *sp_kind_text(mode_t mode);
/* 0 for a regular file; SP_ERR_IO (EISDIR) for a directory, SP_ERR_UNSUPPORTED for the rest. */
int sp_require_regular(mode_t mode, const char *name, struct sp_error *err);

#endif
