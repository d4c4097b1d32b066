/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors of drives. A handle is a socket whose own name says what it is, so that every process
 * that has inherited it, over fork, exec or dup, knows it without being told. */
#include "preload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HANDLE_MARKS = 4096 };

/* Descriptors that were ours when last seen: for others the name is not asked. */
static atomic_uchar handle_marks[HANDLE_MARKS];
static atomic_ulong handle_count;

void preload_mark(int fd, bool ours)
{
	if (fd >= 0 && fd < HANDLE_MARKS)
		atomic_store(&handle_marks[fd], ours);
}

static int handle_close(int fd)
{
	NEXT_ONE(int(int), "close");
	const int saved = errno;
	const int r = real(fd);

	errno = saved;
	return r;
}

static bool handle_named(int fd, struct handle *handle)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t size = sizeof(name) - 1;
	const char *folder = preload_folder();
	const size_t n = strlen(folder);
	unsigned long part[4];

	if (getsockname(fd, (struct sockaddr *)&name, &size) < 0 || name.sun_family != AF_UNIX ||
	    size <= offsetof(struct sockaddr_un, sun_path))
		return false;
	((char *)&name)[size] = '\0';
	if (strncmp(name.sun_path, folder, n) != 0 || strncmp(name.sun_path + n, "/h", 2) != 0)
		return false;
	char *at = name.sun_path + n + 2;
	for (unsigned i = 0; i < 4; i++) {
		if (*at != '.')
			return false;
		part[i] = strtoul(at + 1, &at, 16);
	}
	handle->drive = (unsigned)part[0];
	handle->access = (unsigned)part[1];
	handle->number = (uint64_t)part[2] << 32 | (uint32_t)part[3];
	return true;
}

bool preload_handle(int fd, struct handle *handle)
{
	const int saved = errno;

	if (fd < 0 || fd >= HANDLE_MARKS || !atomic_load(&handle_marks[fd]))
		return false;
	const bool ours = handle_named(fd, handle);
	if (!ours) /* closed by what is not seen here, and something else since */
		preload_mark(fd, false);
	errno = saved;
	return ours;
}

__attribute__((constructor(102))) static void handle_inherit(void)
{
	struct handle handle;

	for (int fd = 0; preload_drives() && fd < 256; fd++)
		if (handle_named(fd, &handle))
			preload_mark(fd, true);
	errno = 0;
}

static int handle_whole(int fd, void *data, size_t size, bool out)
{
	for (size_t at = 0; at < size;) {
		char *const p = (char *)data + at;
		const ssize_t n =
			out ? send(fd, p, size - at, MSG_NOSIGNAL) : recv(fd, p, size - at, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = ENODEV; /* the drives have gone */
			return -1;
		}
		at += (size_t)n;
	}
	return 0;
}

static int handle_connect(int fd)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	snprintf(name.sun_path, sizeof(name.sun_path), "%.90s/" DOOR_SOCKET, preload_folder());
	while (connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		if (errno != EINTR) {
			errno = ENXIO;
			return -1;
		}
	return 0;
}

static int handle_exchange(int fd, struct door_request *request, const void *out,
			   struct door_answer *answer, void *in, size_t room)
{
	const bool sends = request->what == DOOR_COMMAND && request->direction == DOOR_OUT;

	request->magic = DOOR_MAGIC;
	if (handle_whole(fd, request, sizeof(*request), true) < 0 ||
	    (sends && request->size && handle_whole(fd, (void *)out, request->size, true) < 0) ||
	    handle_whole(fd, answer, sizeof(*answer), false) < 0)
		return -1;
	if (answer->magic != DOOR_MAGIC || answer->sense_size > DOOR_MAX_SENSE ||
	    (!sends && answer->done > room)) {
		errno = EPROTO;
		return -1;
	}
	if (!sends && answer->done && handle_whole(fd, in, answer->done, false) < 0)
		return -1;
	errno = answer->error;
	return answer->error ? -1 : 0;
}

int preload_ask(struct door_request *request, const void *out, struct door_answer *answer, void *in,
		size_t room)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -1 : handle_connect(fd);

	if (!r)
		r = handle_exchange(fd, request, out, answer, in, room);
	if (fd >= 0)
		handle_close(fd);
	return r;
}

/* Gives a socket its name: that of a file for a moment only. After an exec counts begin again, so
 * that it may be one that is taken: EEXIST. */
static int handle_bind(int fd, unsigned drive, unsigned access, struct door_request *request)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const unsigned long process = (unsigned long)getpid();
	const unsigned long number = atomic_fetch_add(&handle_count, 1);

	snprintf(name.sun_path, sizeof(name.sun_path), "%.70s/" DOOR_HANDLE, preload_folder(),
		 drive, access, process, number);
	request->handle = (uint64_t)process << 32 | (uint32_t)number;
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		errno = errno == EADDRINUSE ? EEXIST : ENXIO;
		return -1;
	}
	unlink(name.sun_path);
	return 0;
}

static int handle_open(const struct node *node, unsigned access, int flags)
{
	struct door_request request = {.what = DOOR_OPEN, .drive = node->drive, .access = access};
	struct door_answer answer;
	const int fd = socket(AF_UNIX, SOCK_STREAM | (flags & O_CLOEXEC ? SOCK_CLOEXEC : 0), 0);

	if (fd < 0)
		return -1;
	if (fd >= HANDLE_MARKS) {
		handle_close(fd);
		errno = EMFILE;
		return -1;
	}
	if (handle_bind(fd, node->drive, access, &request) < 0 || handle_connect(fd) < 0 ||
	    handle_exchange(fd, &request, NULL, &answer, NULL, 0) < 0) {
		handle_close(fd);
		return -1;
	}
	return fd;
}

int preload_open(const struct node *node, int flags)
{
	const unsigned access = ((flags & O_ACCMODE) != O_RDONLY ? DOOR_WRITE : 0u) |
				(flags & O_EXCL ? DOOR_EXCLUSIVE : 0u) |
				(flags & O_NONBLOCK ? DOOR_NONBLOCK : 0u) |
				(node->kind == NODE_SG ? DOOR_GENERIC : 0u);
	const int saved = errno;
	int fd = -1;

	if (flags & O_DIRECTORY) {
		errno = ENOTDIR;
		return -1;
	}
	errno = EEXIST;
	for (unsigned tries = 0; fd < 0 && errno == EEXIST && tries < 10000; tries++)
		fd = handle_open(node, access, flags);
	if (fd >= 0) {
		preload_mark(fd, true);
		errno = saved;
	}
	return fd;
}
