/* SPDX-License-Identifier: GPL-3.0-or-later */
/* m3u: a list of sound files, or a folder of them, that becomes an audio CD. */
#include "formats/album.h"

#include "base/bytes.h"
#include "base/text.h"
#include "codec/charset.h"
#include "formats/formats.h"
#include "formats/sound_kind.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PLAYLIST_MAX = 1 << 20, PLAYLIST_NAMES = 10000 };

/* --- a list -------------------------------------------------------------------------------- */

/* The file that a line names, beside the list. */
static int playlist_open(struct sp_album *album, struct sp_io *list, const struct sp_word *line,
			 unsigned number, struct sp_error *err)
{
	struct sp_error why = {0};
	struct sp_io *io = NULL;
	bool sound = false;
	char *name = sp_word_copy(line);

	if (!name)
		return sp_fail_memory(err);
	int r = sp_io_sibling(list, name, &io, &why);
	if (r == SP_ERR_IO && why.sys_errno == ENOENT && !sp_utf8_valid(name, strlen(name))) {
		char *other = sp_charset_decode(SP_CHARSET_CP1252, name, strlen(name), NULL);

		r = other ? sp_io_sibling(list, other, &io, &why) : sp_fail_memory(&why);
		free(other);
	}
	if (r == SP_ERR_IO && why.sys_errno == ENOENT)
		r = sp_fail(&why, SP_ERR_FORMAT, "%s:%u: %s is not there", list->name, number,
			    name);
	if (!r)
		r = sp_album_add(album, io, &sound, &why);
	if (!r && !sound)
		r = sp_fail(&why, SP_ERR_FORMAT, "%s:%u: %s is no sound file", list->name, number,
			    name);
	if (r < 0 && err)
		*err = why;
	if (!sound || r < 0)
		sp_io_close(io);
	free(name);
	return r;
}

static int playlist_read(struct sp_album *album, struct sp_io *io, struct sp_error *err)
{
	struct sp_text_cursor c;

	if (io->size > PLAYLIST_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: larger than 1 MiB: no playlist", io->name);
	uint8_t *text = malloc((size_t)io->size + 1);
	if (!text)
		return sp_fail_memory(err);
	int r = sp_io_read(io, 0, text, (size_t)io->size, err);
	if (!r && memchr(text, '\0', (size_t)io->size))
		r = sp_fail(err, SP_ERR_FORMAT, "%s: is no text, and no playlist", io->name);
	sp_text_begin(&c, text, (size_t)io->size);
	while (!r && sp_text_line(&c)) {
		const struct sp_word line = sp_text_rest(&c);

		if (line.size && line.at[0] != '#')
			r = playlist_open(album, io, &line, c.number, err);
	}
	free(text);
	return r;
}

static int playlist_source(struct sp_source **out, struct sp_io *io,
			   const struct sp_options *options, struct sp_error *err)
{
	struct sp_album album = {.name = io->name, .options = options};
	int r = playlist_read(&album, io, err);

	if (!r)
		r = sp_album_source(out, &album, err);
	sp_album_clear(&album);
	if (!r)
		sp_io_close(io);
	return r;
}

static int playlist_probe(const struct sp_probe *probe)
{
	static const char mark[] = "#EXTM3U";
	const size_t bom = probe->head_size > 3 && !memcmp(probe->head, "\xef\xbb\xbf", 3) ? 3 : 0;

	return probe->size <= PLAYLIST_MAX && probe->head_size >= bom + sizeof(mark) - 1 &&
			       !memcmp(probe->head + bom, mark, sizeof(mark) - 1)
		       ? 90
		       : 0;
}

/* --- a folder ------------------------------------------------------------------------------ */

struct playlist_names {
	char **name;
	size_t count, room;
};

static int playlist_keep(struct playlist_names *names, const char *name, struct sp_error *err)
{
	if (names->count == names->room) {
		const size_t room = names->room ? names->room * 2 : 64;
		char **list = room <= PLAYLIST_NAMES * 2
				      ? realloc(names->name, room * sizeof(*list))
				      : NULL;

		if (!list)
			return sp_fail_memory(err);
		names->name = list;
		names->room = room;
	}
	names->name[names->count] = strdup(name);
	return names->name[names->count++] ? 0 : sp_fail_memory(err);
}

/* As a person counts: numbers by their value, letters without regard to case. */
static int playlist_before(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	const char *p = *x, *q = *y;
	const int same = strcmp(p, q);

	while (*p && *q) {
		if (*p >= '0' && *p <= '9' && *q >= '0' && *q <= '9') {
			p += strspn(p, "0");
			q += strspn(q, "0");
			const size_t n = strspn(p, "0123456789"), m = strspn(q, "0123456789");
			const int r = n == m ? strncmp(p, q, n) : n < m ? -1 : 1;

			if (r)
				return r;
			p += n;
			q += n;
			continue;
		}
		const int r = strncasecmp(p, q, 1);
		if (r)
			return r;
		p++;
		q++;
	}
	return *p || *q ? (unsigned char)*p - (unsigned char)*q : same;
}

static int playlist_list(struct playlist_names *names, const char *folder, struct sp_error *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int r = dir ? 0 : sp_fail_errno(err, errno, "%s", folder);

	while (!r && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = playlist_keep(names, entry->d_name, err);
	if (dir)
		closedir(dir);
	if (!r && names->count)
		qsort(names->name, names->count, sizeof(names->name[0]), playlist_before);
	return r;
}

/* A text of names with an end that says how many more there are. */
struct playlist_rest {
	char text[400];
	unsigned more;
};

static void playlist_leave(struct playlist_rest *rest, const char *name)
{
	const size_t used = strlen(rest->text);

	if (used + strlen(name) + 3 > sizeof(rest->text)) {
		rest->more++;
		return;
	}
	memcpy(rest->text + used, ", ", used ? 3 : 0);
	memcpy(rest->text + used + (used ? 2 : 0), name, strlen(name) + 1);
}

static int playlist_file(struct sp_album *album, const char *folder, const char *name,
			 struct playlist_rest *rest, struct sp_error *err)
{
	char *path = sp_format_text("%s/%s", folder, name);
	struct sp_io *io = NULL;
	bool sound = false;
	struct stat st;

	if (!path)
		return sp_fail_memory(err);
	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		playlist_leave(rest, name);
		free(path);
		return 0;
	}
	int r = sp_io_open_file(&io, path, err);
	if (!r)
		r = sp_album_add(album, io, &sound, err);
	if (!r && !sound)
		playlist_leave(rest, name);
	if (!sound || r < 0)
		sp_io_close(io);
	free(path);
	return r;
}

static int playlist_folder(struct sp_source **out, const char *folder,
			   const struct sp_options *options, struct sp_error *err)
{
	const struct sp_notes *notes = sp_options_notes(options);
	struct sp_album album = {.name = folder, .options = options};
	struct playlist_names names = {0};
	struct playlist_rest rest = {{0}, 0};
	int r = playlist_list(&names, folder, err);

	for (size_t i = 0; !r && i < names.count; i++)
		r = playlist_file(&album, folder, names.name[i], &rest, err);
	if (!r && rest.text[0])
		sp_note(notes, "%s: no sound, left out: %s%s", folder, rest.text,
			rest.more ? ", …" : "");
	if (!r && album.files > 1)
		sp_note(notes, "%s: %zu tracks in the order of their %s", folder, album.files,
			sp_album_sort(&album) ? "tags" : "names");
	if (!r)
		r = sp_album_source(out, &album, err);
	sp_album_clear(&album);
	for (size_t i = 0; i < names.count; i++)
		free(names.name[i]);
	free(names.name);
	return r;
}

/* --- what a folder looks like -------------------------------------------------------------- */

static bool playlist_beside(const char *name)
{
	static const char *const known[] = {".jpg",     ".jpeg", ".png", ".gif",  ".webp", ".bmp",
					    ".txt",     ".log",  ".m3u", ".m3u8", ".pls",  ".cue",
					    ".nfo",     ".pdf",  ".md5", ".sfv",  ".ffp",  ".html",
					    ".accurip", ".ini",  ".db",  NULL};
	const char *dot = strrchr(name, '.');
	size_t i = 0;

	while (dot && known[i] && strcasecmp(dot, known[i]) != 0)
		i++;
	return dot && known[i];
}

/* One of its files: 1 sound, 0 what may lie beside it, -1 anything else. */
static int playlist_look(const char *folder, const char *name)
{
	char *path = sp_format_text("%s/%s", folder, name);
	struct sp_sound_kind kind;
	struct sp_io *io = NULL;
	int found = -1;

	if (path && !sp_io_open_file(&io, path, NULL) && !sp_sound_kind(&kind, io, NULL))
		found = 1;
	else if (io && playlist_beside(name))
		found = 0;
	sp_io_close(io);
	free(path);
	return found;
}

bool sp_folder_is_sound(const char *folder)
{
	struct playlist_names names = {0};
	unsigned sound = 0;
	bool other = playlist_list(&names, folder, NULL) < 0 || names.count > 2 * SP_TRACK_MAX;

	for (size_t i = 0; i < names.count && !other; i++) {
		const int found = playlist_look(folder, names.name[i]);

		sound += found > 0;
		other = found < 0;
	}
	for (size_t i = 0; i < names.count; i++)
		free(names.name[i]);
	free(names.name);
	return sound && !other;
}

static const char *const playlist_extension[] = {".m3u", ".m3u8", NULL};

static const struct sp_format_option playlist_options[] = {
	{"gap", "0", "seconds of silence before each track but the first; 0: none, not a sample"},
	{"text", "yes|no", "CD-Text and ISRCs of the files' tags"},
	{"resample", "yes|no",
	 "sound that is not 44100 Hz, 16 bits, stereo: converted, or refused"},
	{NULL, NULL, NULL},
};

const struct sp_format sp_format_playlist = {
	.name = "m3u",
	.summary = "sound files as an audio CD: a playlist, or a folder by --audio",
	.extension = playlist_extension,
	.option = playlist_options,
	.probe = playlist_probe,
	.open = playlist_source,
	.open_folder = playlist_folder,
};
