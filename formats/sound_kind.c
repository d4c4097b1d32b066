/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of sound files by their first bytes, whatever they are called. */
#include "formats/sound_kind.h"

#include "base/bytes.h"
#include "codec/mpeg.h"

#include <string.h>

enum {
	KIND_TAGS = 16, /* ID3v2 tags one after another; more is no sound file */
	KIND_HEAD = 16,
};

/* Length of an ID3v2 tag with its header, 0: there is none (ID3v2.4, 3.1). */
static uint64_t kind_tag(const uint8_t head[KIND_HEAD])
{
	if (memcmp(head, "ID3", 3) != 0 || head[3] == 0xff || head[4] == 0xff ||
	    ((head[6] | head[7] | head[8] | head[9]) & 0x80))
		return 0;
	const uint64_t size = (uint64_t)head[6] << 21 | (uint64_t)head[7] << 14 |
			      (uint64_t)head[8] << 7 | head[9];

	return size + (head[5] & 0x10 ? 20 : 10);
}

static int kind_read(struct sp_io *io, uint64_t at, uint8_t head[KIND_HEAD], struct sp_error *err)
{
	const uint64_t left = at < io->size ? io->size - at : 0;

	memset(head, 0, KIND_HEAD);
	return left ? sp_io_read(io, at, head, left < KIND_HEAD ? (size_t)left : KIND_HEAD, err)
		    : 0;
}

/* Two frames of MPEG audio in a row, or one that is all: a single header is found in any data. */
static int kind_mpeg(struct sp_io *io, uint64_t at, const uint8_t head[KIND_HEAD], bool *mpeg,
		     struct sp_error *err)
{
	struct sp_mpeg_frame frame, second;
	uint8_t next[KIND_HEAD];

	*mpeg = false;
	if (!sp_mpeg_frame(head, &frame))
		return 0;
	const uint64_t end = at + frame.size;
	const int r = kind_read(io, end, next, err);
	*mpeg = end >= io->size || (sp_mpeg_frame(next, &second) && second.rate == frame.rate &&
				    second.layer == frame.layer);
	return r;
}

int sp_sound_kind(struct sp_sound_kind *kind, struct sp_io *io, struct sp_error *err)
{
	static const struct {
		unsigned at;
		const char *magic, *name;
		const struct sp_sound_codec *codec;
		bool plain;
	} known[] = {
		{0, "fLaC", "FLAC", &sp_sound_sndfile, false},
		{0, "OggS", "Ogg", &sp_sound_sndfile, false},
		{0, "wvpk", "WavPack", &sp_sound_wavpack, false},
		{8, "WAVE", "WAVE", NULL, true},
		{8, "AIFF", "AIFF", NULL, true},
		{8, "AIFC", "AIFF", NULL, true},
		{0, "MAC ", "Monkey's Audio (APE)", NULL, false},
		{0, "TTA1", "TTA", NULL, false},
		{0, "TTA2", "TTA", NULL, false},
		{0, "OFR ", "OptimFROG", NULL, false},
		{0, "MPCK", "Musepack", NULL, false},
		{0, "MP+", "Musepack", NULL, false},
		{0, "tBaK", "TAK", NULL, false},
		{0, "ajkg", "Shorten", NULL, false},
		{0, "DSD ", "DSD", NULL, false},
		{0, "FRM8", "DSD", NULL, false},
		{0, "caff", "Core Audio", NULL, false},
		{0, "riff\x2e\x91\xcf\x11", "Wave64", NULL, false},
		{0, "RIFX", "big-endian WAVE", NULL, false},
		{0, "MThd", "MIDI", NULL, false},
		{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media", NULL, false},
		{4, "ftyp", "MPEG-4", NULL, false},
	};
	uint8_t head[KIND_HEAD];
	uint64_t tag = 0;
	bool mpeg;

	*kind = (struct sp_sound_kind){0};
	for (unsigned tags = 0; tags < KIND_TAGS; tags++) {
		const int r = kind_read(io, kind->begin += tag, head, err);

		if (r < 0)
			return r;
		if (!(tag = kind_tag(head)) || !sp_range_ok(kind->begin, tag, io->size))
			break;
	}
	const bool riff = !memcmp(head, "RIFF", 4) || !memcmp(head, "RF64", 4);
	const bool form = !memcmp(head, "FORM", 4);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (memcmp(head + known[i].at, known[i].magic, strlen(known[i].magic)) != 0 ||
		    (known[i].plain && (kind->begin || !(*known[i].name == 'W' ? riff : form))))
			continue;
		kind->name = known[i].name;
		kind->codec = known[i].codec;
		if (kind->codec || known[i].plain)
			return 0;
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: %s audio is not decoded: make it FLAC",
			       io->name, kind->name);
	}
	const int r = kind_mpeg(io, kind->begin, head, &mpeg, err);
	if (r < 0)
		return r;
	kind->name = "MPEG";
	kind->codec = &sp_sound_mpeg;
	return mpeg ? 0
		    : sp_fail(err, SP_ERR_FORMAT,
			      "%s: no sound file that is known (WAVE, AIFF, FLAC, WavPack, Ogg, "
			      "MP3)",
			      io->name);
}
