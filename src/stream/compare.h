/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two discs say of themselves, side by side; sectors are the compare sink's. */
#ifndef SP_STREAM_COMPARE_H
#define SP_STREAM_COMPARE_H

#include <spindle/disc.h>

/* The first difference of the layouts in words, of A then of B; "" when there is none. Of a disc
 * that is plain data (no CD, or one track of 2048-byte sectors) only tracks, starts and lengths are
 * asked: it cannot say more. */
void sp_compare_layout(const struct sp_disc *a, const struct sp_disc *b, char *text, size_t size);

#endif
