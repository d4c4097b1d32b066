/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a UDIF image as macOS writes it: blkx tables in a plist, and the trailer. */
#include "formats/dmg_write.h"

#include "base/bytes.h"
#include "codec/deflate.h"
#include "codec/digest.h"

#include <stdlib.h>
#include <string.h>

enum {
	PRINT_BUFFER = 64 << 10,
	PRINT_LINE = 45, /* bytes of a line of base64: 60 letters */
	PRINT_PLST = 1032,
	PRINT_CRC32 = 2, /* type of a checksum, which has 32 bits */
};

/* Text on its way to the file; the first error stays. */
struct print {
	struct sp_io *io;
	uint64_t at; /* where the buffer goes */
	char *buffer;
	size_t used;
	int status;
	struct sp_error *err;
	struct sp_digest_state *digest; /* of all tables */
	uint8_t line[PRINT_LINE];       /* of base64, as it fills */
	size_t filled;
};

static void print_flush(struct print *p)
{
	if (!p->status && p->used)
		p->status = sp_io_write(p->io, p->at, p->buffer, p->used, p->err);
	p->at += p->used;
	p->used = 0;
}

static void print_bytes(struct print *p, const char *bytes, size_t size)
{
	while (size) {
		const size_t left = PRINT_BUFFER - p->used, n = size < left ? size : left;

		memcpy(p->buffer + p->used, bytes, n);
		p->used += n;
		bytes += n;
		size -= n;
		if (p->used == PRINT_BUFFER)
			print_flush(p);
	}
}

static void print_text(struct print *p, const char *text)
{
	print_bytes(p, text, strlen(text));
}

/* XML 1.0: three letters have names, and control characters cannot be. */
static void print_escaped(struct print *p, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			print_text(p, "&amp;");
		else if (*text == '<')
			print_text(p, "&lt;");
		else if (*text == '>')
			print_text(p, "&gt;");
		else if ((unsigned char)*text >= ' ' && *text != 0x7f)
			print_bytes(p, text, 1);
	}
}

static void print_line(struct print *p)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[PRINT_LINE / 3 * 4];
	size_t n = 0;

	if (!p->filled)
		return;
	for (size_t i = 0; i < p->filled; i += 3) {
		const size_t left = p->filled - i;
		const uint32_t v = (uint32_t)p->line[i] << 16 |
				   (left > 1 ? (uint32_t)p->line[i + 1] << 8 : 0) |
				   (left > 2 ? p->line[i + 2] : 0);
		text[n++] = digit[v >> 18];
		text[n++] = digit[v >> 12 & 63];
		text[n++] = left > 1 ? digit[v >> 6 & 63] : '=';
		text[n++] = left > 2 ? digit[v & 63] : '=';
	}
	print_text(p, "\t\t\t\t");
	print_bytes(p, text, n);
	print_text(p, "\n");
	p->filled = 0;
}

static void print_data(struct print *p, const uint8_t *data, size_t size)
{
	while (size) {
		const size_t left = PRINT_LINE - p->filled, n = size < left ? size : left;

		memcpy(p->line + p->filled, data, n);
		p->filled += n;
		data += n;
		size -= n;
		if (p->filled == PRINT_LINE)
			print_line(p);
	}
}

/* 136 bytes. */
static void print_sum(uint8_t *out, uint32_t crc)
{
	put_be32(out, PRINT_CRC32);
	put_be32(out + 4, 32);
	put_be32(out + 8, crc);
}

static void print_table(struct print *p, const uint8_t *data, size_t size)
{
	sp_digest_update(p->digest, data, size);
	print_data(p, data, size);
}

static void print_run(struct print *p, const struct dmg_run *run)
{
	uint8_t bytes[DMG_RUN] = {0};

	put_be32(bytes, run->type);
	put_be64(bytes + 8, run->sector);
	put_be64(bytes + 16, run->count);
	put_be64(bytes + 24, run->at);
	put_be64(bytes + 32, run->size);
	print_table(p, bytes, sizeof(bytes));
}

static bool print_is_coded(const struct dmg_piece *piece)
{
	for (size_t i = 0; i < piece->runs; i++)
		if (piece->run[i].type & 0x80000000u)
			return true;
	return false;
}

static void print_mish(struct print *p, const struct dmg_plan *plan, size_t i, uint32_t chunk)
{
	const struct dmg_piece *piece = &plan->piece[i];
	const struct dmg_run end = {DMG_END, piece->count, 0, piece->end, 0};
	uint8_t head[DMG_MISH] = {'m', 'i', 's', 'h', 0, 0, 0, 1};

	put_be64(head + 8, piece->first);
	put_be64(head + 16, piece->count);
	/* buffers to read it with, in sectors: a chunk and a little */
	put_be32(head + 32, print_is_coded(piece) ? chunk + 8 : 0);
	put_be32(head + 36, plan->whole ? UINT32_MAX - 1 : (uint32_t)i); /* -2: the device */
	print_sum(head + 64, piece->crc);
	put_be32(head + 200, (uint32_t)piece->runs + 1);
	print_table(p, head, sizeof(head));
	for (size_t k = 0; k < piece->runs; k++)
		print_run(p, &piece->run[k]);
	print_run(p, &end);
}

static void print_key(struct print *p, const char *key, const char *value)
{
	print_text(p, "\t\t\t\t<key>");
	print_text(p, key);
	print_text(p, "</key>\n\t\t\t\t<string>");
	print_escaped(p, value);
	print_text(p, "</string>\n");
}

/* Resource IDs count from -1 where there is a map, from 0 where there is none. */
static void print_blkx(struct print *p, const struct dmg_plan *plan, size_t i, uint32_t chunk)
{
	char id[16], *digit = id + sizeof(id) - 1;
	size_t n = plan->whole ? 0 : i ? i - 1 : 1;

	*digit = '\0';
	do {
		*--digit = (char)('0' + n % 10);
	} while (n /= 10);
	if (!plan->whole && !i)
		*--digit = '-';
	print_text(p, "\t\t\t<dict>\n");
	print_key(p, "Attributes", "0x0050");
	print_key(p, "CFName", plan->piece[i].name);
	print_text(p, "\t\t\t\t<key>Data</key>\n\t\t\t\t<data>\n");
	print_mish(p, plan, i, chunk);
	print_line(p);
	print_text(p, "\t\t\t\t</data>\n");
	print_key(p, "ID", digit);
	print_key(p, "Name", plan->piece[i].name);
	print_text(p, "\t\t\t</dict>\n");
}

static void print_plist(struct print *p, const struct dmg_plan *plan, uint32_t chunk)
{
	uint8_t plst[PRINT_PLST] = {0};

	print_text(p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		      "<plist version=\"1.0\">\n"
		      "<dict>\n"
		      "\t<key>resource-fork</key>\n"
		      "\t<dict>\n"
		      "\t\t<key>blkx</key>\n"
		      "\t\t<array>\n");
	for (size_t i = 0; i < plan->pieces; i++)
		print_blkx(p, plan, i, chunk);
	print_text(p, "\t\t</array>\n"
		      "\t\t<key>plst</key>\n"
		      "\t\t<array>\n"
		      "\t\t\t<dict>\n");
	print_key(p, "Attributes", "0x0050");
	print_text(p, "\t\t\t\t<key>Data</key>\n\t\t\t\t<data>\n");
	put_be32(plst + 516, 0x00010001); /* all that macOS' own ever have */
	print_data(p, plst, sizeof(plst));
	print_line(p);
	print_text(p, "\t\t\t\t</data>\n");
	print_key(p, "ID", "0");
	print_key(p, "Name", "");
	print_text(p, "\t\t\t</dict>\n"
		      "\t\t</array>\n"
		      "\t</dict>\n"
		      "</dict>\n"
		      "</plist>\n");
	print_flush(p);
}

/* Over the blkx's checksums as they are stored. */
static uint32_t print_master(const struct dmg_plan *plan)
{
	uint32_t crc = 0;
	uint8_t sum[4];

	for (size_t i = 0; i < plan->pieces; i++) {
		put_be32(sum, plan->piece[i].crc);
		crc = sp_crc32(crc, sum, sizeof(sum));
	}
	return crc;
}

int dmg_print(struct sp_io *io, const struct dmg_plan *plan, const struct dmg_tail *tail,
	      struct sp_error *err)
{
	struct print p = {.io = io,
			  .at = tail->fork,
			  .buffer = malloc(PRINT_BUFFER),
			  .err = err,
			  .digest = sp_digest_new(3)};
	uint8_t koly[DMG_KOLY] = {'k', 'o', 'l', 'y', 0, 0, 0, 4, 0, 0, 2, 0, 0, 0, 0, 1};
	uint8_t digest[SP_DIGEST_MAX_SIZE] = {0};
	int r = p.buffer && p.digest ? 0 : sp_fail_memory(err);

	if (r < 0)
		goto out;
	print_plist(&p, plan, tail->chunk);
	put_be64(koly + 0x20, tail->fork);
	put_be32(koly + 0x38, 1);
	put_be32(koly + 0x3c, 1);
	print_sum(koly + 0x50, tail->fork_crc);
	put_be64(koly + 0xd8, tail->fork);
	put_be64(koly + 0xe0, p.at - tail->fork);
	print_sum(koly + 0x160, print_master(plan));
	put_be32(koly + 0x1e8, plan->whole ? 2 : 1);
	put_be64(koly + 0x1ec, plan->sectors);
	/* The segments of one image share an ID. Of one that has but one, nothing else is asked
	 * than to be unlike others': made of the content, the same disk gives the same file. */
	sp_digest_update(p.digest, koly, sizeof(koly));
	sp_digest_final(p.digest, digest);
	p.digest = NULL;
	memcpy(koly + 0x40, digest, 16);
	r = p.status;
	if (!r)
		r = sp_io_write(io, p.at, koly, sizeof(koly), err);
out:
	sp_digest_final(p.digest, digest);
	free(p.buffer);
	return r;
}
