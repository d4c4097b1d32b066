/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a work store is printed. */
#include "stream/store_text.h"

#include "codec/deflate.h"
#include "stream/store_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct print_text {
	char *data;
	size_t size, room;
	bool failed;
};

static void print_bytes(struct print_text *out, const char *bytes, size_t size)
{
	if (out->failed)
		return;
	if (out->room - out->size < size) {
		const size_t room = 2 * out->room + size;
		char *data = realloc(out->data, room);

		out->failed = !data;
		if (!data)
			return;
		out->data = data;
		out->room = room;
	}
	memcpy(out->data + out->size, bytes, size);
	out->size += size;
}

static void print_line(struct print_text *out, const char *fmt, ...) SP_PRINTF(2, 3);

/* A piece of a line; no more than 255 bytes at a time. */
static void print_line(struct print_text *out, const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	const int n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		out->failed = true;
	else
		print_bytes(out, line, (size_t)n);
}

/* The rest of a line: backslashes, control bytes and the spaces that a reader would take off. */
static void print_rest(struct print_text *out, const char *text)
{
	const size_t size = strlen(text);

	for (size_t i = 0; i < size; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f || c == '\\' || (c == ' ' && (!i || i == size - 1)))
			print_line(out, "\\x%02X", c);
		else
			print_bytes(out, text + i, 1);
	}
	print_bytes(out, "\n", 1);
}

static void print_hex(struct print_text *out, const char *what, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at += SP_STORE_HEX_LINE) {
		const size_t end = size - at < SP_STORE_HEX_LINE ? size : at + SP_STORE_HEX_LINE;

		print_line(out, "%s ", what);
		for (size_t i = at; i < end; i++)
			print_line(out, "%02x", data[i]);
		print_bytes(out, "\n", 1);
	}
}

static void print_track(struct print_text *out, const struct sp_track *t)
{
	print_line(out,
		   "track %u session %u control %u mode %s start %" PRId64 " length %" PRIu64
		   " isrc %s index",
		   t->number, t->session, t->control, sp_store_modes[t->mode], t->start, t->length,
		   t->isrc[0] ? t->isrc : "-");
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++)
		if (i != 1 && t->index[i] != SP_LBA_NONE)
			print_line(out, " %u:%" PRId64, i, t->index[i]);
	print_bytes(out, "\n", 1);
}

static bool print_is_later(const struct sp_text *text)
{
	return text->block || text->type == SP_TEXT_CLOSED;
}

/* Has the disc what a program that knows version 1 alone would not read? */
static bool print_is_version_2(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->texts; i++)
		if (print_is_later(&disc->text[i]))
			return true;
	for (unsigned i = 0; i < SP_TEXT_BLOCKS; i++)
		if (disc->block[i].language || disc->block[i].charset || disc->block[i].genre)
			return true;
	return false;
}

static void print_texts(struct print_text *out, const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];

		if (print_is_later(text))
			print_line(out, "block-text %u %u %u ", text->block, text->track,
				   text->type);
		else
			print_line(out, "text %u %u ", text->track, text->type);
		print_rest(out, text->text);
	}
	for (unsigned i = 0; i < SP_TEXT_BLOCKS; i++) {
		const struct sp_text_block *block = &disc->block[i];

		if (block->language || block->charset || block->genre)
			print_line(out, "block %u language %u charset %u genre %u\n", i,
				   block->language, block->charset, block->genre);
	}
}

static void print_disc(struct print_text *out, const struct sp_disc *disc)
{
	print_line(out, "medium %s\nprofile %u\n", sp_store_media[disc->medium], disc->profile);
	if (disc->layer_break != SP_LBA_NONE)
		print_line(out, "layer-break %" PRId64 "\n", disc->layer_break);
	if (disc->mcn[0])
		print_line(out, "mcn %s\n", disc->mcn);
	for (size_t i = 0; i < disc->sessions; i++)
		print_line(out, "session %u type %u lead-out %" PRId64 "\n",
			   disc->session[i].number, disc->session[i].type,
			   disc->session[i].lead_out);
	for (size_t i = 0; i < disc->tracks; i++)
		print_track(out, &disc->track[i]);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		print_line(out,
			   "region %" PRId64 " %" PRIu64 " session %u track %u kind %s mode %s"
			   " parts %u %s\n",
			   r->lba, r->count, r->session, r->track, sp_store_kinds[r->kind],
			   sp_store_modes[r->mode], r->parts, r->stored ? "stored" : "-");
	}
	print_texts(out, disc);
	print_hex(out, "cdtext", disc->cdtext, disc->cdtext_size);
	print_hex(out, "full-toc", disc->full_toc, disc->full_toc_size);
	if (disc->pfi)
		print_hex(out, "pfi", disc->pfi, SP_STORE_STRUCTURE);
	if (disc->dmi)
		print_hex(out, "dmi", disc->dmi, SP_STORE_STRUCTURE);
}

static void print_recorder(struct print_text *out, const char *lines)
{
	while (lines && *lines) {
		const size_t size = strcspn(lines, "\n");
		char *line = strndup(lines, size);

		print_line(out, "recorder ");
		out->failed |= !line;
		if (line)
			print_rest(out, line);
		free(line);
		lines += size + (lines[size] == '\n');
	}
}

int sp_store_print(const struct sp_store_text *store, char **text, size_t *size,
		   struct sp_error *err)
{
	struct print_text out = {0};

	print_line(&out, SP_STORE_MAGIC "%c\nstem %s\nidentity ",
		   store->recorder                   ? '3'
		   : print_is_version_2(store->disc) ? '2'
						     : '1',
		   store->stem);
	print_rest(&out, store->identity);
	print_line(&out, "records %" PRId64 " %u %s\n", store->origin, store->stride,
		   store->sub ? "sub" : "-");
	print_disc(&out, store->disc);
	print_recorder(&out, store->recorder);
	const size_t before = out.size;
	print_line(&out, "end %zu %08" PRIx32 "\n", before, sp_crc32(0, out.data, before));
	if (out.failed) {
		free(out.data);
		return sp_fail_memory(err);
	}
	*text = out.data;
	*size = out.size;
	return 0;
}
