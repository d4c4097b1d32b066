/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the data files of a new sheet are called: after the sheet, or by number and title, in
 * letters every file system takes. */
#include "base/bytes.h"
#include "formats/cue_text.h"
#include "formats/cue_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_TITLE_MAX = 200 }; /* bytes: number, extension and a temporary's affixes come on top */

char *sp_cue_name(const struct sp_cue_plan *plan, const char *fmt, ...)
{
	const char *slash = strrchr(plan->name, '/');
	const char *base = slash ? slash + 1 : plan->name, *dot = strrchr(base, '.');
	const int stem = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
	char tail[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(tail, sizeof(tail), fmt, args);
	va_end(args);
	return sp_format_text("%.*s%s", stem, base, tail);
}

/* A title as part of a name: nothing a file system of Windows or a terminal would take for
 * something else, nothing that is not UTF-8, no blank or dot at its end. malloc'd, may be "". */
static char *names_safe(const char *title)
{
	size_t size = strlen(title);
	const bool utf8 = sp_utf8_valid(title, size);

	if (size > NAMES_TITLE_MAX) {
		size = NAMES_TITLE_MAX;
		while (utf8 && ((unsigned char)title[size] & 0xc0) == 0x80)
			size--;
	}
	char *name = strndup(title, size);
	for (unsigned char *c = (unsigned char *)name; c && *c; c++) {
		const bool control = *c < 0x20 || *c == 0x7f;

		if (control || strchr("/\\:*?\"<>|", *c) || (*c >= 0x80 && !utf8))
			*c = '_';
		else if (*c == 0xc2 && c[1] < 0xa0) /* the controls of ISO 8859-1 */
			c[0] = c[1] = '_';
	}
	while (name && size && (name[size - 1] == ' ' || name[size - 1] == '.'))
		name[--size] = '\0';
	return name;
}

/* "NN - TITLE"; the number keeps equal titles apart. */
static char *names_titled(const struct sp_disc *disc, unsigned track, const char *extension)
{
	const char *title = sp_disc_text(disc, track, SP_TEXT_TITLE);
	char *safe = names_safe(title ? title : "");
	char *name = NULL;

	if (safe)
		name = sp_format_text("%02u%s%s%s", track, *safe ? " - " : "", safe, extension);
	free(safe);
	return name;
}

int sp_cue_name_files(struct sp_cue_plan *plan, const struct sp_disc *disc, struct sp_error *err)
{
	const unsigned last = disc->track[disc->tracks - 1].number;
	const char *sound = plan->audio == SP_CUE_AUDIO_FLAC ? ".flac" : ".wav";

	for (size_t i = 0; i < plan->outs; i++) {
		struct sp_cue_out *out = &plan->out[i];
		const char *extension = out->sound ? sound : ".bin";

		if (plan->per_track && plan->titles)
			out->name = names_titled(disc, out->track, extension);
		else if (plan->per_track ? disc->tracks == 1 : plan->outs == 1)
			out->name = sp_cue_name(plan, "%s", extension);
		else if (!plan->per_track && !plan->audio)
			out->name = sp_cue_name(plan, " (Session %u).bin", out->session);
		else if (last < 10)
			out->name = sp_cue_name(plan, " (Track %u)%s", out->track, extension);
		else
			out->name = sp_cue_name(plan, " (Track %02u)%s", out->track, extension);
		if (!out->name)
			return sp_fail_memory(err);
	}
	return 0;
}
