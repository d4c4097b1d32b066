/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data forks of all segments as one io. What is read in order is summed up as it goes by. */
#include "formats/dmg.h"

#include "base/bytes.h"
#include "codec/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FORK_PIECE = 1 << 20 };

struct fork_segment {
	struct sp_io *io;
	uint64_t at, size; /* of the whole fork */
	uint64_t offset;   /* in its own file */
	struct dmg_sum sum;
	struct sp_digest_state *digest; /* NULL: none is checked, or it failed */
	uint64_t fed;                   /* bytes of it that the digest has */
};

struct dmg_fork {
	struct sp_io io;
	struct fork_segment *segment;
	size_t segments;
};

static int fork_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct dmg_fork *fork = (struct dmg_fork *)io;
	uint8_t *out = data;

	for (size_t i = 0; i < fork->segments && size; i++) {
		struct fork_segment *s = &fork->segment[i];

		if (at - s->at >= s->size) /* segments ascend: `at` is never before one */
			continue;
		const uint64_t from = at - s->at;
		const size_t n = s->size - from < size ? (size_t)(s->size - from) : size;
		const int r = sp_io_read(s->io, s->offset + from, out, n, err);
		if (r < 0)
			return r;
		if (s->digest && from <= s->fed && from + n > s->fed) {
			const size_t known = (size_t)(s->fed - from);
			sp_digest_update(s->digest, out + known, n - known);
			s->fed = from + n;
		}
		at += n;
		out += n;
		size -= n;
	}
	return 0;
}

static int fork_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	return sp_io_sibling(((struct dmg_fork *)io)->segment[0].io, name, out, err);
}

static void fork_free(struct dmg_fork *fork)
{
	for (size_t i = 0; i < fork->segments; i++) {
		uint8_t unused[SP_DIGEST_MAX_SIZE];

		sp_digest_final(fork->segment[i].digest, unused);
		sp_io_close(fork->segment[i].io);
	}
	free(fork->segment);
	free(fork);
}

static void fork_close(struct sp_io *io)
{
	fork_free((struct dmg_fork *)io);
}

static int fork_add(struct dmg_fork *fork, struct sp_io *io, const struct dmg_koly *koly,
		    struct sp_error *err)
{
	struct fork_segment *list = sp_grow(fork->segment, fork->segments, sizeof(list[0]));
	uint64_t end;
	unsigned kind;

	if (!list)
		return sp_fail_memory(err);
	fork->segment = list;
	if (!sp_add_ok(fork->io.size, koly->fork_size, &end))
		return sp_fail(err, SP_ERR_FORMAT, "%s: more data than 64 bits count", io->name);
	struct fork_segment *s = &list[fork->segments];
	*s = (struct fork_segment){.at = fork->io.size,
				   .size = koly->fork_size,
				   .offset = koly->fork,
				   .sum = koly->fork_sum};
	if (dmg_sum_digest(&s->sum, &kind) && !(s->digest = sp_digest_new(kind)))
		return sp_fail_memory(err);
	s->io = io;
	fork->segments++;
	fork->io.size = end;
	return 0;
}

/* NAME.dmg → NAME.002.dmgpart */
static char *fork_name(const struct sp_io *first, unsigned number)
{
	const char *slash = strrchr(first->name, '/');
	const char *base = slash ? slash + 1 : first->name, *dot = strrchr(base, '.');
	const size_t stem = dot && dot > base ? (size_t)(dot - base) : strlen(base);

	return sp_format_text("%.*s.%03u.dmgpart", (int)stem, base, number);
}

/* One of the other segments, which has to say that it is. */
static int fork_next(struct dmg_fork *fork, const struct dmg_koly *first, unsigned number,
		     struct sp_error *err)
{
	struct sp_io *io = NULL;
	struct dmg_koly koly;
	char *name = fork_name(fork->segment[0].io, number);
	int r = name ? sp_io_sibling(fork->segment[0].io, name, &io, err) : sp_fail_memory(err);

	free(name);
	if (!r)
		r = dmg_koly_read(&koly, io, err);
	if (!r && memcmp(koly.id, first->id, sizeof(koly.id)) != 0)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: is a segment of another image", io->name);
	else if (!r && (koly.segment != number || koly.segments != first->segments))
		r = sp_fail(err, SP_ERR_FORMAT, "%s: says it is segment %u of %u, not %u of %u",
			    io->name, koly.segment, koly.segments, number, first->segments);
	else if (!r && koly.running != fork->io.size)
		r = sp_fail(err, SP_ERR_FORMAT,
			    "%s: says it begins at byte %llu of the data, those before it end at "
			    "%llu",
			    io->name, (unsigned long long)koly.running,
			    (unsigned long long)fork->io.size);
	if (!r)
		r = fork_add(fork, io, &koly, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

int dmg_fork_open(struct dmg_fork **out, struct sp_io *io, const struct dmg_koly *koly,
		  struct sp_error *err)
{
	static const struct sp_io_ops ops = {
		.read = fork_read, .sibling = fork_sibling, .close = fork_close};
	struct dmg_fork *fork = calloc(1, sizeof(*fork));

	*out = NULL;
	if (!fork)
		return sp_fail_memory(err);
	fork->io = (struct sp_io){.ops = &ops, .name = io->name};
	int r = fork_add(fork, io, koly, err);
	for (unsigned i = 2; !r && i <= koly->segments; i++)
		r = fork_next(fork, koly, i, err);
	if (r < 0) {
		dmg_fork_release(fork);
		fork_free(fork);
	} else {
		*out = fork;
	}
	return r;
}

void dmg_fork_release(struct dmg_fork *fork)
{
	if (fork && fork->segments)
		fork->segment[0].io = NULL;
}

struct sp_io *dmg_fork_io(struct dmg_fork *fork)
{
	return &fork->io;
}

int dmg_fork_prove(struct dmg_fork *fork, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	uint8_t *piece = malloc(FORK_PIECE), found[SP_DIGEST_MAX_SIZE];
	int r = piece ? 0 : sp_fail_memory(err);

	for (size_t i = 0; i < fork->segments && !r; i++) {
		struct fork_segment *s = &fork->segment[i];
		char what[64], name[32];
		unsigned kind;

		if (!dmg_sum_digest(&s->sum, &kind))
			continue;
		if (!s->digest) { /* it was told before */
			s->digest = sp_digest_new(kind);
			s->fed = 0;
		}
		if (!s->digest) {
			r = sp_fail_memory(err);
			break;
		}
		while (s->fed < s->size && !r) { /* fork_read feeds */
			const uint64_t rest = s->size - s->fed;
			r = sp_io_read(&fork->io, s->at + s->fed, piece,
				       rest < FORK_PIECE ? (size_t)rest : FORK_PIECE, err);
		}
		if (r < 0)
			break;
		const size_t size = sp_digest_final(s->digest, found);
		s->digest = NULL;
		if (fork->segments > 1)
			snprintf(what, sizeof(what), "data fork %s of segment %zu",
				 dmg_sum_name(&s->sum, name), i + 1);
		else
			snprintf(what, sizeof(what), "data fork %s", dmg_sum_name(&s->sum, name));
		if (size != s->sum.size)
			r = sp_fail_memory(err);
		else
			dmg_tell(fn, user, what, s->sum.value, found, size);
	}
	free(piece);
	return r;
}
