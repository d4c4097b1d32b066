/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsamplerate: another sample rate, by its best filter. */
#ifndef SP_CODEC_RESAMPLE_H
#define SP_CODEC_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>

struct sp_resample;

/* Can it go from one rate to the other? */
bool sp_resample_fits(unsigned from, unsigned to);
/* NULL: no memory. */
struct sp_resample *sp_resample_new(unsigned channels, unsigned from, unsigned to);
void sp_resample_free(struct sp_resample *r); /* NULL is fine */
/* Forget what was fed. */
void sp_resample_reset(struct sp_resample *r);
/* Interleaved frames from `in` to `out`; *in_count and *out_count are how many there are and may be
 * made, and become how many were. `last`: nothing follows `in`. False: the library failed. */
bool sp_resample_run(struct sp_resample *r, const float *in, size_t *in_count, float *out,
		     size_t *out_count, bool last);

#endif
