/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SG_IO of Linux: each command with a hard timeout, and all that came back of it. */
#include "drive/sgio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <scsi/sg.h>

#define MAJOR_CD       11 /* Documentation/admin-guide/devices.txt */
#define MAJOR_GENERIC  21
#define TRANSFER_MOST  65536 /* what every bridge is expected to take; 27 raw sectors */
#define TRANSFER_LEAST 4096
#define BLOCK          512 /* BLKSECTGET counts in them */

/* SCSI midlayer's host bytes (include/scsi/scsi_status.h), which sg.h leaves to others. */
enum { DID_OK, DID_NO_CONNECT, DID_BUS_BUSY, DID_TIME_OUT, DID_BAD_TARGET, DID_ABORT };
enum { DRIVER_TIMEOUT = 0x06 };

struct sgio {
	struct sp_transport transport;
	char *path;
	int fd, writer; /* -1: not open */
	bool refused;   /* the writer cannot be had */
};

/* The kernel lets these pass on a descriptor open for writing alone (drivers/scsi/scsi_ioctl.c). */
static bool sgio_changes(uint8_t opcode)
{
	static const uint8_t list[] = {0x15, 0x1e, 0x35, 0x55, 0xa6, 0xa7, 0xb6, 0xbb};

	return memchr(list, opcode, sizeof(list)) != NULL;
}

static int sgio_descriptor(struct sgio *s, const struct sp_command *c)
{
	if (c->direction != SP_DATA_OUT && !sgio_changes(c->cdb[0]))
		return s->fd;
	if (s->writer < 0 && !s->refused && !s->transport.writable)
		s->writer = open(s->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (s->transport.writable)
		return s->fd;
	s->refused = s->writer < 0;
	return s->refused ? s->fd : s->writer; /* as root a reader may do it all */
}

static unsigned sgio_host(unsigned host, unsigned driver)
{
	if (host == DID_TIME_OUT || host == DID_ABORT || (driver & 15) == DRIVER_TIMEOUT)
		return SP_HOST_TIMEOUT;
	if (host == DID_NO_CONNECT || host == DID_BAD_TARGET)
		return SP_HOST_GONE;
	return host == DID_OK ? SP_HOST_OK : SP_HOST_RESET;
}

/* What a refused ioctl means for the command. */
static unsigned sgio_errno(int sys_errno, const struct sp_command *c)
{
	switch (sys_errno) {
	case EPERM:
	case EACCES:
	case EROFS:
		return SP_HOST_REFUSED;
	case ETIMEDOUT:
		return SP_HOST_TIMEOUT;
	case EBUSY:
		return SP_HOST_RESET;
	case EINVAL:
	case ENOMEM:
	case EIO:
		return c->size > TRANSFER_LEAST ? SP_HOST_TOO_BIG : SP_HOST_GONE;
	default:
		return SP_HOST_GONE;
	}
}

static uint64_t sgio_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int sgio_execute(struct sp_transport *transport, struct sp_command *c, struct sp_error *err)
{
	static const int direction[] = {[SP_DATA_NONE] = SG_DXFER_NONE,
					[SP_DATA_IN] = SG_DXFER_FROM_DEV,
					[SP_DATA_OUT] = SG_DXFER_TO_DEV};
	struct sgio *s = (struct sgio *)transport;
	uint8_t cdb[sizeof(c->cdb)]; /* the kernel's structure wants them writable */
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.dxfer_direction = direction[c->direction],
		.cmd_len = (unsigned char)c->cdb_size,
		.mx_sb_len = SP_SENSE_SIZE,
		.dxfer_len = (unsigned)c->size,
		.dxferp = c->data,
		.cmdp = cdb,
		.sbp = c->sense,
		.timeout = c->timeout_ms,
	};
	int r;

	if (c->size > transport->max_transfer) {
		c->host = SP_HOST_TOO_BIG;
		return 0;
	}
	memcpy(cdb, c->cdb, sizeof(cdb));
	const int fd = sgio_descriptor(s, c);
	const uint64_t began = sgio_now();
	do
		r = ioctl(fd, SG_IO, &io);
	while (r < 0 && errno == EINTR);
	const int sys_errno = errno;
	c->took_us = sgio_now() - began;
	if (r < 0) {
		if (sys_errno == ENOTTY || sys_errno == EBADF)
			return sp_fail_errno(err, sys_errno, "%s: takes no SCSI commands",
					     transport->name);
		c->host = sgio_errno(sys_errno, c);
		return 0;
	}
	c->host = sgio_host(io.host_status, io.driver_status);
	c->status = io.status;
	c->sense_size = io.sb_len_wr < SP_SENSE_SIZE ? io.sb_len_wr : SP_SENSE_SIZE;
	const size_t left = io.resid > 0 ? (size_t)io.resid : 0;
	c->done = left < c->size ? c->size - left : 0;
	return 0;
}

static void sgio_wait(struct sp_transport *transport, unsigned ms)
{
	struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};

	(void)transport;
	nanosleep(&pause, NULL); /* cut short by a signal: the caller looks for it */
}

static void sgio_close(struct sp_transport *transport)
{
	struct sgio *s = (struct sgio *)transport;

	if (s->fd >= 0)
		close(s->fd);
	if (s->writer >= 0)
		close(s->writer);
	free(s->path);
	free(s);
}

static bool sgio_of_drive(const struct stat *st)
{
	return (S_ISBLK(st->st_mode) && major(st->st_rdev) == MAJOR_CD) ||
	       (S_ISCHR(st->st_mode) && major(st->st_rdev) == MAJOR_GENERIC);
}

bool sp_sgio_is_drive(const char *path)
{
	struct stat st;

	/* one that is not there is to be missed as a drive, not as an image */
	return stat(path, &st) ? !strncmp(path, "/dev/sr", 7) : sgio_of_drive(&st);
}

static int sgio_fail_open(const char *path, int sys_errno, struct sp_error *err)
{
	switch (sys_errno) {
	case ENOENT:
	case ENOTDIR:
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: there is no such drive (see: spindle drives)", path);
	case EACCES:
	case EPERM:
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: no permission; become a member of the group cdrom (adduser "
			       "NAME cdrom) and log in again",
			       path);
	case EBUSY:
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: busy: it is mounted, or another program has it for itself",
			       path);
	case ENXIO:
	case ENODEV:
		return sp_fail(err, SP_ERR_DEVICE, "%s: no drive answers behind this name", path);
	default:
		sp_fail_errno(err, sys_errno, "%s: cannot be opened", path);
		return SP_ERR_DEVICE;
	}
}

/* Bytes of one command by this way. */
static size_t sgio_transfer(int fd)
{
	unsigned short sectors = 0;
	int reserved = 0;
	size_t size = TRANSFER_MOST;

	if (!ioctl(fd, BLKSECTGET, &sectors) && sectors)
		size = (size_t)sectors * BLOCK;
	else if (!ioctl(fd, SG_GET_RESERVED_SIZE, &reserved) && reserved > 0)
		size = (size_t)reserved;
	if (size > TRANSFER_MOST)
		return TRANSFER_MOST;
	return size < TRANSFER_LEAST ? TRANSFER_LEAST : size;
}

int sp_sgio_open(struct sp_transport **out, const char *path, unsigned flags, struct sp_error *err)
{
	static const struct sp_transport_ops ops = {
		.execute = sgio_execute, .wait = sgio_wait, .close = sgio_close};
	const bool own = flags & SP_SGIO_EXCLUSIVE;
	const int fd = open(path, (own ? O_RDWR | O_EXCL : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return sgio_fail_open(path, errno, err);
	if (fstat(fd, &st) || !sgio_of_drive(&st)) {
		close(fd);
		return sp_fail(err, SP_ERR_DEVICE, "%s: is no optical drive", path);
	}
	struct sgio *s = calloc(1, sizeof(*s));
	char *copy = strdup(path);
	if (!s || !copy) {
		free(s);
		free(copy);
		close(fd);
		return sp_fail_memory(err);
	}
	*s = (struct sgio){.transport = {.ops = &ops,
					 .name = copy,
					 .max_transfer = sgio_transfer(fd),
					 .writable = own},
			   .path = copy,
			   .fd = fd,
			   .writer = -1};
	*out = &s->transport;
	return 0;
}
