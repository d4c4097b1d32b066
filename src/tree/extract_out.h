/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that files are taken out to, as the two files that fill it share it. */
#ifndef SP_TREE_EXTRACT_OUT_H
#define SP_TREE_EXTRACT_OUT_H

#include "base/pool.h"
#include "tree/extract.h"

#include <pthread.h>
#include <time.h>

enum { OUT_CHUNK = 256 << 10, OUT_JOBS = 8, OUT_FOLDERS = 64, OUT_TEMP = 48, OUT_EXIST = 16 };

/* A folder that is open. */
struct out_folder {
	size_t folder;
	int fd;        /* -1: none */
	unsigned uses; /* files in the making in it */
	uint64_t used; /* when last */
};

/* A file in the making: of jobs that write pieces of it, the last one ends it. */
struct out_file {
	struct out *out;
	const struct plan_item *item;
	struct out_folder *folder;
	int fd;
	unsigned pending; /* jobs, and one while more may come */
	bool failed;
	char temp[OUT_TEMP];
};

struct out_job {
	struct sp_job job;
	struct out_file *file;
	uint64_t at;
	size_t size;
	bool waits; /* submitted, and not waited for */
	uint8_t *data;
};

struct out {
	const struct plan *plan;
	struct sp_extract *x;
	int root;
	bool made; /* the destination was not there */
	struct sp_pool *pool;
	struct out_job job[OUT_JOBS];
	size_t next;
	struct out_folder open[OUT_FOLDERS];
	uint64_t clock, temps;
	bool *bad;            /* of each folder: it cannot be made */
	pthread_mutex_t lock; /* of what follows, of folders' uses and files' pending */
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
/* No job is left. */
void sp_out_wait(struct out *out);

#endif
