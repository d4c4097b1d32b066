/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that is there already, which a member of an output set may turn out to equal: then it is
 * given another name, and nothing is written twice. */
#ifndef SP_IO_OFFER_H
#define SP_IO_OFFER_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_offer {
	char *path;
	int fd;        /* open for reading */
	uint64_t size; /* as far as it was asked for */
	uint8_t *room;
};

/* A regular file. */
int sp_offer_open(struct sp_offer **out, const char *path, struct sp_error *err);
void sp_offer_close(struct sp_offer *offer); /* NULL is fine */

/* 1: these bytes are there at `at`. 0: they are not. */
int sp_offer_has(struct sp_offer *offer, uint64_t at, const void *data, size_t size,
		 struct sp_error *err);
/* It has `size` bytes, and no more. */
bool sp_offer_is(struct sp_offer *offer, uint64_t size);
/* Its first `size` bytes into the empty file `fd`; `name` is for messages. */
int sp_offer_copy(struct sp_offer *offer, int fd, const char *name, uint64_t size,
		  struct sp_error *err);
/* Give it the name `part`, which is free, in a directory: false: that cannot be done there. */
bool sp_offer_link(const struct sp_offer *offer, int dirfd, const char *part);

#endif
