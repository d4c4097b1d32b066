/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows libsamplerate. */
#include "codec/resample.h"

#include <samplerate.h>
#include <stdlib.h>

struct sp_resample {
	SRC_STATE *state;
	double ratio;
};

bool sp_resample_fits(unsigned from, unsigned to)
{
	return from && to && src_is_valid_ratio((double)to / from);
}

struct sp_resample *sp_resample_new(unsigned channels, unsigned from, unsigned to)
{
	struct sp_resample *r = malloc(sizeof(*r));
	int code;

	if (!r)
		return NULL;
	r->ratio = (double)to / from;
	r->state = src_new(SRC_SINC_BEST_QUALITY, (int)channels, &code);
	if (r->state)
		return r;
	free(r);
	return NULL;
}

void sp_resample_free(struct sp_resample *r)
{
	if (!r)
		return;
	src_delete(r->state);
	free(r);
}

void sp_resample_reset(struct sp_resample *r)
{
	src_reset(r->state);
}

bool sp_resample_run(struct sp_resample *r, const float *in, size_t *in_count, float *out,
		     size_t *out_count, bool last)
{
	SRC_DATA data = {.data_in = in,
			 .data_out = out,
			 .input_frames = (long)*in_count,
			 .output_frames = (long)*out_count,
			 .end_of_input = last,
			 .src_ratio = r->ratio};

	if (src_process(r->state, &data))
		return false;
	*in_count = (size_t)data.input_frames_used;
	*out_count = (size_t)data.output_frames_gen;
	return true;
}
