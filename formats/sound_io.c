/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sound file as the bytes of CD audio: a window over what a decoder gives, which moves ahead, and
 * back by a seek where that is exact, by decoding anew where it is not. */
#include "formats/sound_io.h"

#include "base/bytes.h"
#include "codec/resample.h"
#include "formats/sound_kind.h"
#include "formats/wave.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	SOUND_RATE = 44100,
	SOUND_BITS = 16,
	SOUND_FRAME = 4,     /* bytes of a left and a right sample */
	SOUND_WINDOW = 8192, /* frames; seeks go to its multiples, so that reading back is not slow
			      */
	SOUND_BLOCK = 1024,  /* frames decoded at a time */
	SOUND_TAIL = 64,     /* frames that a filter may come short of at the end */
};

struct sound_io {
	struct sp_io io;
	struct sp_io *inner;
	uint64_t begin; /* of the sound in inner, behind tags */
	struct sp_sound *sound;
	struct sp_resample *resample; /* NULL: the rate is right */
	float *feed;                  /* SOUND_BLOCK frames for it */
	size_t feed_at, feed_held;
	uint64_t decoded;           /* frames of the sound so far */
	uint64_t frames;            /* of the view */
	uint64_t first, held, next; /* frames: of the window; after it */
	bool lost;                  /* where the decoder stands is not known */
	uint8_t window[SOUND_WINDOW * SOUND_FRAME];
};

static int sound_file_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	const struct sound_io *s = user;

	return sp_io_read(s->inner, s->begin + at, data, size, err);
}

/* The nearest of 16 bits. */
static uint16_t sound_round(int32_t sample)
{
	const int64_t v = ((int64_t)sample + 0x8000) >> 16;

	return (uint16_t)(int16_t)(v > INT16_MAX ? INT16_MAX : v);
}

/* Frames of decoded samples, mono or stereo, as bytes of CD audio. */
static void sound_pack(uint8_t *out, const int32_t *in, size_t frames, unsigned channels)
{
	for (size_t i = 0; i < frames; i++) {
		put_le16(out + i * SOUND_FRAME, sound_round(in[i * channels]));
		put_le16(out + i * SOUND_FRAME + 2, sound_round(in[i * channels + channels - 1]));
	}
}

/* The decoder's next frames: exactly as many as there still must be, to `count`. */
static int sound_decode(struct sound_io *s, int32_t *data, size_t count, size_t *got,
			struct sp_error *err)
{
	const uint64_t left = s->sound->frames - s->decoded;

	*got = 0;
	if (left < count)
		count = (size_t)left;
	const int r = count ? s->sound->codec->read(s->sound, data, count, got, err) : 0;
	if (!r && count && !*got)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: cut short: ends after sample %" PRIu64 " of %" PRIu64,
			       s->io.name, s->decoded, s->sound->frames);
	s->decoded += *got;
	return r;
}

static int sound_feed(struct sound_io *s, struct sp_error *err)
{
	int32_t data[SOUND_BLOCK * 2];
	size_t got;
	const int r = sound_decode(s, data, SOUND_BLOCK, &got, err);

	for (size_t i = 0; !r && i < got * s->sound->channels; i++)
		s->feed[i] = (float)data[i] / 2147483648.0f;
	s->feed_at = 0;
	s->feed_held = r ? 0 : got;
	return r;
}

/* Up to SOUND_BLOCK frames through the filter; *got 0: it gives no more. */
static int sound_filter(struct sound_io *s, uint8_t *out, size_t count, size_t *got,
			struct sp_error *err)
{
	float made[SOUND_BLOCK * 2];
	int32_t data[SOUND_BLOCK * 2];
	const unsigned channels = s->sound->channels;

	*got = 0;
	for (bool last = false; !*got && !last;) {
		if (s->feed_at == s->feed_held && s->decoded < s->sound->frames) {
			const int r = sound_feed(s, err);
			if (r < 0)
				return r;
		}
		size_t used = s->feed_held - s->feed_at, n = count;
		const bool ended = s->decoded == s->sound->frames;
		if (!sp_resample_run(s->resample, s->feed + s->feed_at * channels, &used, made, &n,
				     ended))
			return sp_fail(err, SP_ERR_FORMAT, "%s: cannot be resampled", s->io.name);
		s->feed_at += used;
		*got = n;
		last = ended && s->feed_at == s->feed_held;
	}
	for (size_t i = 0; i < *got * channels; i++)
		data[i] = sp_sound_fraction(made[i]);
	sound_pack(out, data, *got, channels);
	return 0;
}

/* The window becomes what follows it. */
static int sound_advance(struct sound_io *s, struct sp_error *err)
{
	const uint64_t left = s->frames - s->next;
	const size_t want = left < SOUND_WINDOW ? (size_t)left : SOUND_WINDOW;
	int32_t data[SOUND_BLOCK * 2];
	size_t held = 0, got;

	s->held = 0;
	while (held < want) {
		const size_t ask = want - held < SOUND_BLOCK ? want - held : SOUND_BLOCK;
		uint8_t *out = s->window + held * SOUND_FRAME;
		const int r = s->resample ? sound_filter(s, out, ask, &got, err)
					  : sound_decode(s, data, ask, &got, err);

		if (r < 0)
			return r;
		if (!got && left - held > SOUND_TAIL)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: resampling ends after sample %" PRIu64, s->io.name,
				       s->next + held);
		if (!got) {
			memset(out, 0, (want - held) * SOUND_FRAME);
			got = want - held;
		} else if (!s->resample) {
			sound_pack(out, data, got, s->sound->channels);
		}
		held += got;
	}
	s->first = s->next;
	s->held = held;
	s->next += held;
	return 0;
}

static int sound_move(struct sound_io *s, uint64_t frame, struct sp_error *err)
{
	const bool seeks = s->sound->seeks && !s->resample;
	const uint64_t to = seeks ? frame - frame % SOUND_WINDOW : 0;

	if (!s->lost && frame >= s->next && (!seeks || frame - s->next < SOUND_WINDOW))
		return 0;
	s->feed_at = s->feed_held = 0;
	if (s->resample)
		sp_resample_reset(s->resample);
	/* after a failure from the beginning: some decoders are of no more use */
	int r = s->lost || !to ? s->sound->codec->seek(s->sound, 0, err) : 0;
	if (!r && to)
		r = s->sound->codec->seek(s->sound, to, err);
	s->lost = r < 0;
	s->next = s->decoded = to;
	s->held = 0;
	return r;
}

static int sound_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct sound_io *s = (struct sound_io *)io;
	uint8_t *out = data;

	while (size) {
		const uint64_t frame = at / SOUND_FRAME;

		if (frame < s->first || frame - s->first >= s->held) {
			int r = sound_move(s, frame, err);

			while (!r && (!s->held || frame >= s->first + s->held)) {
				r = sound_advance(s, err);
				s->lost = s->lost || r < 0;
			}
			if (r < 0)
				return r;
		}
		const size_t from = (size_t)(at - s->first * SOUND_FRAME);
		const size_t here = (size_t)s->held * SOUND_FRAME - from;
		const size_t n = size < here ? size : here;
		memcpy(out, s->window + from, n);
		out += n;
		at += n;
		size -= n;
	}
	return 0;
}

static void sound_free(struct sound_io *s)
{
	if (s->sound)
		s->sound->codec->close(s->sound);
	sp_resample_free(s->resample);
	free(s->feed);
	free(s);
}

static void sound_close(struct sp_io *io)
{
	struct sound_io *s = (struct sound_io *)io;

	sp_io_close(s->inner);
	sound_free(s);
}

/* Refused, or converted with a note. */
static int sound_admit(const struct sound_io *s, bool convert, const struct sp_notes *notes,
		       struct sp_error *err)
{
	const struct sp_sound *sound = s->sound;
	const char *plural = sound->channels == 1 ? "" : "s";

	if (sound->rate == SOUND_RATE && sound->bits == SOUND_BITS && sound->channels == 2)
		return 0;
	if (sound->channels > 2)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: %u channels: only mono and stereo become CD audio", s->io.name,
			       sound->channels);
	if (!convert)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: %u Hz, %u bits, %u channel%s: CD audio is 44100 Hz, 16 bits, 2 "
			       "channels; -O resample=yes converts it",
			       s->io.name, sound->rate, sound->bits, sound->channels, plural);
	if (!sp_resample_fits(sound->rate, SOUND_RATE))
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: %u Hz cannot be resampled", s->io.name,
			       sound->rate);
	sp_note(notes,
		"%s: %u Hz, %u bits, %u channel%s: converted to CD audio, which is not bit for bit "
		"what the file holds",
		s->io.name, sound->rate, sound->bits, sound->channels, plural);
	return 0;
}

/* How long the view is, and the filter if there is one. */
static int sound_measure(struct sound_io *s, struct sp_error *err)
{
	const struct sp_sound *sound = s->sound;
	uint64_t bytes;

	s->frames = sound->frames;
	if (sound->rate != SOUND_RATE) {
		if (!sp_mul_ok(sound->frames, SOUND_RATE, &bytes) ||
		    !sp_add_ok(bytes, sound->rate / 2, &bytes))
			return sp_fail(err, SP_ERR_FORMAT, "%s: too long", s->io.name);
		s->frames = bytes / sound->rate;
		s->resample = sp_resample_new(sound->channels, sound->rate, SOUND_RATE);
		s->feed = calloc(SOUND_BLOCK * sound->channels, sizeof(s->feed[0]));
		if (!s->resample || !s->feed)
			return sp_fail_memory(err);
	}
	if (!sp_mul_ok(s->frames, SOUND_FRAME, &bytes) || bytes > INT64_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: too long", s->io.name);
	s->io.size = bytes;
	return 0;
}

/* Where a seek is cheap, the last sample is looked at now: a file cut short is not met halfway. */
static int sound_check_end(struct sound_io *s, struct sp_error *err)
{
	int32_t data[SP_SOUND_CHANNELS];
	struct sp_error why = {0};
	size_t got = 0;

	if (!s->sound->seeks || s->sound->frames < 2)
		return 0;
	s->lost = true;
	int r = s->sound->codec->seek(s->sound, s->sound->frames - 1, &why);
	if (!r)
		r = s->sound->codec->read(s->sound, data, 1, &got, &why);
	if (r < 0 && r != SP_ERR_FORMAT) {
		if (err)
			*err = why;
		return r;
	}
	return got == 1 ? 0
			: sp_fail(err, SP_ERR_FORMAT,
				  "%s: cut short or damaged: its last sample, %" PRIu64
				  ", cannot be decoded",
				  s->io.name, s->sound->frames - 1);
}

static int sound_decoded_view(struct sp_io **io, const struct sp_sound_kind *kind, bool convert,
			      const struct sp_notes *notes, struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = sound_read, .close = sound_close};
	struct sound_io *s = calloc(1, sizeof(*s));

	if (!s)
		return sp_fail_memory(err);
	s->inner = *io;
	s->begin = kind->begin;
	s->io = (struct sp_io){.ops = &ops, .name = s->inner->name};
	const struct sp_sound_file file = {.read = sound_file_read,
					   .user = s,
					   .size = s->inner->size - s->begin,
					   .name = s->inner->name};
	int r = kind->codec->open(&s->sound, &file, err);
	if (!r)
		r = sound_admit(s, convert, notes, err);
	if (!r)
		r = sound_measure(s, err);
	if (!r)
		r = sound_check_end(s, err);
	if (r < 0) {
		sound_free(s);
		return r;
	}
	if (s->sound->lossy)
		sp_note(notes,
			"%s: %s audio is lossy: these samples are one decoder's, and may begin "
			"with "
			"a delay",
			s->io.name, kind->name);
	*io = &s->io;
	return 0;
}

int sp_sound_view(struct sp_io **io, bool convert, bool *big_endian, const struct sp_notes *notes,
		  struct sp_error *err)
{
	struct sp_sound_kind kind;
	struct sp_wave wave;
	struct sp_io *samples;
	int r = sp_sound_kind(&kind, *io, err);

	*big_endian = false;
	if (r < 0)
		return r;
	if (!kind.codec) {
		r = sp_wave_find(*io, &wave, err);
		if (r < 0)
			return r;
		kind.codec = &sp_sound_sndfile;
		if (wave.plain) {
			r = sp_io_slice(&samples, *io, wave.offset, wave.size, err);
			if (r < 0)
				return r;
			*big_endian = wave.big_endian;
			*io = samples;
			return 0;
		}
	}
	return sound_decoded_view(io, &kind, convert, notes, err);
}
