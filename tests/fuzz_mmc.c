/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a drive may answer: its tables one by one, and whole conversations with a drive that answers
 * anything. The first byte says which. */
#include "drive/reader.h"
#include "drive/recorder.h"
#include "drive/sense.h"
#include "drive/toc.h"
#include "tests/layouts.h"

#include <spindle/burn.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".mmc";

/* --- tables -------------------------------------------------------------------------------- */

static void fuzz_disc(const struct sp_toc *toc)
{
	unsigned mode[SP_TRACK_MAX];
	struct sp_error err = {0};

	for (unsigned i = 0; i < SP_TRACK_MAX; i++)
		mode[i] = i % 3 ? SP_MODE_AUDIO : SP_MODE_XA;
	struct sp_disc *disc = sp_toc_disc(toc, mode);
	if (!disc || sp_disc_check(disc, &err))
		abort();
	sp_disc_free(disc);
}

static void fuzz_toc(const uint8_t *data, size_t size, bool full)
{
	struct sp_error err = {0};
	struct sp_toc toc, joined;
	const int r = full ? sp_toc_full(&toc, data, size, NULL, &err)
			   : sp_toc_tracks(&toc, data, size, &err);

	if (r < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	fuzz_disc(&toc);
	if (!sp_toc_join(&joined, full ? NULL : &toc, full ? &toc : NULL, "fuzz", NULL, &err))
		fuzz_disc(&joined);
}

/* Both tables of one disc, the plain one first; a byte says where the other begins. */
static void fuzz_both(const uint8_t *data, size_t size)
{
	struct sp_toc plain, full, joined;
	const size_t at = size && data[0] < size ? data[0] : 0;

	if (sp_toc_tracks(&plain, data + 1 - !size, at ? at - 1 : 0, NULL) < 0 ||
	    sp_toc_full(&full, data + at, size - at, &plain, NULL) < 0)
		return;
	if (!sp_toc_join(&joined, &plain, &full, "fuzz", NULL, NULL))
		fuzz_disc(&joined);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
	const uint8_t *packs;
	const size_t n = sp_toc_text(data, size, &packs);

	if (n % 18 || (n && (packs < data || n > size - (size_t)(packs - data))))
		abort();
}

static void fuzz_structures(const uint8_t *data, size_t size)
{
	struct sp_physical p;
	struct sp_sense sense;
	char text[96];

	if (sp_pfi_decode(data, size, &p) && p.sectors > 1u << 25)
		abort();
	if (sp_di_decode(data, size, &p) && p.sectors > 1u << 28)
		abort();
	sp_sense_decode(data, size, &sense);
	sp_sense_describe(sense.key, sense.asc, sense.ascq, text, sizeof(text));
}

/* --- conversations ------------------------------------------------------------------------- */

/* Each command takes a head: what becomes of it (0: good), a length of two bytes, as much of data
 * that is repeated over what was asked for. At the end the drive is gone. */
struct talk {
	struct sp_transport transport;
	const uint8_t *at, *end;
};

static int talk_execute(struct sp_transport *transport, struct sp_command *c, struct sp_error *err)
{
	struct talk *t = (struct talk *)transport;
	uint8_t *to = c->data;

	(void)err;
	if (t->end - t->at < 3) {
		c->host = SP_HOST_GONE;
		return 0;
	}
	const uint8_t what = t->at[0];
	size_t n = (size_t)t->at[1] << 8 | t->at[2];
	t->at += 3;
	if (n > (size_t)(t->end - t->at))
		n = (size_t)(t->end - t->at);
	if (what & 0x80) {
		c->status = SP_SCSI_CHECK_CONDITION;
		c->sense_size = n < SP_SENSE_SIZE ? n : SP_SENSE_SIZE;
		memcpy(c->sense, t->at, c->sense_size);
		if (what & 0x40)
			c->done = c->size / 2;
	} else if (what & 0x40) {
		c->host = what & 7;
	} else if (c->direction == SP_DATA_IN) {
		c->done = what & 0x20 && n < c->size ? n : c->size;
		for (size_t i = 0; i < c->done; i++)
			to[i] = n ? t->at[i % n] : 0;
	}
	t->at += n;
	return 0;
}

static void talk_wait(struct sp_transport *transport, unsigned ms)
{
	(void)transport;
	(void)ms;
}

static void talk_close(struct sp_transport *transport)
{
	(void)transport;
}

static void fuzz_read(struct sp_reader *reader)
{
	static const unsigned parts[] = {SP_PART_MAIN, SP_PART_MAIN | SP_PART_C2 | SP_PART_PW};
	const struct sp_disc *disc = sp_reader_disc(reader);
	const bool cd = disc->medium == SP_MEDIUM_CD;
	const uint32_t count = 3;
	uint8_t *data = malloc((size_t)count * 2742);
	uint16_t state[3];

	if (!data)
		abort();
	sp_reader_set_offset(reader, -600, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct sp_read read = {.lba = disc->track[0].start,
				       .count = count,
				       .parts = cd ? parts[i] : SP_PART_USER,
				       .mode = SP_MODES,
				       .flags = SP_READ_CHECK,
				       .data = data,
				       .state = state};
		uint32_t good = 0;

		if (sp_reader_read(reader, &read, NULL) < 0)
			continue;
		for (uint32_t k = 0; k < count; k++)
			good += !(state[k] & SP_STATE_UNREAD);
		if (good != read.good)
			abort();
	}
	free(data);
}

static void fuzz_talk(const uint8_t *data, size_t size)
{
	static const struct sp_transport_ops ops = {
		.execute = talk_execute, .wait = talk_wait, .close = talk_close};
	struct talk talk = {{&ops, "fuzz", 65536, false}, data, data + size};
	struct sp_error err = {0};
	struct sp_reader *reader;
	char code[14];

	if (sp_reader_open(&reader, &talk.transport, NULL, &err) < 0)
		return;
	const int r = sp_reader_load(reader, &err);
	if (r < 0 && !err.text[0])
		abort();
	if (!r && sp_disc_check(sp_reader_disc(reader), &err))
		abort();
	if (!r && !sp_reader_probe(reader, &err)) {
		sp_reader_set_recovery(reader, 3, true, &err);
		fuzz_read(reader);
		if (!sp_reader_survey(reader, &err) && sp_disc_check(sp_reader_disc(reader), &err))
			abort();
		sp_reader_code(reader, 1, code, &err);
	}
	sp_reader_close(reader);
}

/* The same while a disc is recorded, made blank or formatted: by the second byte. */
static void fuzz_record(const uint8_t *data, size_t size)
{
	static const struct sp_transport_ops ops = {
		.execute = talk_execute, .wait = talk_wait, .close = talk_close};
	struct talk talk = {{&ops, "fuzz", 65536, true}, data + 1, data + size};
	const unsigned what = data[0] & 7;
	struct sp_error err = {0};
	struct sp_source *src;
	struct sp_sink *sink;
	int r;

	if (what < 4) {
		r = what < 2 ? sp_recorder_blank(&talk.transport, what & 1, NULL, &err)
			     : sp_recorder_format(&talk.transport, what & 1, NULL, &err);
		if (r < 0 && !err.text[0])
			abort();
		return;
	}
	const struct sp_burn burn = {.drive = "fuzz", .mode = what & 1 ? SP_BURN_RAW : SP_BURN_SAO};
	src = layout_source(layout_named(what & 2 ? "cd-text" : "mixed"), 1);
	r = sp_recorder_open(&sink, &talk.transport, src->disc, &burn, &err);
	if (!r) {
		struct sp_copy copy = {.source = src, .sink = sink};

		r = sp_copy(&copy, &err);
		sp_sink_close(sink);
	}
	if (r < 0 && !err.text[0])
		abort();
	sp_source_close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0]) {
	case 'p':
		fuzz_toc(data + 1, size - 1, false);
		break;
	case 'f':
		fuzz_toc(data + 1, size - 1, true);
		break;
	case 'b':
		fuzz_both(data + 1, size - 1);
		break;
	case 't':
		fuzz_text(data + 1, size - 1);
		break;
	case 's':
		fuzz_structures(data + 1, size - 1);
		break;
	case 'w':
		if (size > 1)
			fuzz_record(data + 1, size - 1);
		break;
	default:
		fuzz_talk(data + 1, size - 1);
	}
	return 0;
}
