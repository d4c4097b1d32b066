/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Integers as they lie in files, BCD, and arithmetic that says when it does not fit. */
#ifndef SP_BASE_BYTES_H
#define SP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint64_t get_le64(const uint8_t *p)
{
	return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | (uint32_t)get_be16(p + 2);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | (uint64_t)get_be32(p + 4);
}

static inline void put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, (uint16_t)v);
	put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline void put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32(p + 4, (uint32_t)(v >> 32));
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

/* Two decimal digits in a byte; sp_bcd_valid tells whether a byte is one. */
static inline uint8_t sp_to_bcd(unsigned v)
{
	return (uint8_t)(v / 10 << 4 | v % 10);
}

static inline bool sp_bcd_valid(uint8_t v)
{
	return (v & 15) < 10 && v >> 4 < 10;
}

static inline unsigned sp_from_bcd(uint8_t v)
{
	return (v >> 4) * 10u + (v & 15u);
}

/* true when the result fits and was stored */
static inline bool sp_add_ok(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

static inline bool sp_mul_ok(uint64_t a, uint64_t b, uint64_t *product)
{
	return !__builtin_mul_overflow(a, b, product);
}

/* [at, at + len) lies within [0, size) */
static inline bool sp_range_ok(uint64_t at, uint64_t len, uint64_t size)
{
	return at <= size && len <= size - at;
}

/* The list grows by doubling; NULL: no memory, the list is as it was. `cap` is derived from
 * `count`: a power of two, so there is no third field to keep. */
void *sp_grow(void *list, size_t count, size_t item_size);

/* malloc'd printf; NULL: no memory. */
char *sp_format_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
