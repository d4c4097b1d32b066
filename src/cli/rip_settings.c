/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What spindle rip remembers of drives, and the files it reads and writes beside the image. */
#include "cli/rip.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_MAX = 1 << 20 };

/* "…/spindle", or with `file` a file in it; malloc'd, NULL: there is no home. */
static char *settings_path(const char *file)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const bool own = config && config[0] == '/';
	char *path = NULL;

	if (!own && (!home || home[0] != '/'))
		return NULL;
	const size_t size =
		strlen(own ? config : home) + sizeof("/.config/spindle/") + strlen(file) + 1;
	path = malloc(size);
	if (path)
		snprintf(path, size, "%s%s/spindle%s%s", own ? config : home, own ? "" : "/.config",
			 file[0] ? "/" : "", file);
	return path;
}

/* All of a small file, ended; *size (NULL is fine). */
static char *settings_load(const char *path, size_t *size, struct sp_error *err)
{
	struct sp_io *io;
	char *text = NULL;

	if (sp_io_open_file(&io, path, err) < 0)
		return NULL;
	if (io->size > SETTINGS_MAX)
		sp_fail(err, SP_ERR_FORMAT, "%s: too large", path);
	else if (!(text = malloc((size_t)io->size + 1)))
		sp_fail_memory(err);
	else if (sp_io_read(io, 0, text, (size_t)io->size, err) < 0) {
		free(text);
		text = NULL;
	} else {
		text[io->size] = '\0';
		if (size)
			*size = (size_t)io->size;
	}
	sp_io_close(io);
	return text;
}

static void settings_model(char *text, size_t size, const struct sp_drive_identity *drive)
{
	snprintf(text, size, "%s %s", drive->vendor, drive->model);
}

/* Does a line tell of this model? Its offset then. */
static bool settings_line(const char *line, size_t size, const char *model, int *offset)
{
	char *end;
	const long value = strtol(line, &end, 10);
	const size_t n = strlen(model);

	if (end == line || *end != ' ' || value < -5880 || value > 5880 ||
	    (size_t)(end + 1 - line) + n != size || memcmp(end + 1, model, n) != 0)
		return false;
	*offset = (int)value;
	return true;
}

bool rip_offset_known(const struct sp_drive_identity *drive, int *offset)
{
	char *path = settings_path("offsets"), model[64];
	char *text = path ? settings_load(path, NULL, NULL) : NULL;
	bool known = false;

	settings_model(model, sizeof(model), drive);
	for (const char *line = text; line && *line;) {
		const size_t size = strcspn(line, "\n");

		known |= settings_line(line, size, model, offset);
		line += size + (line[size] == '\n');
	}
	free(text);
	free(path);
	return known;
}

/* The old lines but this model's, and the new one. */
static char *settings_new(const char *old, const char *model, int offset)
{
	const size_t room = (old ? strlen(old) : 0) + strlen(model) + 32;
	char *text = malloc(room);
	size_t used = 0;
	int other;

	for (const char *line = old; text && line && *line;) {
		const size_t size = strcspn(line, "\n");

		if (size && !settings_line(line, size, model, &other))
			used += (size_t)snprintf(text + used, room - used, "%.*s\n", (int)size,
						 line);
		line += size + (line[size] == '\n');
	}
	if (text)
		snprintf(text + used, room - used, "%+d %s\n", offset, model);
	return text;
}

static int settings_save(const char *path, const char *text, struct sp_error *err)
{
	struct sp_outset *set = NULL;
	struct sp_io *io = NULL;
	int r = sp_outset_create(&set, path, SP_OUTSET_FORCE, err);

	if (!r)
		r = sp_outset_io(set, &io, err);
	if (!r)
		r = sp_io_write(io, 0, text, strlen(text), err);
	sp_io_close(io);
	if (!r)
		r = sp_outset_commit(set, err);
	sp_outset_close(set);
	return r;
}

void rip_offset_keep(struct ui *ui, const struct sp_drive_identity *drive, int offset)
{
	char *folder = settings_path(""), *path = settings_path("offsets"), model[64];
	struct sp_error err;
	int known;

	if (!folder || !path || (rip_offset_known(drive, &known) && known == offset)) {
		free(folder);
		free(path);
		return;
	}
	settings_model(model, sizeof(model), drive);
	char *slash = strrchr(folder, '/');
	*slash = '\0'; /* what it lies in may not be there either */
	mkdir(folder, 0777);
	*slash = '/';
	char *old = mkdir(folder, 0777) && errno != EEXIST ? NULL : settings_load(path, NULL, NULL);
	char *text = settings_new(old, model, offset);
	if (!text || settings_save(path, text, &err) < 0)
		ui_note(ui, "the offset of %s could not be kept in %s", model, path);
	else
		ui_note(ui, "the offset %+d of %s is kept in %s", offset, model, path);
	free(text);
	free(old);
	free(folder);
	free(path);
}

int rip_response_open(struct sp_ar_response *response, const char *path, struct sp_error *err)
{
	size_t size = 0;
	char *data = settings_load(path, &size, err);

	*response = (struct sp_ar_response){0};
	if (!data)
		return err->status;
	const int r = sp_ar_parse(response, path, (const uint8_t *)data, size, err);
	free(data);
	return r;
}

char *rip_store_name(const char *dst)
{
	size_t size = strlen(dst);

	while (size > 1 && dst[size - 1] == '/')
		size--;
	char *name = malloc(size + sizeof(".spindle"));
	if (name)
		snprintf(name, size + sizeof(".spindle"), "%.*s.spindle", (int)size, dst);
	return name;
}

/* The image's name with another extension. */
static char *log_name(const char *path, const char *extension)
{
	const char *base = cli_base(path), *dot = strrchr(base, '.');
	const size_t stem = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	char *name = malloc(stem + strlen(extension) + 1);

	if (name)
		snprintf(name, stem + strlen(extension) + 1, "%.*s%s", (int)stem, base, extension);
	return name;
}

char *rip_in_the_way(const char *path, bool logs)
{
	static const char *const extension[] = {NULL, ".log", ".json"};
	const size_t folder = (size_t)(cli_base(path) - path);
	struct stat st;

	for (unsigned i = 0; i < (logs ? sizeof(extension) / sizeof(extension[0]) : 1); i++) {
		char *name = extension[i] ? log_name(path, extension[i]) : strdup(cli_base(path));
		const size_t size = folder + (name ? strlen(name) : 0) + 1;
		char *whole = name ? malloc(size) : NULL;

		if (whole)
			snprintf(whole, size, "%.*s%s", (int)folder, path, name);
		free(name);
		if (whole && !lstat(whole, &st))
			return whole;
		free(whole);
	}
	return NULL;
}

static int log_member(struct sp_output *out, const char *extension, const char *text, size_t size,
		      struct sp_error *err)
{
	struct sp_io *io = NULL, *member = NULL;
	char *name = log_name(out->path, extension);
	int r = name && text ? sp_outset_io(out->set, &io, err) : sp_fail_memory(err);

	if (!r)
		r = sp_io_sibling(io, name, &member, err);
	if (!r)
		r = sp_io_write(member, 0, text, size, err);
	sp_io_close(member);
	sp_io_close(io);
	free(name);
	return r;
}

int rip_log_write(struct sp_output *out, const struct report_rip *report, struct sp_error *err)
{
	char *json_text = NULL;
	size_t size = 0, json_size = 0;
	char *text = report_rip_text(report, &size);
	struct json json = {.out = open_memstream(&json_text, &json_size)};

	int r = log_member(out, ".log", text, size, err);
	if (!r && !json.out)
		r = sp_fail_memory(err);
	if (json.out) {
		report_rip_json(&json, report);
		if (fclose(json.out) && !r)
			r = sp_fail_memory(err);
	}
	if (!r)
		r = log_member(out, ".json", json_text, json_size, err);
	free(json_text);
	free(text);
	return r;
}

int rip_map_write(struct sp_output *out, struct sp_rip *rip, struct sp_error *err)
{
	const size_t size = strcmp(out->format->name, "iso") ? 2352 : 2048;
	char *text = NULL;
	size_t length = 0;
	int r = sp_rip_map(rip, size, &text, &length, err);

	if (!r)
		r = log_member(out, ".map", text, length, err);
	free(text);
	return r;
}
