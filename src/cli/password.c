/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords of encrypted images: the first line of a file, or typed on the terminal unseen. They
 * are never on a command line, which every user of the machine can read. */
#include "cli/password.h"

#include "report/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_TICK = 200 }; /* ms between looks whether to stop */

/* A line, without what ends it, a byte at a time: what follows is somebody else's. */
static int password_line(int fd, const char *from, char text[SP_PASSWORD_ROOM], size_t *size,
			 struct sp_error *err)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char c;

	*size = 0;
	for (;;) {
		if (ui_stopped())
			return sp_fail(err, SP_ERR_CANCELLED, "stopped");
		const int ready = poll(&wait, 1, PASSWORD_TICK);
		if (!ready || (ready < 0 && errno == EINTR))
			continue;
		const ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return sp_fail_errno(err, errno, "%s: cannot be read", from);
		if (n < 0)
			continue;
		if (!n || c == '\n')
			return 0;
		if (*size == SP_PASSWORD_ROOM)
			return sp_fail(err, SP_ERR_USAGE, "%s: a password has at most %d bytes",
				       from, SP_PASSWORD_ROOM);
		text[(*size)++] = c;
	}
}

static int password_from_file(const char *path, char text[SP_PASSWORD_ROOM], size_t *size,
			      struct sp_error *err)
{
	const bool standard = !strcmp(path, "-");
	const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return sp_fail_errno(err, errno, "%s", path);
	const int r = password_line(fd, standard ? "standard input" : path, text, size, err);
	if (!standard)
		close(fd);
	if (!r && !*size)
		return sp_fail(err, SP_ERR_USAGE, "%s: its first line, the password, is empty",
			       standard ? "standard input" : path);
	return r;
}

static int password_ask(struct ui *ui, const char *name, char text[SP_PASSWORD_ROOM], size_t *size,
			struct sp_error *err)
{
	struct termios seen, unseen;
	const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	FILE *tty = fd < 0 ? NULL : fdopen(fd, "w");

	if (!tty || tcgetattr(fd, &seen)) {
		if (tty)
			fclose(tty);
		else if (fd >= 0)
			close(fd);
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: is encrypted, and there is no terminal to ask for its "
			       "password: give --password-file",
			       name);
	}
	ui_clear(ui);
	fputs("Password of ", tty);
	printable_put(tty, name);
	fputs(": ", tty);
	fflush(tty);
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &unseen);
	const int r = password_line(fd, "/dev/tty", text, size, err);
	tcsetattr(fd, TCSAFLUSH, &seen);
	fputc('\n', tty);
	fclose(tty);
	return r;
}

int cli_password(void *user, const char *name, char text[SP_PASSWORD_ROOM], size_t *size,
		 struct sp_error *err)
{
	const struct cli_password *from = user;

	return from->file ? password_from_file(from->file, text, size, err)
			  : password_ask(from->ui, name, text, size, err);
}
