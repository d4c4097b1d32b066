/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that files are taken out to, as the two files that fill it share it. */
#ifndef SP_TREE_EXTRACT_OUT_H
#define SP_TREE_EXTRACT_OUT_H

#include "base/pool.h"
#include "tree/extract.h"

#include <pthread.h>
#include <time.h>

enum {
	OUT_CHUNK = 512 << 10, /* bytes of a batch */
	OUT_PIECES = 256,      /* files of it */
	OUT_BATCHES = 8,
	OUT_FOLDERS = 64,
	OUT_TEMP = 64,
	OUT_EXIST = 16,
};

/* A folder that is open. What is written to it is one worker's at a time, so that none waits for
 * another one in the kernel. */
struct out_folder {
	size_t folder;
	int fd;           /* -1: none */
	unsigned batches; /* that are still to be written to it */
	uint64_t used;    /* when last */
	int making;       /* the file that is being written, -1: none; the worker's, as its name: */
	char temp[OUT_TEMP];
};

/* What a batch has of a file: all of it, or as much as the batch can hold. */
struct out_piece {
	const struct plan_item *item;
	uint64_t at;       /* byte of the file */
	size_t from, size; /* bytes of the batch's data */
};

/* What was read of one folder's files, one behind the other: a job. */
struct out_batch {
	struct sp_job job;
	struct out *out;
	struct out_folder *folder;
	struct out_piece piece[OUT_PIECES];
	size_t pieces, size;
	bool waits; /* submitted, and not waited for */
	uint8_t *data;
};

struct out {
	const struct plan *plan;
	struct sp_extract *x;
	int root;
	long pid;
	bool made; /* the destination was not there */
	struct sp_pool *pool;
	struct out_batch batch[OUT_BATCHES];
	struct out_batch *filling; /* NULL: none */
	size_t next;
	struct out_folder open[OUT_FOLDERS];
	uint64_t clock;
	bool *bad;            /* of each folder: it cannot be made */
	pthread_mutex_t lock; /* of what follows, and of folders' batches */
	struct sp_error error;
	int status;
	const char *exist[OUT_EXIST]; /* paths of the first ones that could not have their names */
	size_t exists;
};

/* The folder, open; NULL: it cannot be, errno says why. What was not used for long is closed. */
struct out_folder *sp_out_folder(struct out *out, size_t folder);
void sp_out_leave(struct out *out, struct out_folder *folder);
/* Something has the name: told behind the rest, and counted. Holds no lock. */
void sp_out_exists(struct out *out, const char *path);
/* The first failure of a worker. */
int sp_out_status(struct out *out, struct sp_error *err);
/* What was accessed and modified when, as the system takes it. */
void sp_out_times(const struct sp_node *node, struct timespec times[2]);
/* All that was read is written, and what was not read to its end is gone. */
void sp_out_wait(struct out *out);

#endif
