/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SG_IO without a drive: the system's calls are doubles. */
#include "drive/sgio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <scsi/sg.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap___open64_2(const char *path, int flags);
int __wrap_fstat64(int fd, struct stat *st);
int __wrap_ioctl(int fd, unsigned long request, ...);

/* What the doubles do, and what was asked of them. */
static struct {
	int open_errno, ioctl_errno; /* 0: it works */
	mode_t mode;
	unsigned major;
	int flags[4], opens, fd; /* fd: the one last commanded */
	struct sg_io_hdr io;     /* as it came */
	uint8_t cdb[16];
	unsigned status, host, driver, left, sense;
} sys;

static const char *const drive = "/dev/sr0";

int __wrap_open64(const char *path, int flags, ...)
{
	if (strcmp(path, drive) != 0)
		return __real_open64(path, flags);
	sys.flags[sys.opens++ & 3] = flags;
	if (sys.open_errno) {
		errno = sys.open_errno;
		return -1;
	}
	return __real_open64("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* the same, where flags are no constant and the C library is asked to be careful */
int __wrap___open64_2(const char *path, int flags)
{
	return __wrap_open64(path, flags);
}

int __wrap_fstat64(int fd, struct stat *st)
{
	(void)fd;
	*st = (struct stat){.st_mode = sys.mode, .st_rdev = makedev(sys.major, 0)};
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	if (request != SG_IO) {
		errno = ENOTTY;
		return -1;
	}
	va_start(args, request);
	struct sg_io_hdr *io = va_arg(args, struct sg_io_hdr *);
	va_end(args);
	sys.fd = fd;
	sys.io = *io;
	memcpy(sys.cdb, io->cmdp, io->cmd_len);
	if (sys.ioctl_errno) {
		errno = sys.ioctl_errno;
		return -1;
	}
	io->status = (unsigned char)sys.status;
	io->host_status = (unsigned short)sys.host;
	io->driver_status = (unsigned short)sys.driver;
	io->resid = (int)sys.left;
	io->sb_len_wr = (unsigned char)sys.sense;
	memset(io->sbp, 0x70, sys.sense);
	return 0;
}

static struct sp_transport *opened(void)
{
	struct sp_transport *t = NULL;
	struct sp_error err = {0};

	memset(&sys, 0, sizeof(sys));
	sys.mode = S_IFBLK;
	sys.major = 11;
	if (sp_sgio_open(&t, drive, 0, &err))
		fail_msg("%s", err.text);
	assert_int_equal(sys.flags[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(t->max_transfer, 65536);
	return t;
}

static void a_command_does_not_reach_the_kernel_as_it_is(void **state)
{
	struct sp_transport *t = opened();
	uint8_t data[4704];
	struct sp_command c = {.cdb = {0xbe, [9] = 0xf8},
			       .cdb_size = 12,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data),
			       .timeout_ms = 4321};

	(void)state;
	sys.left = 2352;
	sys.status = SP_SCSI_CHECK_CONDITION;
	sys.sense = 18;
	assert_int_equal(t->ops->execute(t, &c, NULL), 0);
	assert_int_equal(sys.io.interface_id, 'S');
	assert_int_equal(sys.io.dxfer_direction, SG_DXFER_FROM_DEV);
	assert_int_equal(sys.io.dxfer_len, sizeof(data));
	assert_int_equal(sys.io.cmd_len, 12);
	assert_int_equal(sys.io.timeout, 4321);
	assert_memory_equal(sys.cdb, c.cdb, 12);
	assert_int_equal(c.done, 2352);
	assert_int_equal(c.status, SP_SCSI_CHECK_CONDITION);
	assert_int_equal(c.sense_size, 18);
	assert_int_equal(c.sense[17], 0x70);
	c.size = t->max_transfer + 1;
	assert_int_equal(t->ops->execute(t, &c, NULL), 0);
	assert_int_equal(c.host, SP_HOST_TOO_BIG);
	t->ops->close(t);
}

static void what_failed_on_the_way_is_taken_for_the_drives_answer(void **state)
{
	static const struct {
		int sys_errno;
		unsigned host, driver, size, expected;
	} cases[] = {
		{0, 0, 0, 2352, SP_HOST_OK},         {0, 3, 0, 2352, SP_HOST_TIMEOUT},
		{0, 5, 0, 2352, SP_HOST_TIMEOUT},    {0, 0, 6, 2352, SP_HOST_TIMEOUT},
		{0, 1, 0, 2352, SP_HOST_GONE},       {0, 8, 0, 2352, SP_HOST_RESET},
		{0, 7, 0, 2352, SP_HOST_RESET},      {EPERM, 0, 0, 2352, SP_HOST_REFUSED},
		{EIO, 0, 0, 65536, SP_HOST_TOO_BIG}, {EIO, 0, 0, 2352, SP_HOST_GONE},
		{ENODEV, 0, 0, 2352, SP_HOST_GONE},
	};
	static uint8_t data[65536];
	struct sp_transport *t = opened();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_command c = {.cdb = {0x28},
				       .cdb_size = 10,
				       .direction = SP_DATA_IN,
				       .data = data,
				       .size = cases[i].size};

		sys.ioctl_errno = cases[i].sys_errno;
		sys.host = cases[i].host;
		sys.driver = cases[i].driver;
		assert_int_equal(t->ops->execute(t, &c, NULL), 0);
		if (c.host != cases[i].expected)
			fail_msg("case %zu: host %u", i, c.host);
	}
	t->ops->close(t);
}

/* Looking at a drive needs no right to change it. */
static void a_drive_is_opened_for_writing_before_that_is_needed(void **state)
{
	struct sp_transport *t = opened();
	struct sp_command c = {.cdb_size = 6};

	(void)state;
	assert_int_equal(t->ops->execute(t, &c, NULL), 0);
	assert_int_equal(sys.opens, 1);
	const int reader = sys.fd;
	c.cdb[0] = 0xbb; /* SET CD SPEED */
	assert_int_equal(t->ops->execute(t, &c, NULL), 0);
	assert_int_equal(sys.opens, 2);
	assert_int_equal(sys.flags[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_int_not_equal(sys.fd, reader);
	t->ops->close(t);
	t = opened();
	sys.open_errno = EACCES; /* then the kernel has the word, once */
	c.cdb[0] = 0x55;
	assert_int_equal(t->ops->execute(t, &c, NULL), 0);
	assert_int_equal(t->ops->execute(t, &c, NULL), 0);
	assert_int_equal(sys.opens, 2);
	t->ops->close(t);
}

static void a_drive_that_cannot_be_opened_does_not_say_what_to_do(void **state)
{
	static const struct {
		int sys_errno;
		mode_t mode;
		const char *text;
	} cases[] = {
		{ENOENT, S_IFBLK, "/dev/sr0: there is no such drive (see: spindle drives)"},
		{EACCES, S_IFBLK,
		 "/dev/sr0: no permission; become a member of the group cdrom (adduser NAME cdrom) "
		 "and log in again"},
		{EBUSY, S_IFBLK,
		 "/dev/sr0: busy: it is mounted, or another program has it for itself"},
		{ENXIO, S_IFBLK, "/dev/sr0: no drive answers behind this name"},
		{0, S_IFREG, "/dev/sr0: is no optical drive"},
	};
	struct sp_transport *t;
	struct sp_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&sys, 0, sizeof(sys));
		sys.open_errno = cases[i].sys_errno;
		sys.mode = cases[i].mode;
		sys.major = 11;
		assert_int_equal(sp_sgio_open(&t, drive, SP_SGIO_EXCLUSIVE, &err), SP_ERR_DEVICE);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(sys.flags[0], O_RDWR | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_does_not_reach_the_kernel_as_it_is),
		cmocka_unit_test(what_failed_on_the_way_is_taken_for_the_drives_answer),
		cmocka_unit_test(a_drive_is_opened_for_writing_before_that_is_needed),
		cmocka_unit_test(a_drive_that_cannot_be_opened_does_not_say_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
