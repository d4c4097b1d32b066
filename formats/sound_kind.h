/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of sound file it is, by its first bytes. */
#ifndef SP_FORMATS_SOUND_KIND_H
#define SP_FORMATS_SOUND_KIND_H

#include "codec/sound.h"

#include <spindle/io.h>

struct sp_sound_kind {
	const char *name;
	const struct sp_sound_codec *codec; /* NULL: WAVE or AIFF, whose samples may lie plainly */
	uint64_t begin;                     /* where it begins: behind tags */
};

/* SP_ERR_UNSUPPORTED: of a kind that is not decoded, which the text names; SP_ERR_FORMAT: none. */
int sp_sound_kind(struct sp_sound_kind *kind, struct sp_io *io, struct sp_error *err);

#endif
