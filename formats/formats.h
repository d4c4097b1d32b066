/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every format of this folder. A new one: its file, its extern here, its line in formats.c. */
#ifndef SP_FORMATS_H
#define SP_FORMATS_H

#include <spindle/format.h>

extern const struct sp_format sp_format_ccd;
extern const struct sp_format sp_format_cdsaencr;
extern const struct sp_format sp_format_cue;
extern const struct sp_format sp_format_dmg;
extern const struct sp_format sp_format_encrcdsa;
extern const struct sp_format sp_format_img;
extern const struct sp_format sp_format_iso;
extern const struct sp_format sp_format_playlist;
extern const struct sp_format sp_format_raw;
extern const struct sp_format sp_format_sparsebundle;
extern const struct sp_format sp_format_sparseimage;
extern const struct sp_format sp_format_store;

/* Containers that are recognised by name and cannot be opened; NULL-ended. */
extern const struct sp_format *const sp_known_formats[];

#endif
