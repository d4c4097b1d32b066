/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZVN: instructions of one to three bytes, each a few literals and a match within 64 KiB. */
#include "codec/lzfse.h"

#include "base/bytes.h"
#include "codec/lzfse_block.h"

#include <spindle/error.h>

/* What the first byte says is meant, and how many bytes an instruction has before its literals. */
enum lzvn_kind {
	NEAR,     /* LLMMMDDD DDDDDDDD: L literals, M + 3 from D before */
	MIDDLE,   /* 101LLMMM DDDDDDMM DDDDDDDD, the high bits of D last and those of M first */
	FAR,      /* LLMMM111 and 16 bits of D */
	AGAIN,    /* LLMMM110, D as before */
	LITERALS, /* 1110LLLL; of 0 a byte follows, + 16 */
	MATCH,    /* 1111MMMM, D as before; of 0 a byte follows, + 16 */
	NOTHING,
	MARK, /* 06 and seven bytes that mean nothing */
	UNKNOWN
};

static enum lzvn_kind lzvn_kind(uint8_t code)
{
	switch (code >> 4) {
	case 0xa:
	case 0xb:
		return MIDDLE;
	case 0xe:
		return LITERALS;
	case 0xf:
		return MATCH;
	case 0x7:
	case 0xd:
		return UNKNOWN;
	default:
		break;
	}
	if ((code & 7) == 7)
		return FAR;
	if ((code & 7) != 6)
		return NEAR;
	if (code >= 0x40)
		return AGAIN;
	return code == 0x06 ? MARK : code == 0x0e || code == 0x16 ? NOTHING : UNKNOWN;
}

enum lz_result lzvn_run(const uint8_t **in, const uint8_t *end, size_t *distance,
			struct lz_out *out)
{
	const uint8_t *p = *in;
	size_t d = *distance;
	enum lz_result result = LZ_ROOM;

	while (lz_room(out) >= out->margin) {
		const size_t left = (size_t)(end - p);
		size_t literals = 0, match = 0, size = 1;
		const bool fast =
			left >= LZVN_LONGEST + LZ_SLACK && lz_room(out) >= LZVN_MOST + LZ_SLACK;
		size_t to = d;

		result = LZ_INPUT;
		if (!left)
			break;
		switch (lzvn_kind(*p)) {
		case NEAR:
			size = 2;
			if (left < size)
				goto out;
			literals = *p >> 6;
			match = (*p >> 3 & 7u) + 3;
			to = get_be16(p) & 0x7ffu;
			break;
		case MIDDLE:
			size = 3;
			if (left < size)
				goto out;
			literals = *p >> 3 & 3u;
			match = ((*p & 7u) << 2 | (p[1] & 3u)) + 3;
			to = get_le16(p + 1) >> 2;
			break;
		case FAR:
			size = 3;
			if (left < size)
				goto out;
			literals = *p >> 6;
			match = (*p >> 3 & 7u) + 3;
			to = get_le16(p + 1);
			break;
		case AGAIN:
			literals = *p >> 6;
			match = (*p >> 3 & 7u) + 3;
			break;
		case LITERALS:
			literals = *p & 15u;
			if (!literals) {
				size = 2;
				if (left < size)
					goto out;
				literals = p[1] + 16u;
			}
			break;
		case MATCH:
			match = *p & 15u;
			if (!match) {
				size = 2;
				if (left < size)
					goto out;
				match = p[1] + 16u;
			}
			break;
		case NOTHING:
			break;
		case MARK:
			p++;
			result = LZ_END;
			goto out;
		case UNKNOWN:
			result = LZ_BAD;
			goto out;
		}
		if (left - size < literals)
			break;
		result = LZ_BAD;
		if (match && to - 1 >= (size_t)(out->at - out->begin) + literals)
			break; /* also of none before */
		result = LZ_LONG;
		if (fast) {
			lz_copy_literals(out->at, p + size, literals);
			out->at += literals;
			if (match)
				lz_copy_match(out->at, to, match);
			out->at += match;
		} else if (!lz_put_literals(out, p + size, literals) ||
			   !lz_put_match(out, to, match)) {
			break;
		}
		d = to;
		p += size + literals;
		result = LZ_ROOM;
	}
out:
	*in = p;
	*distance = d;
	return result;
}

int sp_lzvn_decode(const uint8_t *in, size_t in_size, uint8_t *to, size_t out_size, size_t *done)
{
	const uint8_t *const end = in + in_size;
	struct lz_out out = {to, to, to + out_size, 0};
	size_t distance = 0;
	const enum lz_result r = lzvn_run(&in, end, &distance, &out);

	*done = (size_t)(out.at - out.begin);
	return (r == LZ_END || (r == LZ_INPUT && in == end)) && *done == out_size ? 0
										  : SP_ERR_FORMAT;
}
