/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of blocks that are encrypted each by itself, as an io of what they hold. The caller's
 * thread reads; it and a worker per further core decrypt a share each, in place. */
#include "io/crypt.h"

#include "base/bytes.h"
#include "base/pool.h"
#include "io/fd.h"

#include <stdlib.h>
#include <string.h>

enum {
	CRYPT_THREADS = 16,
	CRYPT_SHARE = 65536, /* bytes that are worth a thread */
};

/* What one thread has of its own. */
struct crypt_lane {
	struct sp_job job;
	struct sp_cipher *cipher;
	struct sp_hmac *hmac;
	const struct sp_crypt *crypt;
	uint64_t first;
	uint8_t *data;
	size_t size;
	bool failed;
};

struct sp_crypt {
	unsigned kind;
	uint8_t key[SP_CIPHER_KEY_MAX], hmac_key[SP_HMAC_SIZE];
	uint32_t block;
	struct sp_pool *pool; /* NULL: not needed yet, or not to be had */
	bool pooled;
	unsigned lanes; /* that are made */
	struct crypt_lane lane[CRYPT_THREADS];
};

/* Blocks from number `first` on; the last one may be shorter. */
static void crypt_run(void *arg)
{
	struct crypt_lane *lane = arg;
	const size_t block = lane->crypt->block;
	uint64_t number = lane->first;

	for (size_t at = 0; at < lane->size; at += block, number++) {
		const size_t size = lane->size - at < block ? lane->size - at : block;
		uint8_t text[4], iv[SP_HMAC_SIZE];

		put_be32(text, (uint32_t)number); /* of 2^32 and more, as others read them */
		if (!sp_hmac_sum(lane->hmac, text, sizeof(text), iv) ||
		    !sp_cipher_decrypt(lane->cipher, iv, lane->data + at, lane->data + at, size))
			lane->failed = true;
	}
}

/* One more lane; false: there is none to be had. */
static bool crypt_lane_new(struct sp_crypt *crypt)
{
	struct crypt_lane *lane = &crypt->lane[crypt->lanes];

	*lane = (struct crypt_lane){
		.cipher = sp_cipher_new(crypt->kind, crypt->key),
		.hmac = sp_hmac_new(crypt->hmac_key, SP_HMAC_SIZE),
		.crypt = crypt,
	};
	lane->job = (struct sp_job){.run = crypt_run, .arg = lane};
	if (lane->cipher && lane->hmac) {
		crypt->lanes++;
		return true;
	}
	sp_cipher_free(lane->cipher);
	sp_hmac_free(lane->hmac);
	return false;
}

int sp_crypt_new(struct sp_crypt **out, unsigned kind, const uint8_t *key,
		 const uint8_t hmac_key[SP_HMAC_SIZE], uint32_t block, struct sp_error *err)
{
	struct sp_crypt *crypt = calloc(1, sizeof(*crypt));

	*out = NULL;
	if (!crypt)
		return sp_fail_memory(err);
	crypt->kind = kind;
	crypt->block = block;
	memcpy(crypt->key, key, sp_cipher_key_size(kind));
	memcpy(crypt->hmac_key, hmac_key, SP_HMAC_SIZE);
	if (!crypt_lane_new(crypt)) {
		sp_crypt_free(crypt);
		return sp_fail_memory(err);
	}
	*out = crypt;
	return 0;
}

void sp_crypt_free(struct sp_crypt *crypt)
{
	if (!crypt)
		return;
	sp_pool_free(crypt->pool);
	for (unsigned i = 0; i < crypt->lanes; i++) {
		sp_cipher_free(crypt->lane[i].cipher);
		sp_hmac_free(crypt->lane[i].hmac);
	}
	sp_wipe(crypt, sizeof(*crypt));
	free(crypt);
}

uint32_t sp_crypt_block(const struct sp_crypt *crypt)
{
	return crypt->block;
}

/* How many threads `size` bytes are worth; makes what they need. */
static unsigned crypt_threads(struct sp_crypt *crypt, size_t size)
{
	unsigned wanted = sp_pool_size(0);

	if (wanted > CRYPT_THREADS)
		wanted = CRYPT_THREADS;
	if (wanted > size / CRYPT_SHARE)
		wanted = (unsigned)(size / CRYPT_SHARE);
	if (wanted < 2)
		return 1;
	if (!crypt->pooled) {
		crypt->pooled = true;
		crypt->pool = sp_pool_new(sp_pool_size(0) - 1);
	}
	if (!crypt->pool)
		return 1;
	while (crypt->lanes < wanted && crypt_lane_new(crypt))
		continue;
	return wanted < crypt->lanes ? wanted : crypt->lanes;
}

/* Decrypt in place; false: the library failed. */
static bool crypt_decrypt(struct sp_crypt *crypt, uint64_t first, uint8_t *data, size_t size)
{
	const unsigned threads = crypt_threads(crypt, size);
	const size_t blocks = (size + crypt->block - 1) / crypt->block;
	bool failed = false;
	size_t at = 0;

	for (unsigned i = threads; i--;) { /* the caller's own share comes last, and is number 0 */
		struct crypt_lane *lane = &crypt->lane[i];
		const size_t share = (blocks / threads + (i < blocks % threads)) * crypt->block;

		lane->first = first + at / crypt->block;
		lane->data = data + at;
		lane->size = share < size - at ? share : size - at;
		lane->failed = false;
		at += lane->size;
		if (i)
			sp_pool_submit(crypt->pool, &lane->job);
		else
			crypt_run(lane);
	}
	for (unsigned i = 0; i < threads; i++) {
		if (i)
			sp_pool_wait(crypt->pool, &crypt->lane[i].job);
		failed = failed || crypt->lane[i].failed;
	}
	return !failed;
}

struct crypt_io {
	struct sp_io io;
	struct sp_io *inner;
	struct sp_crypt *crypt;
	bool own;
	uint64_t first, at,
		stored;  /* of the data in inner, without what is beyond the last block */
	uint64_t number; /* of the block in `bytes`, counted from 0 */
	bool filled;
	uint8_t bytes[]; /* a block, for reads that begin or end within one */
};

static int crypt_fetch(struct crypt_io *c, uint64_t number, uint8_t *data, size_t size,
		       struct sp_error *err)
{
	const uint64_t at = number * c->crypt->block;
	const int r = sp_io_read(c->inner, c->at + at, data, size, err);

	if (r < 0)
		return r;
	return crypt_decrypt(c->crypt, c->first + number, data, size)
		       ? 0
		       : sp_fail(err, SP_ERR_IO,
				 "%s: cannot be decrypted at byte %llu: the system's OpenSSL fails",
				 c->io.name, (unsigned long long)at);
}

/* A part of one block. */
static int crypt_part(struct crypt_io *c, uint64_t at, uint8_t *data, size_t size,
		      struct sp_error *err)
{
	const uint32_t block = c->crypt->block;
	const uint64_t number = at / block;

	if (!c->filled || c->number != number) {
		const uint64_t left = c->stored - number * block;
		c->filled = false;
		const int r =
			crypt_fetch(c, number, c->bytes, left < block ? (size_t)left : block, err);
		if (r < 0)
			return r;
		c->number = number;
		c->filled = true;
	}
	memcpy(data, c->bytes + at % block, size);
	return 0;
}

static int crypt_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct crypt_io *c = (struct crypt_io *)io;
	const uint32_t block = c->crypt->block;
	uint8_t *to = data;
	int r = 0;

	for (size_t n; size && !r; at += n, to += n, size -= n) {
		const size_t within = (size_t)(at % block);

		if (!within && size >= block) {
			n = size - size % block;
			r = crypt_fetch(c, at / block, to, n, err);
		} else {
			n = size < block - within ? size : block - within;
			r = crypt_part(c, at, to, n, err);
		}
	}
	return r;
}

static void crypt_close(struct sp_io *io)
{
	struct crypt_io *c = (struct crypt_io *)io;

	sp_io_close(c->inner);
	sp_wipe(c->bytes, c->crypt->block);
	if (c->own)
		sp_crypt_free(c->crypt);
	free(c);
}

int sp_io_crypt(struct sp_io **out, struct sp_io *io, struct sp_crypt *crypt, bool own,
		uint64_t first, uint64_t at, uint64_t size, struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = crypt_read, .close = crypt_close};
	const uint32_t block = crypt->block;
	const uint64_t there = at <= io->size ? io->size - at : 0;
	/* the last block whole where that is there, else as many of its cipher's blocks as are */
	const uint64_t whole = size - size % block;
	uint64_t stored = there < whole ? there : there - whole < block ? there : whole + block;

	*out = NULL;
	stored -= stored % SP_CIPHER_BLOCK_MAX;
	if (size > stored)
		return sp_fail_short(io->name, io->size, at, size, err);
	struct crypt_io *c = calloc(1, sizeof(*c) + block);
	if (!c)
		return sp_fail_memory(err);
	c->io = (struct sp_io){.ops = &ops, .name = io->name, .size = size};
	c->inner = io;
	c->crypt = crypt;
	c->own = own;
	c->first = first;
	c->at = at;
	c->stored = stored;
	*out = &c->io;
	return 0;
}
