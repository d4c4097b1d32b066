/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libfault.so, for LD_PRELOAD: makes the N-th system call or allocation of one program fail.
 *
 *   SPINDLE_FAULT=CALL:N[+][:ACTION][,…]
 *     CALL    pread pwrite read write open openat openat2 fsync fdatasync renameat2 renameat rename
 *             linkat unlinkat ftruncate close; `io`: any of these; fstatvfs futimens mkdirat;
 *             `malloc`: malloc, calloc, realloc, reallocarray, aligned_alloc, posix_memalign and
 *             whatever in libc uses them (strdup, asprintf, opendir …)
 *     N       which of those calls, from 1; 0: none, count only; with `+` that one and all after
 *     ACTION  an errno by name (default EIO, for malloc ENOMEM)
 *             short      half of a transfer is done; other calls are left alone
 *             kill       SIGKILL before the call, killafter: when it has been done
 *     Up to 4, joined by commas; each counts for itself, the first that strikes decides.
 *   SPINDLE_FAULT_COUNT=FILE    append, at exit, one line: how many calls the first CALL counted
 *   SPINDLE_FAULT_PROGRAM=NAME  only in the program of that base name; default spindle
 *
 * fsync is syncfs too. Transfers and ftruncate count on regular files only, close on files and
 * directories, none of them on descriptors 0 to 2. A failing close closes all the same, as the
 * kernel's does. Calls before main and those libc makes within itself are not seen. A fresh process
 * counts from zero; a forked child goes on from its parent's count. Address sanitizer: run the
 * program with ASAN_OPTIONS=verify_asan_link_order=0; only gcc's (a shared library) sees
 * allocations counted. */
#undef _FILE_OFFSET_BITS /* it would rename what is defined here */
#undef _TIME_BITS
#undef _FORTIFY_SOURCE
#undef _GNU_SOURCE
#define _GNU_SOURCE 1

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call {
	PREAD,
	PWRITE,
	READ,
	WRITE,
	OPEN,
	OPENAT,
	OPENAT2,
	FSYNC,
	FDATASYNC,
	RENAMEAT2,
	RENAMEAT,
	RENAME,
	LINKAT,
	UNLINKAT,
	FTRUNCATE,
	CLOSE,
	MALLOC,
	FSTATVFS,
	FUTIMENS,
	MKDIRAT,
	CALLS
};
static const char *const call_names[CALLS] = {
	"pread",     "pwrite",    "read",      "write",    "open",     "openat", "openat2",
	"fsync",     "fdatasync", "renameat2", "renameat", "rename",   "linkat", "unlinkat",
	"ftruncate", "close",     "malloc",    "fstatvfs", "futimens", "mkdirat"};

enum action { PASS, FAIL, SHORT, KILL, KILLAFTER };
static const struct {
	const char *name;
	int number;
} errnos[] = {{"EIO", EIO},         {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EDQUOT", EDQUOT},
	      {"EFBIG", EFBIG},     {"ENOMEM", ENOMEM}, {"ENOSYS", ENOSYS}, {"EINVAL", EINVAL},
	      {"EPERM", EPERM},     {"EACCES", EACCES}, {"EMFILE", EMFILE}, {"EROFS", EROFS},
	      {"ENOENT", ENOENT},   {"EEXIST", EEXIST}, {"EAGAIN", EAGAIN}, {"EXDEV", EXDEV},
	      {"ENOTSUP", ENOTSUP}, {"ELOOP", ELOOP}};

static struct rule {
	unsigned calls; /* bits of enum call */
	unsigned long nth;
	bool onward;
	enum action action;
	int number;
	atomic_ulong count;
} rules[4];
static unsigned rule_count;
static atomic_bool armed;

static void fault_bad(const char *what)
{
	fprintf(stderr, "libfault: not understood: %s\n", what);
	_exit(99);
}

static void fault_parse(char *text, struct rule *r)
{
	char *const whole = text, *call = strsep(&text, ":"), *nth = strsep(&text, ":"),
		    *end = NULL;
	const char *action = text;

	for (unsigned i = 0; i < CALLS; i++)
		if (strcmp(call, call_names[i]) == 0 || (i < MALLOC && strcmp(call, "io") == 0))
			r->calls |= 1u << i;
	r->nth = nth ? strtoul(nth, &end, 10) : 0;
	if (!r->calls || !end || end == nth || (*end && strcmp(end, "+") != 0))
		fault_bad(whole);
	r->onward = *end;
	r->action = FAIL;
	r->number = r->calls >> MALLOC & 1 ? ENOMEM : EIO;
	if (!action)
		return;
	if (strcmp(action, "short") == 0)
		r->action = SHORT;
	else if (strcmp(action, "kill") == 0)
		r->action = KILL;
	else if (strcmp(action, "killafter") == 0)
		r->action = KILLAFTER;
	else
		r->number = 0;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos) && !r->number; i++)
		if (strcmp(action, errnos[i].name) == 0)
			r->number = errnos[i].number;
	if (!r->number)
		fault_bad(action);
}

__attribute__((constructor)) static void fault_start(void)
{
	const char *fault = getenv("SPINDLE_FAULT"), *want = getenv("SPINDLE_FAULT_PROGRAM");
	static char text[256];
	char exe[4096], *rest = text;
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (!fault || n < 0)
		return;
	exe[n] = '\0';
	const char *name = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
	want = want ? want : "spindle";
	if (strcmp(name, want) != 0)
		return;
	if (strlen(fault) >= sizeof(text))
		fault_bad(fault);
	strcpy(text, fault);
	while (rest && rule_count < sizeof(rules) / sizeof(*rules))
		fault_parse(strsep(&rest, ","), &rules[rule_count++]);
	atomic_store(&armed, true);
}

__attribute__((destructor)) static void fault_end(void)
{
	const char *path = getenv("SPINDLE_FAULT_COUNT");
	char line[32];

	if (!atomic_exchange(&armed, false) || !path)
		return;
	const int n = snprintf(line, sizeof(line), "%lu\n", atomic_load(&rules[0].count));
	const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		fault_bad(path);
	close(fd);
}

/* Count one call and say what becomes of it; errno is set for FAIL. */
static enum action fault_strike(enum call call)
{
	const struct rule *struck = NULL;

	if (!atomic_load(&armed))
		return PASS;
	for (struct rule *r = rules; r < rules + rule_count; r++) {
		if (!(r->calls >> call & 1))
			continue;
		const unsigned long n = atomic_fetch_add(&r->count, 1) + 1;
		if (r->nth && !struck && (r->onward ? n >= r->nth : n == r->nth))
			struck = r;
	}
	if (!struck)
		return PASS;
	if (struck->action == KILL)
		kill(getpid(), SIGKILL);
	if (struck->action == FAIL)
		errno = struck->number;
	return struck->action;
}

static enum action fault_on(enum call call, int fd)
{
	struct stat st;
	const int before = errno;

	if (fd <= 2 || !atomic_load(&armed) || fstat(fd, &st) ||
	    !(S_ISREG(st.st_mode) ||
	      (S_ISDIR(st.st_mode) && (call == CLOSE || call == FSYNC || call == FDATASYNC))))
		return PASS;
	errno = before;
	return fault_strike(call);
}

/* `next`: the function of this name behind us */
#define NEXT(name)                                                                                 \
	static __typeof__(&name) next;                                                             \
	if (!next)                                                                                 \
	next = (__typeof__(next))dlsym(RTLD_NEXT, #name)

/* Do the call as struck; `fails` is what a failure returns, `size` what `short` halves. */
#define STRUCK(result, strike, fails, size, doit)                                                  \
	do {                                                                                       \
		const enum action struck_ = (strike);                                              \
		if (struck_ == FAIL)                                                               \
			return fails;                                                              \
		if (struck_ == SHORT && (size) > 1)                                                \
			(size) /= 2;                                                               \
		result r_ = doit;                                                                  \
		if (struck_ == KILLAFTER)                                                          \
			kill(getpid(), SIGKILL);                                                   \
		return r_;                                                                         \
	} while (0)

/* transfers: `n` is their size */
#define MOVE(name, kind, params, args)                                                             \
	ssize_t name params;                                                                       \
	ssize_t name params                                                                        \
	{                                                                                          \
		NEXT(name);                                                                        \
		STRUCK(ssize_t, fault_on(kind, fd), -1, n, next args);                             \
	}
MOVE(read, READ, (int fd, void *p, size_t n), (fd, p, n))
MOVE(write, WRITE, (int fd, const void *p, size_t n), (fd, p, n))
MOVE(pread, PREAD, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
MOVE(pread64, PREAD, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))
MOVE(pwrite, PWRITE, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
MOVE(pwrite64, PWRITE, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
/* what fortified programs call: the buffer's own size comes last */
MOVE(__read_chk, READ, (int fd, void *p, size_t n, size_t room), (fd, p, n, room))
MOVE(__pread_chk, PREAD, (int fd, void *p, size_t n, off_t at, size_t room), (fd, p, n, at, room))
MOVE(__pread64_chk, PREAD, (int fd, void *p, size_t n, off64_t at, size_t room),
     (fd, p, n, at, room))

#define CALL(result, fails, strike, name, params, args)                                            \
	result name params;                                                                        \
	result name params                                                                         \
	{                                                                                          \
		NEXT(name);                                                                        \
		size_t no_size_ = 0;                                                               \
		STRUCK(result, strike, fails, no_size_, next args);                                \
	}
#define NAMES(kind, name, params, args) CALL(int, -1, fault_strike(kind), name, params, args)
#define ON_FD(kind, name, params, args) CALL(int, -1, fault_on(kind, fd), name, params, args)
#define ALLOC(name, params, args)       CALL(void *, NULL, fault_strike(MALLOC), name, params, args)
NAMES(OPEN, __open_2, (const char *path, int flags), (path, flags))
NAMES(OPEN, __open64_2, (const char *path, int flags), (path, flags))
NAMES(OPENAT, __openat_2, (int dir, const char *path, int flags), (dir, path, flags))
NAMES(OPENAT, __openat64_2, (int dir, const char *path, int flags), (dir, path, flags))
NAMES(RENAME, rename, (const char *a, const char *b), (a, b))
NAMES(RENAMEAT, renameat, (int ad, const char *a, int bd, const char *b), (ad, a, bd, b))
NAMES(RENAMEAT2, renameat2, (int ad, const char *a, int bd, const char *b, unsigned flags),
      (ad, a, bd, b, flags))
NAMES(LINKAT, linkat, (int ad, const char *a, int bd, const char *b, int flags),
      (ad, a, bd, b, flags))
NAMES(UNLINKAT, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
ON_FD(FSYNC, fsync, (int fd), (fd))
ON_FD(FSYNC, syncfs, (int fd), (fd))
ON_FD(FDATASYNC, fdatasync, (int fd), (fd))
ON_FD(FTRUNCATE, ftruncate, (int fd, off_t n), (fd, n))
ON_FD(FTRUNCATE, ftruncate64, (int fd, off64_t n), (fd, n))
ON_FD(FUTIMENS, futimens, (int fd, const struct timespec times[2]), (fd, times))
NAMES(MKDIRAT, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
NAMES(FSTATVFS, fstatvfs, (int fd, struct statvfs *fs), (fd, fs))
NAMES(FSTATVFS, fstatvfs64, (int fd, struct statvfs64 *fs), (fd, fs))
ALLOC(malloc, (size_t n), (n))
ALLOC(calloc, (size_t a, size_t b), (a, b))
ALLOC(realloc, (void *p, size_t n), (p, n))
ALLOC(reallocarray, (void *p, size_t a, size_t b), (p, a, b))
ALLOC(aligned_alloc, (size_t a, size_t n), (a, n))
CALL(int, ENOMEM, fault_strike(MALLOC), posix_memalign, (void **p, size_t a, size_t n), (p, a, n))

/* libc's own would do, but the address sanitizer's do not come by malloc */
char *strndup(const char *text, size_t max)
{
	const size_t n = strnlen(text, max);
	char *copy = malloc(n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *strdup(const char *text)
{
	return strndup(text, strlen(text));
}

/* the mode is there only when the flags say so; reading one too many does no harm */
#define OPENS(kind, name, params, args)                                                            \
	int name params                                                                            \
	{                                                                                          \
		va_list list;                                                                      \
		va_start(list, flags);                                                             \
		const mode_t mode = va_arg(list, mode_t);                                          \
		va_end(list);                                                                      \
		NEXT(name);                                                                        \
		size_t no_size_ = 0;                                                               \
		STRUCK(int, fault_strike(kind), -1, no_size_, next args);                          \
	}
OPENS(OPEN, open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(OPEN, open64, (const char *path, int flags, ...), (path, flags, mode))
OPENS(OPENAT, openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
OPENS(OPENAT, openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

int close(int fd)
{
	NEXT(close);
	const enum action struck = fault_on(CLOSE, fd);
	const int number = errno;
	const int r = next(fd);
	if (struck == KILLAFTER)
		kill(getpid(), SIGKILL);
	errno = struck == FAIL ? number : errno;
	return struck == FAIL ? -1 : r;
}

/* only openat2 has no function of its own */
long syscall(long number, ...)
{
	long a[6];
	va_list list;

	va_start(list, number);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	NEXT(syscall);
	size_t no_size = 0;
	STRUCK(long, number == SYS_openat2 ? fault_strike(OPENAT2) : PASS, -1, no_size,
	       next(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}
