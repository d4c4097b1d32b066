/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Containers that are recognised and named, but not opened: sp_known_formats, and how. */
#ifndef SP_FORMATS_KNOWN_H
#define SP_FORMATS_KNOWN_H

#include <spindle/format.h>

/* The best score of a magic's groups, 0: none matches. Only head and tail are looked at. */
int sp_magic_probe(const struct sp_magic *magic, const struct sp_probe *probe);

#endif
