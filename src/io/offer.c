/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file compared with what is written, copied as far as that was equal, or given another name. */
#include "io/offer.h"

#include "io/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OFFER_ROOM = 256 << 10 };

int sp_offer_open(struct sp_offer **out, const char *path, struct sp_error *err)
{
	struct sp_offer *offer = calloc(1, sizeof(*offer));
	struct stat st;
	int status = 0;

	if (!offer)
		return sp_fail_memory(err);
	offer->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (offer->fd < 0 || fstat(offer->fd, &st))
		status = sp_fail_errno(err, errno, "%s", path);
	else
		status = sp_require_regular(st.st_mode, path, err);
	offer->path = strdup(path);
	offer->room = malloc(OFFER_ROOM);
	if (!status && (!offer->path || !offer->room))
		status = sp_fail_memory(err);
	if (status) {
		sp_offer_close(offer);
		return status;
	}
	offer->size = (uint64_t)st.st_size;
	*out = offer;
	return 0;
}

void sp_offer_close(struct sp_offer *offer)
{
	if (!offer)
		return;
	if (offer->fd >= 0)
		close(offer->fd);
	free(offer->path);
	free(offer->room);
	free(offer);
}

/* It may have grown meanwhile. */
static bool offer_reaches(struct sp_offer *offer, uint64_t end)
{
	struct stat st;

	if (end > offer->size && !fstat(offer->fd, &st))
		offer->size = (uint64_t)st.st_size;
	return end <= offer->size;
}

int sp_offer_has(struct sp_offer *offer, uint64_t at, const void *data, size_t size,
		 struct sp_error *err)
{
	const uint8_t *bytes = data;

	if (!offer_reaches(offer, at + size))
		return 0;
	for (size_t done = 0; done < size;) {
		const size_t n = size - done < OFFER_ROOM ? size - done : OFFER_ROOM;
		const int status =
			sp_fd_read(offer->fd, offer->path, at + done, offer->room, n, err);

		if (status)
			return status;
		if (memcmp(bytes + done, offer->room, n) != 0)
			return 0;
		done += n;
	}
	return 1;
}

bool sp_offer_is(struct sp_offer *offer, uint64_t size)
{
	return offer_reaches(offer, size) && !offer_reaches(offer, size + 1);
}

int sp_offer_copy(struct sp_offer *offer, int fd, const char *name, uint64_t size,
		  struct sp_error *err)
{
	int status = 0;

	for (uint64_t at = 0; !status && at < size;) {
		const size_t n = size - at < OFFER_ROOM ? (size_t)(size - at) : OFFER_ROOM;

		status = sp_fd_read(offer->fd, offer->path, at, offer->room, n, err);
		if (!status)
			status = sp_fd_write(fd, name, at, offer->room, n, err);
		at += n;
	}
	return status;
}

bool sp_offer_link(const struct sp_offer *offer, int dirfd, const char *part)
{
	struct stat ours, there;

	if (linkat(AT_FDCWD, offer->path, dirfd, part, 0))
		return false;
	/* what was opened may have lost its name to something else */
	if (!fstat(offer->fd, &ours) && !fstatat(dirfd, part, &there, AT_SYMLINK_NOFOLLOW) &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		return true;
	unlinkat(dirfd, part, 0);
	return false;
}
