/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another decoder of FLAC than ours: libFLAC's. */
#include "tests/flac_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <FLAC/stream_decoder.h>
#include <stdlib.h>
#include <string.h>

static FLAC__StreamDecoderReadStatus decoded_read(const FLAC__StreamDecoder *decoder,
						  FLAC__byte *buffer, size_t *bytes, void *user)
{
	struct decoded *d = user;

	(void)decoder;
	if (*bytes > d->size - d->at)
		*bytes = (size_t)(d->size - d->at);
	if (!*bytes)
		return FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
	memcpy(buffer, d->data + d->at, *bytes);
	d->at += *bytes;
	return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static FLAC__StreamDecoderWriteStatus decoded_write(const FLAC__StreamDecoder *decoder,
						    const FLAC__Frame *frame,
						    const FLAC__int32 *const *buffer, void *user)
{
	struct decoded *d = user;
	const size_t n = frame->header.blocksize;

	(void)decoder;
	assert_int_equal(frame->header.channels, 2);
	assert_int_equal(frame->header.bits_per_sample, 16);
	assert_int_equal(frame->header.sample_rate, 44100);
	d->pcm = realloc(d->pcm, d->pcm_size + n * 4);
	assert_non_null(d->pcm);
	for (size_t i = 0; i < 2 * n; i++) {
		const unsigned sample = (unsigned)buffer[i % 2][i / 2];

		d->pcm[d->pcm_size++] = (uint8_t)sample;
		d->pcm[d->pcm_size++] = (uint8_t)(sample >> 8);
	}
	return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void decoded_metadata(const FLAC__StreamDecoder *decoder, const FLAC__StreamMetadata *block,
			     void *user)
{
	struct decoded *d = user;

	(void)decoder;
	if (block->type == FLAC__METADATA_TYPE_STREAMINFO)
		d->total = block->data.stream_info.total_samples;
	if (block->type == FLAC__METADATA_TYPE_PADDING)
		d->padding += block->length;
	d->seektables += block->type == FLAC__METADATA_TYPE_SEEKTABLE;
	if (block->type != FLAC__METADATA_TYPE_VORBIS_COMMENT)
		return;
	const FLAC__StreamMetadata_VorbisComment *c = &block->data.vorbis_comment;
	snprintf(d->vendor, sizeof(d->vendor), "%.*s", (int)c->vendor_string.length,
		 (const char *)c->vendor_string.entry);
	for (uint32_t i = 0; i < c->num_comments; i++) {
		const size_t used = strlen(d->comments);

		snprintf(d->comments + used, sizeof(d->comments) - used, "%.*s\n",
			 (int)c->comments[i].length, (const char *)c->comments[i].entry);
	}
}

static void decoded_error(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus status,
			  void *user)
{
	(void)decoder, (void)status;
	((struct decoded *)user)->errors++;
}

void decode(struct decoded *d, struct sp_memory *mem, const char *name)
{
	FLAC__StreamDecoder *decoder = FLAC__stream_decoder_new();

	*d = (struct decoded){.data = NULL};
	d->data = sp_memory_get(mem, name, &d->size);
	if (!d->data)
		fail_msg("there is no %s", name);
	FLAC__stream_decoder_set_md5_checking(decoder, true);
	FLAC__stream_decoder_set_metadata_respond_all(decoder);
	assert_int_equal(FLAC__stream_decoder_init_stream(decoder, decoded_read, NULL, NULL, NULL,
							  NULL, decoded_write, decoded_metadata,
							  decoded_error, d),
			 FLAC__STREAM_DECODER_INIT_STATUS_OK);
	assert_true(FLAC__stream_decoder_process_until_end_of_stream(decoder));
	assert_true(FLAC__stream_decoder_finish(decoder)); /* false: another MD5 */
	FLAC__stream_decoder_delete(decoder);
	assert_int_equal(d->errors, 0);
	assert_int_equal(d->total * 4, d->pcm_size);
}

void decoded_clear(struct decoded *d)
{
	free(d->pcm);
	d->pcm = NULL;
}
