/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An EFI system partition made of a folder, by mtools: a FAT file system of its own is no more than
 * a place for files that the image has elsewhere already. */
#include "tree/esp.h"

#include "base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ESP_CLUSTER = 4096, /* more than mformat's clusters of small volumes: room is never short */
	ESP_DEPTH_MAX = 64,
	ESP_ARGUMENTS = 256, /* files copied by one mcopy */
	ESP_LEAST = 1 << 20,
};

struct esp {
	char image[32]; /* /proc/self/fd/N, which the programs inherit */
	int fd;
	char **environment;
	char **folder; /* paths beneath the EFI folder, "" first; those not copied yet are read */
	size_t folders;
	uint64_t bytes;
};

/* Names in a folder, sorted, without . and .. */
static int esp_names(const char *path, char ***names, size_t *count, struct sp_error *err)
{
	DIR *dir = opendir(path);
	int r = 0;

	*names = NULL;
	*count = 0;
	if (!dir)
		return sp_fail_errno(err, errno, "%s", path);
	for (struct dirent *entry; !r && (entry = readdir(dir));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		char **list = sp_grow(*names, *count, sizeof(list[0]));
		if (list)
			*names = list;
		if (!list || !(list[*count] = strdup(entry->d_name)))
			r = sp_fail_memory(err);
		else
			++*count;
	}
	closedir(dir);
	return r;
}

static void esp_free(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

static int esp_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int esp_run(const struct esp *esp, char **argv, struct sp_error *err)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = 0;

	/* what they print would be heard beside our own one line */
	if (posix_spawn_file_actions_init(&actions))
		return sp_fail_memory(err);
	int e = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!e)
		e = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (!e)
		e = posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (!e)
		e = posix_spawnp(&pid, argv[0], &actions, NULL, argv, esp->environment);
	posix_spawn_file_actions_destroy(&actions);
	if (e == ENOENT)
		return sp_fail(
			err, SP_ERR_UNSUPPORTED,
			"an EFI partition is made by mtools, which are not installed: install "
			"them, or give a partition's image with --efi FILE");
	if (e)
		return sp_fail_errno(err, e, "%s", argv[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sp_fail_errno(err, errno, "%s", argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return sp_fail(
			err, SP_ERR_IO,
			"%s failed on `%s' while the EFI partition was made (a full disk, or a "
			"name that FAT cannot hold?)",
			argv[0], argv[4]);
	return 0;
}

/* One folder's files are added up, its folders put on the list. */
static int esp_look(struct esp *esp, const char *root, const char *beneath, struct sp_error *err)
{
	char *path = sp_format_text("%s%s", root, beneath), **name = NULL;
	size_t names = 0;
	unsigned depth = 0;

	int r = path ? esp_names(path, &name, &names, err) : sp_fail_memory(err);
	for (const char *p = beneath; *p; p++)
		depth += *p == '/';
	if (!r && depth > ESP_DEPTH_MAX)
		r = sp_fail(err, SP_ERR_USAGE, "%s: more than %d folders deep", path,
			    ESP_DEPTH_MAX);
	for (size_t i = 0; !r && i < names; i++) {
		char *inner = sp_format_text("%s/%s", path, name[i]);
		struct stat st;

		if (!inner)
			r = sp_fail_memory(err);
		else if (stat(inner, &st))
			r = sp_fail_errno(err, errno, "%s", inner);
		else if (S_ISREG(st.st_mode))
			esp->bytes += (uint64_t)st.st_size + 2 * ESP_CLUSTER;
		else if (!S_ISDIR(st.st_mode))
			r = sp_fail(err, SP_ERR_USAGE,
				    "%s: neither a file nor a folder, which is all that FAT holds",
				    inner);
		else {
			char **list = sp_grow(esp->folder, esp->folders, sizeof(list[0]));

			if (list)
				esp->folder = list;
			if (!list ||
			    !(list[esp->folders] = sp_format_text("%s/%s", beneath, name[i])))
				r = sp_fail_memory(err);
			else
				esp->folders++;
			esp->bytes += 2 * ESP_CLUSTER;
		}
		free(inner);
	}
	free(path);
	esp_free(name, names);
	return r;
}

/* FAT by size, as mformat chooses it: sectors of 512 bytes, whole MiB. */
static int esp_format(struct esp *esp, uint32_t serial, struct sp_error *err)
{
	char sectors[24], number[16];
	const uint64_t wanted = esp->bytes + esp->bytes / 64 + ESP_LEAST;
	const uint64_t size = (wanted + ESP_LEAST - 1) / ESP_LEAST * ESP_LEAST;
	char *mformat[] = {
		(char *)"mformat", (char *)"-i", esp->image, (char *)"-N", number, (char *)"-v",
		(char *)"ESP",     (char *)"-T", sectors,    (char *)"::", NULL};

	if (size / 512 > UINT32_MAX)
		return sp_fail(err, SP_ERR_USAGE,
			       "an EFI folder of %llu bytes is more than FAT32 "
			       "holds",
			       (unsigned long long)esp->bytes);
	char *text = sp_format_text("%llu", (unsigned long long)(size / 512));
	if (!text)
		return sp_fail_memory(err);
	memcpy(sectors, text, strlen(text) + 1);
	free(text);
	for (unsigned i = 0; i < 8; i++)
		number[i] = "0123456789abcdef"[serial >> (28 - 4 * i) & 15];
	number[8] = '\0';
	if (ftruncate(esp->fd, (off_t)size))
		return sp_fail_errno(err, errno, "the EFI partition's temporary file");
	return esp_run(esp, mformat, err);
}

/* A folder with the files in it, in as many calls as their number asks for. */
static int esp_copy(struct esp *esp, const char *root, const char *beneath, struct sp_error *err)
{
	char *path = sp_format_text("%s%s", root, beneath), **name = NULL;
	char *target = sp_format_text("::/EFI%s", beneath);
	char *argv[ESP_ARGUMENTS + 8] = {(char *)"mmd", (char *)"-i", esp->image, (char *)"--",
					 target};
	size_t names = 0, used = 0;

	int r = path && target ? esp_names(path, &name, &names, err) : sp_fail_memory(err);
	if (!r)
		r = esp_run(esp, argv, err);
	if (!r && names)
		qsort(name, names, sizeof(name[0]), esp_by_name);
	argv[0] = (char *)"mcopy";
	for (size_t i = 0; !r && i <= names; i++) {
		struct stat st;

		if (i < names) {
			char *inner = sp_format_text("%s/%s", path, name[i]);

			if (!inner)
				r = sp_fail_memory(err);
			else if (!stat(inner, &st) && S_ISREG(st.st_mode))
				argv[4 + used++] = inner;
			else
				free(inner);
		}
		if (r || (used < ESP_ARGUMENTS && i < names) || !used)
			continue;
		argv[4 + used] = target;
		argv[5 + used] = NULL;
		r = esp_run(esp, argv, err);
		while (used)
			free(argv[4 + --used]);
	}
	while (used)
		free(argv[4 + --used]);
	free(path);
	free(target);
	esp_free(name, names);
	return r;
}

/* The caller's environment with what makes mtools' work repeatable. */
static char **esp_environment(char *epoch)
{
	static const char *const set[] = {"TZ=UTC", "MTOOLS_SKIP_CHECK=1", "MTOOLSRC=/dev/null"};
	size_t count = 0, used = 0;

	while (environ[count])
		count++;
	char **list = calloc(count + 5, sizeof(list[0]));
	for (size_t i = 0; list && i < count; i++)
		if (strncmp(environ[i], "SOURCE_DATE_EPOCH=", 18) &&
		    strncmp(environ[i], "TZ=", 3) && strncmp(environ[i], "MTOOLS", 6))
			list[used++] = environ[i];
	for (size_t i = 0; list && i < 3; i++)
		list[used++] = (char *)set[i];
	if (list)
		list[used] = epoch;
	return list;
}

int sp_esp_make(int *fd, const char *folder, int64_t epoch, uint32_t serial, struct sp_error *err)
{
	const char *place = getenv("TMPDIR");
	char *name = sp_format_text("%s/spindle.esp.XXXXXX", place && *place ? place : "/var/tmp");
	char *date = sp_format_text("SOURCE_DATE_EPOCH=%lld", (long long)epoch);
	struct esp esp = {.fd = -1};
	int r = 0;

	if (name && date)
		esp.environment = esp_environment(date);
	esp.folder = sp_grow(NULL, 0, sizeof(esp.folder[0]));
	if (esp.folder && (esp.folder[0] = strdup("")))
		esp.folders = 1;
	if (!esp.environment || !esp.folders)
		r = sp_fail_memory(err);
	else if ((esp.fd = mkstemp(name)) < 0) /* not close-on-exec: mtools inherit it */
		r = sp_fail_errno(err, errno, "%s", name);
	else
		unlink(name);
	for (size_t i = 0; !r && i < esp.folders; i++)
		r = esp_look(&esp, folder, esp.folder[i], err);
	if (!r) {
		char *image = sp_format_text("/proc/self/fd/%d", esp.fd);

		if (image)
			memcpy(esp.image, image, strlen(image) + 1);
		r = image ? esp_format(&esp, serial, err) : sp_fail_memory(err);
		free(image);
	}
	/* the order they were found in depends on the disk they come from */
	if (!r)
		qsort(esp.folder, esp.folders, sizeof(esp.folder[0]), esp_by_name);
	for (size_t i = 0; !r && i < esp.folders; i++)
		r = esp_copy(&esp, folder, esp.folder[i], err);
	if (r < 0 && esp.fd >= 0)
		close(esp.fd);
	else
		*fd = esp.fd;
	esp_free(esp.folder, esp.folders);
	free(esp.environment);
	free(date);
	free(name);
	return r;
}
