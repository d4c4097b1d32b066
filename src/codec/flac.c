/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows libFLAC's encoder. */
#include "codec/flac.h"

#include "base/bytes.h"

#include <FLAC/stream_encoder.h>
#include <stdbool.h>
#include <stdlib.h>

enum { FLAC_STEP = 4096 }; /* samples handed over at a time */

struct sp_flac {
	FLAC__StreamEncoder *encoder;
	FLAC__StreamMetadata padding, *block[1];
	sp_flac_out_fn *out;
	void *user;
	uint64_t at;          /* where the next byte goes */
	uint64_t first;       /* of the first frame */
	struct sp_error *err; /* of the call under way */
	int status;           /* what `out` said */
	FLAC__int32 sample[2 * FLAC_STEP];
};

static FLAC__StreamEncoderWriteStatus flac_write(const FLAC__StreamEncoder *encoder,
						 const FLAC__byte *data, size_t size,
						 uint32_t samples, uint32_t frame, void *user)
{
	struct sp_flac *flac = user;

	(void)encoder, (void)samples, (void)frame;
	if (!flac->status)
		flac->status = flac->out(flac->user, flac->at, data, size, flac->err);
	if (flac->status)
		return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
	flac->at += size;
	return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

static FLAC__StreamEncoderSeekStatus flac_seek(const FLAC__StreamEncoder *encoder, FLAC__uint64 at,
					       void *user)
{
	(void)encoder;
	((struct sp_flac *)user)->at = at;
	return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus flac_tell(const FLAC__StreamEncoder *encoder, FLAC__uint64 *at,
					       void *user)
{
	(void)encoder;
	*at = ((struct sp_flac *)user)->at;
	return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

struct sp_flac *sp_flac_new(unsigned level, uint64_t samples, uint32_t room, sp_flac_out_fn *out,
			    void *user)
{
	struct sp_flac *flac = calloc(1, sizeof(*flac));

	if (!flac)
		return NULL;
	flac->encoder = FLAC__stream_encoder_new();
	if (!flac->encoder) {
		free(flac);
		return NULL;
	}
	flac->out = out;
	flac->user = user;
	flac->padding.type = FLAC__METADATA_TYPE_PADDING;
	flac->padding.length = room < SP_FLAC_BLOCK_MAX ? room : SP_FLAC_BLOCK_MAX;
	flac->block[0] = &flac->padding;
	FLAC__stream_encoder_set_channels(flac->encoder, 2);
	FLAC__stream_encoder_set_bits_per_sample(flac->encoder, 16);
	FLAC__stream_encoder_set_sample_rate(flac->encoder, 44100);
	FLAC__stream_encoder_set_compression_level(flac->encoder, level);
	FLAC__stream_encoder_set_total_samples_estimate(flac->encoder, samples);
	FLAC__stream_encoder_set_verify(flac->encoder, true);
	FLAC__stream_encoder_set_metadata(flac->encoder, flac->block, 1);
	return flac;
}

static int flac_failed(const struct sp_flac *flac)
{
	const FLAC__StreamEncoderState state = FLAC__stream_encoder_get_state(flac->encoder);

	if (flac->status)
		return flac->status;
	if (state == FLAC__STREAM_ENCODER_MEMORY_ALLOCATION_ERROR)
		return sp_fail_memory(flac->err);
	if (state == FLAC__STREAM_ENCODER_VERIFY_DECODER_ERROR ||
	    state == FLAC__STREAM_ENCODER_VERIFY_MISMATCH_IN_AUDIO_DATA)
		return sp_fail(flac->err, SP_ERR_IO,
			       "the FLAC encoder's output does not decode to its input");
	return sp_fail(flac->err, SP_ERR_IO, "the FLAC encoder failed: %s",
		       FLAC__stream_encoder_get_resolved_state_string(flac->encoder));
}

/* The head is written when there is something to follow it. */
static int flac_begin(struct sp_flac *flac)
{
	if (FLAC__stream_encoder_get_state(flac->encoder) != FLAC__STREAM_ENCODER_UNINITIALIZED)
		return 0;
	const FLAC__StreamEncoderInitStatus status = FLAC__stream_encoder_init_stream(
		flac->encoder, flac_write, flac_seek, flac_tell, NULL, flac);
	flac->first = flac->at; /* all metadata is written by now */
	if (status == FLAC__STREAM_ENCODER_INIT_STATUS_OK)
		return 0;
	if (status == FLAC__STREAM_ENCODER_INIT_STATUS_ENCODER_ERROR)
		return flac_failed(flac);
	return sp_fail(flac->err, SP_ERR_IO, "the FLAC encoder cannot begin: %s",
		       FLAC__StreamEncoderInitStatusString[status]);
}

int sp_flac_encode(struct sp_flac *flac, const uint8_t *pcm, size_t samples, struct sp_error *err)
{
	flac->err = err;
	int r = flac_begin(flac);

	for (size_t done = 0; !r && done < samples;) {
		const size_t n = samples - done < FLAC_STEP ? samples - done : FLAC_STEP;

		for (size_t i = 0; i < 2 * n; i++)
			flac->sample[i] = (int16_t)get_le16(pcm + 2 * (2 * done + i));
		if (!FLAC__stream_encoder_process_interleaved(flac->encoder, flac->sample,
							      (uint32_t)n))
			r = flac_failed(flac);
		done += n;
	}
	return r;
}

int sp_flac_end(struct sp_flac *flac, uint64_t *first, struct sp_error *err)
{
	flac->err = err;
	const int r = flac_begin(flac);
	if (r < 0)
		return r;
	const bool ok = FLAC__stream_encoder_finish(flac->encoder);
	*first = flac->first;
	return ok ? 0 : flac_failed(flac);
}

void sp_flac_free(struct sp_flac *flac)
{
	if (!flac)
		return;
	FLAC__stream_encoder_delete(flac->encoder);
	free(flac);
}

const char *sp_flac_vendor(void)
{
	return FLAC__VENDOR_STRING;
}
