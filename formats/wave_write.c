/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RIFF WAVE of CD audio: the 44 bytes every program knows, the samples, then tags. */
#include "formats/audio_write.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a chunk of text: its head, the text with its zero, and one more to an even number. */
static size_t wave_text_size(const struct sp_tag *tag)
{
	return 8 + (strlen(tag->value) + 2) / 2 * 2;
}

/* Only texts: a number alone, which the file's name has as well, is worth no chunk. */
static size_t wave_list_size(const struct sp_tags *tags)
{
	size_t size = 0;
	bool text = false;

	for (size_t i = 0; i < tags->count; i++) {
		if (!tags->tag[i].info)
			continue;
		size += wave_text_size(&tags->tag[i]);
		text = text || strcmp(tags->tag[i].info, "ITRK") != 0;
	}
	return text ? size + 12 : 0;
}

static void wave_fill_list(uint8_t *list, size_t size, const struct sp_tags *tags)
{
	uint8_t *p = list + 12;

	memset(list, 0, size);
	memcpy(list, "LIST", 4);
	put_le32(list + 4, (uint32_t)size - 8);
	memcpy(list + 8, "INFO", 4);
	for (size_t i = 0; i < tags->count; i++) {
		const struct sp_tag *tag = &tags->tag[i];
		const size_t length = strlen(tag->value);

		if (!tag->info)
			continue;
		memcpy(p, tag->info, 4);
		put_le32(p + 4, (uint32_t)length + 1);
		memcpy(p + 8, tag->value, length);
		p += wave_text_size(tag);
	}
}

static void wave_fill_head(uint8_t head[SP_WAVE_HEAD], uint32_t data, uint32_t list)
{
	memcpy(head, "RIFF", 4);
	put_le32(head + 4, SP_WAVE_HEAD - 8 + data + list);
	memcpy(head + 8, "WAVEfmt ", 8);
	put_le32(head + 16, 16);
	put_le16(head + 20, 1); /* PCM */
	put_le16(head + 22, 2);
	put_le32(head + 24, 44100);
	put_le32(head + 28, 44100 * 4);
	put_le16(head + 32, 4);
	put_le16(head + 34, 16);
	memcpy(head + 36, "data", 4);
	put_le32(head + 40, data);
}

int sp_wave_finish(struct sp_io *io, const struct sp_tags *tags, struct sp_error *err)
{
	const uint64_t data = io->size > SP_WAVE_HEAD ? io->size - SP_WAVE_HEAD : 0;
	const size_t size = wave_list_size(tags);
	uint8_t head[SP_WAVE_HEAD];

	if (size > UINT32_MAX - SP_WAVE_HEAD || data > UINT32_MAX - SP_WAVE_HEAD - size)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: %" PRIu64 " bytes of samples; a WAVE file ends at 4 GiB",
			       io->name, data);
	wave_fill_head(head, (uint32_t)data, (uint32_t)size);
	int r = sp_io_write(io, 0, head, sizeof(head), err);
	if (r < 0 || !size)
		return r;
	uint8_t *list = malloc(size);
	if (!list)
		return sp_fail_memory(err);
	wave_fill_list(list, size, tags);
	r = sp_io_write(io, SP_WAVE_HEAD + data, list, size, err);
	free(list);
	return r;
}
