/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One attempt at sectors: what the drive gives, put into the model's order, place and words. */
#include "drive/reader_own.h"

#include "base/bytes.h"
#include "disc/scramble.h"
#include "disc/subchannel.h"

#include <string.h>

/* A sector on its way: main, C2, P-W, one behind the other whatever is asked. */
#define WAY_C2   SP_RAW_SIZE
#define WAY_SUB  (SP_RAW_SIZE + SP_C2_SIZE)
#define WAY_SIZE (SP_RAW_SIZE + SP_C2_SIZE + SP_SUB_SIZE)
#define SAMPLE   4

/* A read that needs more than the sectors asked for: with an offset, or Q that comes late. */
struct way {
	sp_lba from, to;  /* sectors needed */
	sp_lba core, end; /* those of them that lie in one run of tracks' sectors */
	uint8_t *data;    /* (to - from) × WAY_SIZE */
	uint8_t *status;  /* for each: WAY_… */
	uint8_t *raw;     /* blocks of one command */
};
enum way_status { WAY_UNREAD, WAY_READ, WAY_DAMAGED, WAY_PADDED };

/* Beyond what can be read, and the neighbours that are read along: sectors of a command. */
static unsigned read_spare(const struct sp_reader *reader, unsigned parts)
{
	const unsigned samples = (unsigned)(reader->offset < 0 ? -reader->offset : reader->offset);
	const unsigned shift = !(parts & SP_PART_PW)      ? 0
			       : reader->able.q_shift < 0 ? (unsigned)-reader->able.q_shift
							  : (unsigned)reader->able.q_shift;

	return (samples + READER_SAMPLES - 1) / READER_SAMPLES + shift;
}

uint32_t sp_reader_max_count(const struct sp_reader *reader, unsigned parts)
{
	struct reader_block block;
	uint32_t limit = reader->able.max_blocks;

	if (parts == SP_PART_USER) {
		const size_t n = reader->transport->max_transfer / 2048;

		/* whole ECC blocks of DVD */
		return n >= 16 ? (uint32_t)(n < 0x8000 ? n : 0x8000) & ~15u : n ? (uint32_t)n : 1;
	}
	reader_block_plan(&reader->able, parts, &block);
	/* before probing the worst is assumed, so that a count stays good */
	const size_t size = reader->able.probed ? block.size : WAY_SIZE + 2;
	const size_t fit = reader->transport->max_transfer / size;
	if (!limit || fit < limit)
		limit = fit ? (uint32_t)fit : 1;
	const unsigned spare = read_spare(reader, parts);
	return limit > spare + 1 ? limit - spare : 1;
}

static bool read_of_data(const struct sp_read *read, const struct sp_reader *reader,
			 const struct sp_region *region)
{
	unsigned mode = read->mode;

	if (mode >= SP_MODES)
		mode = region                 ? region->mode
		       : reader->disc->tracks ? reader->disc->track[0].mode
					      : SP_MODE_AUDIO;
	return mode != SP_MODE_AUDIO;
}

/* --- the short way: what comes is what is wanted ------------------------------------------- */

/* Blocks of one command, sub-ranges where kinds of sectors meet: a command that is refused for that
 * is cut in halves. *good[i] is set for each sector. */
static void read_pieces(struct sp_reader *reader, struct sp_read *read, unsigned kind, sp_lba lba,
			uint32_t count, const struct reader_block *block, uint8_t *raw,
			uint8_t *status)
{
	uint32_t done = 0, piece = count;

	while (done < count) {
		uint32_t good = 0;
		bool damaged = false;
		const uint32_t n = piece < count - done ? piece : count - done;

		reader_command(reader, read, kind, lba + done, n, block, raw + done * block->size,
			       &good, &damaged);
		const bool mixed = read->outcome == SP_READ_REFUSED && read->asc == 0x64;
		if (mixed && n > 1) {
			piece = (n + 1) / 2;
			continue;
		}
		memset(status + done, WAY_READ, good);
		if (damaged)
			status[done + good - 1] = WAY_DAMAGED;
		if (read->outcome != SP_READ_DONE)
			return;
		done += n;
		piece = count - done;
	}
}

/* --- the long way -------------------------------------------------------------------------- */

static bool read_run_goes_on(const struct sp_region *a, const struct sp_region *b)
{
	return a->stored && b->stored && (a->mode == SP_MODE_AUDIO) == (b->mode == SP_MODE_AUDIO) &&
	       a->lba + (sp_lba)a->count == b->lba;
}

/* Sectors from `core` to `end` around `region` can be asked for in one command. */
static void read_run(const struct sp_disc *disc, const struct sp_region *region, struct way *way)
{
	const struct sp_region *a = region, *b = region;

	while (a > disc->region && read_run_goes_on(a - 1, a))
		a--;
	while (b + 1 < disc->region + disc->regions && read_run_goes_on(b, b + 1))
		b++;
	if (a->lba > way->from)
		way->core = a->lba;
	if (b->lba + (sp_lba)b->count < way->to)
		way->end = b->lba + (sp_lba)b->count;
}

static bool read_beyond(const struct sp_reader *reader, sp_lba lba)
{
	const struct sp_drive_abilities *able = &reader->able;

	if (lba < -(sp_lba)able->lead_in ||
	    lba >= reader_end(reader->disc) + (sp_lba)able->lead_out)
		return true;
	for (unsigned i = 0; i < READER_EDGES && i < reader->edges; i++)
		if (reader->edge[i] == lba)
			return true;
	return false;
}

/* A block into its sector on the way. */
static void read_unpack(const struct sp_reader *reader, const struct reader_block *block,
			const uint8_t *raw, uint8_t *sector)
{
	memcpy(sector, raw, SP_RAW_SIZE);
	if (block->c2)
		memcpy(sector + WAY_C2, raw + block->c2_at, SP_C2_SIZE);
	else
		memset(sector + WAY_C2, 0, SP_C2_SIZE);
	reader_block_sub(&reader->able, block, raw, sector + WAY_SUB);
}

/* One sector that no track has, or of another kind: tried once, remembered when refused. */
static void read_edge(struct sp_reader *reader, struct sp_read *read, unsigned kind,
		      const struct reader_block *block, struct way *way, sp_lba lba)
{
	const size_t i = (size_t)(lba - way->from);
	uint32_t good = 0;

	memset(way->data + i * WAY_SIZE, 0, WAY_SIZE);
	way->status[i] = WAY_PADDED;
	if (read_beyond(reader, lba))
		return;
	reader_command(reader, read, kind == READER_DATA ? READER_DATA : READER_SCRAMBLED, lba, 1,
		       block, way->raw, &good, NULL);
	if (good) {
		read_unpack(reader, block, way->raw, way->data + i * WAY_SIZE);
		way->status[i] = WAY_READ;
	} else if (read->outcome == SP_READ_REFUSED || read->outcome == SP_READ_MEDIUM) {
		reader->edge[reader->edges++ % READER_EDGES] = lba;
	} else {
		way->status[i] = WAY_UNREAD; /* not ready, changed, gone */
		return;
	}
	read->outcome = SP_READ_DONE;
}

/* Whether more can be asked after this. */
static bool read_goes_on(const struct sp_read *read)
{
	return read->outcome == SP_READ_DONE;
}

/* One after the other, whatever becomes of one of them. */
static void read_gather_each(struct sp_reader *reader, struct sp_read *read, unsigned kind,
			     const struct reader_block *block, struct way *way)
{
	for (sp_lba lba = way->from; lba < way->to; lba++) {
		const size_t i = (size_t)(lba - way->from);

		read->outcome = SP_READ_DONE;
		if (lba < way->core || lba >= way->end) {
			read_edge(reader, read, kind, block, way, lba);
		} else {
			read_pieces(reader, read, kind, lba, 1, block, way->raw, way->status + i);
			if (way->status[i] != WAY_UNREAD)
				read_unpack(reader, block, way->raw, way->data + i * WAY_SIZE);
		}
		if (read->outcome != SP_READ_DONE && read->outcome != SP_READ_MEDIUM &&
		    read->outcome != SP_READ_REFUSED)
			return;
	}
	read->outcome = SP_READ_DONE;
}

static void read_gather(struct sp_reader *reader, struct sp_read *read, unsigned kind,
			const struct reader_block *block, struct way *way)
{
	const uint32_t core = (uint32_t)(way->end - way->core);

	if (read->flags & SP_READ_PARTIAL) {
		read_gather_each(reader, read, kind, block, way);
		return;
	}
	read->outcome = SP_READ_DONE;
	for (sp_lba lba = way->from; lba < way->core && read_goes_on(read); lba++)
		read_edge(reader, read, kind, block, way, lba);
	if (!read_goes_on(read))
		return;
	uint8_t *status = way->status + (way->core - way->from);
	read_pieces(reader, read, kind, way->core, core, block, way->raw, status);
	for (uint32_t i = 0; i < core; i++)
		if (status[i] != WAY_UNREAD)
			read_unpack(reader, block, way->raw + i * block->size,
				    way->data + ((size_t)(way->core - way->from) + i) * WAY_SIZE);
	for (sp_lba lba = way->end; lba < way->to && read_goes_on(read); lba++)
		read_edge(reader, read, kind, block, way, lba);
}

/* C2 bits of a sector that begins 4 bits × sample into the way: a bit for each byte, so a sample is
 * half a byte of them. */
static void read_c2(const struct way *way, uint64_t sample, uint8_t c2[SP_C2_SIZE])
{
	memset(c2, 0, SP_C2_SIZE);
	for (unsigned i = 0; i < READER_SAMPLES; i++) {
		const uint64_t s = sample + i;
		const uint8_t *from = way->data + s / READER_SAMPLES * WAY_SIZE + WAY_C2;
		const unsigned at = (unsigned)(s % READER_SAMPLES);
		const uint8_t bits = at & 1 ? from[at / 2] & 15 : from[at / 2] >> 4;

		c2[i / 2] |= i & 1 ? bits : (uint8_t)(bits << 4);
	}
}

/* Sector i of those asked for, out of the way. */
static void read_place(const struct sp_reader *reader, struct sp_read *read, const struct way *way,
		       bool audio, uint32_t i, uint8_t *out)
{
	const sp_lba lba = read->lba + i;
	const int64_t first = (lba - way->from) * READER_SAMPLES + (audio ? reader->offset : 0);
	const size_t a = (size_t)(first / READER_SAMPLES);
	const size_t b = (size_t)((first + READER_SAMPLES - 1) / READER_SAMPLES);
	const size_t skip = (size_t)(first % READER_SAMPLES);
	const size_t sub = (size_t)(lba - way->from + reader->able.q_shift);
	uint16_t *state = &read->state[i];
	size_t at = SP_RAW_SIZE;

	*state = 0;
	if (way->status[a] == WAY_UNREAD || way->status[b] == WAY_UNREAD) {
		*state = SP_STATE_UNREAD;
		if (!(read->flags & SP_READ_PARTIAL))
			return;
		/* zeros where nothing is known */
		for (size_t k = a; k <= b; k++)
			if (way->status[k] == WAY_UNREAD)
				memset(way->data + k * WAY_SIZE, 0, WAY_SIZE);
	}
	if (way->status[a] == WAY_PADDED || way->status[b] == WAY_PADDED)
		*state |= SP_STATE_PADDED;
	if (way->status[a] == WAY_DAMAGED || way->status[b] == WAY_DAMAGED)
		*state |= SP_STATE_EDC;
	if (way->status[a] == WAY_PADDED)
		read->padded += (unsigned)(READER_SAMPLES - skip);
	if (way->status[b] == WAY_PADDED && b != a)
		read->padded += (unsigned)skip;
	memcpy(out, way->data + a * WAY_SIZE + skip * SAMPLE, SP_RAW_SIZE - skip * SAMPLE);
	memcpy(out + SP_RAW_SIZE - skip * SAMPLE, way->data + b * WAY_SIZE, skip * SAMPLE);
	if (read->parts & SP_PART_C2) {
		read_c2(way, (uint64_t)first, out + at);
		at += SP_C2_SIZE;
	}
	if (!(read->parts & SP_PART_PW))
		return;
	if (way->status[sub] != WAY_UNREAD)
		memcpy(out + at, way->data + sub * WAY_SIZE + WAY_SUB, SP_SUB_SIZE);
	else
		memset(out + at, 0, SP_SUB_SIZE);
}

static int64_t read_floor(int64_t samples)
{
	return samples >= 0 ? samples / READER_SAMPLES
			    : -((-samples + READER_SAMPLES - 1) / READER_SAMPLES);
}

static int read_long(struct sp_reader *reader, struct sp_read *read, unsigned kind,
		     const struct reader_block *block, size_t stride, struct sp_error *err)
{
	/* what comes as CD-DA is shifted, also where it is scrambled data */
	const bool audio = kind != READER_DATA;
	const int offset = audio ? reader->offset : 0;
	const int shift = read->parts & SP_PART_PW ? reader->able.q_shift : 0;
	const struct sp_region *region = sp_disc_region(reader->disc, read->lba);
	sp_lba low = read_floor(offset), high = read_floor(offset + READER_SAMPLES - 1);
	struct way way;

	low = shift < low ? shift : low;
	high = shift > high ? shift : high;
	way.from = read->lba + (low < 0 ? low : 0);
	way.to = read->lba + read->count + (high > 0 ? high : 0);
	way.core = way.from;
	way.end = way.to;
	if (region && region->stored) {
		read_run(reader->disc, region, &way);
	} else { /* of what no track has only that which is asked for is sure to be of one kind */
		way.core = read->lba;
		way.end = read->lba + read->count;
	}
	const size_t count = (size_t)(way.to - way.from);
	const int r = reader_room(reader, count * (WAY_SIZE + block->size + 1), err);
	if (r < 0)
		return r;
	way.data = reader->bounce;
	way.raw = way.data + count * WAY_SIZE;
	way.status = way.raw + count * block->size;
	memset(way.status, WAY_UNREAD, count);
	if (way.core > read->lba)
		way.core = read->lba; /* a read that crosses into another kind */
	if (way.end < read->lba + read->count)
		way.end = read->lba + read->count;
	read_gather(reader, read, kind, block, &way);
	for (uint32_t i = 0; i < read->count; i++)
		read_place(reader, read, &way, audio, i, read->data + i * stride);
	return 0;
}

/* The same where blocks come as they are wanted. */
static int read_short(struct sp_reader *reader, struct sp_read *read, unsigned kind,
		      const struct reader_block *block, struct sp_error *err)
{
	const int r = reader_room(reader, read->count, err);

	if (r < 0)
		return r;
	memset(reader->bounce, WAY_UNREAD, read->count);
	read_pieces(reader, read, kind, read->lba, read->count, block, read->data, reader->bounce);
	for (uint32_t i = 0; i < read->count; i++)
		read->state[i] = reader->bounce[i] == WAY_READ      ? 0
				 : reader->bounce[i] == WAY_DAMAGED ? SP_STATE_EDC
								    : SP_STATE_UNREAD;
	return 0;
}

/* --- what came ----------------------------------------------------------------------------- */

static void read_judge_data(struct sp_read *read, uint8_t *sector, sp_lba lba, unsigned mode,
			    uint16_t *state)
{
	struct sp_msf msf, own;
	uint8_t *raw = sector;

	if (read->flags & SP_READ_SCRAMBLED && !memcmp(raw, sp_sector_sync, 12)) {
		/* some drives give data in the clear all the same */
		const bool clear = sp_lba_to_msf(lba, &msf) && raw[12] == sp_to_bcd(msf.m) &&
				   raw[13] == sp_to_bcd(msf.s) && raw[14] == sp_to_bcd(msf.f);
		if (!clear)
			sp_scramble(raw);
	}
	if (memcmp(raw, sp_sector_sync, 12) != 0) {
		*state |= SP_STATE_HEADER;
		return;
	}
	if (sp_lba_to_msf(lba, &own) &&
	    (raw[12] != sp_to_bcd(own.m) || raw[13] != sp_to_bcd(own.s) ||
	     raw[14] != sp_to_bcd(own.f)))
		*state |= SP_STATE_HEADER;
	if (read->flags & SP_READ_CHECK)
		*state |= (uint16_t)sp_sector_verify(sp_sector_protection(mode, raw), raw);
}

static void read_judge_sub(const uint8_t *pw, sp_lba lba, uint16_t *state)
{
	uint8_t q[12];
	sp_lba at;

	sp_sub_get_q(pw, q);
	if (!sp_q_valid(q))
		*state |= SP_STATE_Q;
	else if (sp_q_lba(q, lba, &at) && at != lba)
		*state |= SP_STATE_HEADER;
}

static bool read_zero(const uint8_t *data, size_t size)
{
	return !size || (!data[0] && !memcmp(data, data + 1, size - 1));
}

static void read_judge(const struct sp_reader *reader, struct sp_read *read, bool data,
		       unsigned mode, size_t stride)
{
	const bool sub = read->parts & SP_PART_PW &&
			 (reader->able.sub == SP_SUB_RAW || reader->able.sub == SP_SUB_Q);

	read->good = 0;
	for (uint32_t i = 0; i < read->count; i++) {
		uint8_t *sector = read->data + i * stride;
		uint16_t *state = &read->state[i];

		if (*state & SP_STATE_UNREAD) {
			if (!(read->flags & SP_READ_PARTIAL))
				memset(sector, 0, stride);
			continue;
		}
		read->good++;
		if (data)
			read_judge_data(read, sector, read->lba + i, mode, state);
		if (read->parts & SP_PART_C2 && !read_zero(sector + SP_RAW_SIZE, SP_C2_SIZE))
			*state |= SP_STATE_C2;
		if (sub)
			read_judge_sub(sector + stride - SP_SUB_SIZE, read->lba + i, state);
	}
}

static void read_blocks(struct sp_reader *reader, struct sp_read *read)
{
	struct sp_answer answer;
	const unsigned timeout = read->timeout_ms ? read->timeout_ms : SP_MMC_TIMEOUT;

	sp_mmc_read(reader->transport, read->flags & SP_READ_FLUSH, read->lba, read->count,
		    read->data, timeout, &answer, NULL);
	read->outcome = reader_outcome(&answer);
	read->host = answer.host;
	read->key = answer.sense.key;
	read->asc = answer.sense.asc;
	read->ascq = answer.sense.ascq;
	read->bad = answer.sense.lba;
	read->took_us += answer.took_us;
	read->commands++;
	uint64_t moved = answer.done / 2048;
	if (read->outcome == SP_READ_DONE && moved < read->count)
		read->outcome = SP_READ_MEDIUM;
	else if (read->outcome != SP_READ_DONE)
		moved = read->key == SP_SENSE_MEDIUM && read->bad >= read->lba &&
					(uint64_t)(read->bad - read->lba) <= moved
				? (uint64_t)(read->bad - read->lba)
				: 0;
	for (uint32_t i = 0; i < read->count; i++)
		read->state[i] = i < moved ? 0 : SP_STATE_UNREAD;
}

static int read_check(const struct sp_reader *reader, const struct sp_read *read, bool cd,
		      struct sp_error *err)
{
	const unsigned parts =
		cd ? read->parts & ~(unsigned)(SP_PART_C2 | SP_PART_PW) : read->parts;

	if (!reader->disc)
		return sp_fail(err, SP_ERR_USAGE, "%s: no disc was loaded",
			       reader->transport->name);
	if (!read->count || parts != (cd ? (unsigned)SP_PART_MAIN : (unsigned)SP_PART_USER) ||
	    read->lba < INT32_MIN / 2 || read->lba > UINT32_MAX - 0x10000)
		return sp_fail(err, SP_ERR_USAGE, "%s: %u sectors of parts 0x%02x from LBA %lld",
			       reader->transport->name, (unsigned)read->count, read->parts,
			       (long long)read->lba);
	return 0;
}

static size_t read_stride(const struct sp_read *read, bool cd)
{
	if (!cd)
		return 2048;
	return SP_RAW_SIZE + (read->parts & SP_PART_C2 ? SP_C2_SIZE : 0u) +
	       (read->parts & SP_PART_PW ? SP_SUB_SIZE : 0u);
}

/* What one command may ask for, and what goes with it. */
static int read_piece(struct sp_reader *reader, struct sp_read *read, bool cd, struct sp_error *err)
{
	const struct sp_region *region = sp_disc_region(reader->disc, read->lba);
	const bool data = cd && read_of_data(read, reader, region);
	const unsigned kind = !data                             ? READER_AUDIO
			      : read->flags & SP_READ_SCRAMBLED ? READER_SCRAMBLED
								: READER_DATA;
	const size_t stride = read_stride(read, cd);
	struct reader_block block;
	int r;

	if (!cd) {
		read_blocks(reader, read);
		read_judge(reader, read, false, SP_MODE_DATA2048, stride);
		return 0;
	}
	if (read->flags & SP_READ_FLUSH && reader->able.flush == SP_FLUSH_FUA)
		sp_mmc_flush(reader->transport, read->lba, NULL);
	reader_block_plan(&reader->able, read->parts, &block);
	const bool in_order = block.size == stride && (!block.c2 || block.c2_at == SP_RAW_SIZE) &&
			      (!block.sub || block.sub == SP_SUB_SIZE);
	if (!in_order || (kind != READER_DATA && reader->offset) ||
	    (read->parts & SP_PART_PW && reader->able.q_shift))
		r = read_long(reader, read, kind, &block, stride, err);
	else
		r = read_short(reader, read, kind, &block, err);
	if (!r)
		read_judge(reader, read, data,
			   region && region->mode != SP_MODE_AUDIO ? region->mode
								   : (unsigned)SP_MODE_MODE1,
			   stride);
	return r;
}

int sp_reader_read(struct sp_reader *reader, struct sp_read *read, struct sp_error *err)
{
	const bool cd = reader->disc && reader->disc->medium == SP_MEDIUM_CD;
	int r = read_check(reader, read, cd, err);

	if (!r && !reader->able.probed && cd && (read->parts != SP_PART_MAIN || reader->offset))
		r = sp_reader_probe(reader, err);
	if (r < 0)
		return r;
	read->outcome = SP_READ_DONE;
	read->host = read->good = read->padded = read->commands = 0;
	read->key = read->asc = read->ascq = 0;
	read->bad = SP_LBA_NONE;
	read->took_us = 0;
	const uint32_t most = sp_reader_max_count(reader, read->parts);
	const size_t stride = read_stride(read, cd);
	for (uint32_t i = 0; i < read->count; i++)
		read->state[i] = SP_STATE_UNREAD;
	for (uint32_t done = 0; done < read->count && read->outcome == SP_READ_DONE;) {
		struct sp_read piece = *read;

		piece.lba += done;
		piece.count = read->count - done < most ? read->count - done : most;
		piece.data += done * stride;
		piece.state += done;
		r = read_piece(reader, &piece, cd, err);
		if (r < 0)
			return r;
		done += piece.count;
		piece.good += read->good;
		piece.lba = read->lba;
		piece.count = read->count;
		piece.data = read->data;
		piece.state = read->state;
		*read = piece;
		if (piece.outcome != SP_READ_DONE)
			memset(read->data + done * stride, 0, (read->count - done) * stride);
	}
	return 0;
}

char *sp_reader_reason(const struct sp_read *read, char *text, size_t size)
{
	static const char *const host[] = {
		[SP_HOST_OK] = "read",
		[SP_HOST_TIMEOUT] = "the drive did not answer in time",
		[SP_HOST_RESET] = "the bus or its bridge was reset",
		[SP_HOST_REFUSED] = "the system does not let this user send the command",
		[SP_HOST_TOO_BIG] = "more data than one command may move",
		[SP_HOST_GONE] = "the drive is gone",
	};

	if (read->key)
		return sp_sense_describe(read->key, read->asc, read->ascq, text, size);
	const char *words = read->host < sizeof(host) / sizeof(*host) ? host[read->host] : host[0];
	if (read->host == SP_HOST_OK && read->outcome != SP_READ_DONE)
		words = "the drive gave less than was asked for";
	size_t n = strlen(words);
	if (n >= size)
		n = size - 1;
	memcpy(text, words, n);
	text[n] = '\0';
	return text;
}
