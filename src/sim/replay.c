/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recorded trace, sent again. */
#include "sim/replay.h"

#include "sim/sim_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLAY_DATA_MAX = 64 << 20, REPLAY_TEXT = 400 };

/* A line of a trace. */
struct replay_line {
	uint64_t clock, took;
	struct sp_command command; /* as it was sent */
	size_t sent;               /* bytes of its data that are in the trace */
	size_t done;               /* the answer */
	unsigned host;
	uint8_t status, sense[SP_SENSE_SIZE];
	size_t sense_size;
};

struct replay {
	struct sim_script s;
	struct replay_line line;
	uint8_t *data; /* room for what a command moves */
	size_t room;
	uint64_t number;
};

static bool replay_byte(const struct sp_word *word, uint8_t *value)
{
	unsigned v = 0;

	for (size_t i = 0; i < word->size; i++) {
		const char c = word->at[i];
		const int digit = c >= '0' && c <= '9'   ? c - '0'
				  : c >= 'a' && c <= 'f' ? c - 'a' + 10
							 : -1;

		if (digit < 0 || word->size != 2)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	*value = (uint8_t)v;
	return word->size == 2;
}

/* Bytes until a word that is none, or the line's end (*word is empty then). */
static size_t replay_bytes(struct replay *r, uint8_t *bytes, size_t most, struct sp_word *word)
{
	size_t n = 0;

	while (sp_text_word(&r->s.cursor, word)) {
		if (n == most || !replay_byte(word, &bytes[n]))
			return n;
		n++;
	}
	*word = (struct sp_word){.at = r->s.cursor.eol};
	return n;
}

/* "DONE/SIZE" */
static int replay_sizes(struct replay *r)
{
	struct sp_command *c = &r->line.command;
	struct sp_word word;
	int64_t done, size;
	int rc = sim_script_word(&r->s, &word);

	if (rc < 0)
		return rc;
	const char *slash = memchr(word.at, '/', word.size);
	const size_t head = slash ? (size_t)(slash - word.at) : 0;
	const struct sp_word first = {.at = word.at, .size = head};
	const struct sp_word last = {.at = word.at + head + 1, .size = word.size - head - 1};
	if (!slash || !sim_word_number(&last, 1, REPLAY_DATA_MAX, &size) ||
	    !sim_word_number(&first, 0, size, &done))
		return sim_script_fail(&r->s, &word, "not how many bytes of how many moved");
	r->line.done = (size_t)done;
	c->size = (size_t)size;
	if (c->size > r->room) {
		uint8_t *grown = realloc(r->data, c->size);

		if (!grown)
			return sp_fail_memory(r->s.err);
		r->data = grown;
		r->room = c->size;
	}
	c->data = r->data;
	return 0;
}

/* Noise, the same every time: a trace has lists of parameters, but no sectors. */
static void replay_fill(struct replay *r)
{
	uint64_t x = r->number * 0x9e3779b97f4a7c15u + 1;

	for (size_t i = r->line.sent; i < r->line.command.size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		r->data[i] = (uint8_t)(x >> 56);
	}
}

static int replay_answer(struct replay *r)
{
	static const char *const host[] = {"timeout", "reset", "refused", "too-big", "gone"};
	struct replay_line *line = &r->line;
	struct sp_word word;
	int rc = sim_script_word(&r->s, &word);

	if (rc < 0)
		return rc;
	for (unsigned i = 0; i < sizeof(host) / sizeof(*host); i++)
		if (sp_word_is(&word, host[i])) {
			line->host = SP_HOST_TIMEOUT + i;
			return sim_script_end(&r->s);
		}
	if (!replay_byte(&word, &line->status))
		return sim_script_fail(&r->s, &word, "neither a status nor what became of it");
	line->sense_size = replay_bytes(r, line->sense, sizeof(line->sense), &word);
	return word.size ? sim_script_fail(&r->s, &word, "no byte of sense") : 0;
}

static int replay_parse(struct replay *r, struct sp_word *word)
{
	struct replay_line *line = &r->line;
	struct sp_command *c = &line->command;
	int64_t clock, time;
	struct sp_word next;
	int rc;

	*line = (struct replay_line){.clock = 0};
	if (!sim_word_number(word, 0, INT64_MAX, &clock))
		return sim_script_fail(&r->s, word, "not a time of the drive's clock");
	rc = sim_script_word(&r->s, &next);
	if (rc < 0)
		return rc;
	const struct sp_word plus = {.at = next.at + 1, .size = next.size ? next.size - 1 : 0};
	if (next.at[0] != '+' || !sim_word_number(&plus, 0, INT64_MAX, &time))
		return sim_script_fail(&r->s, &next, "not + and the time that it took");
	line->clock = (uint64_t)clock;
	line->took = (uint64_t)time;
	c->cdb_size = (unsigned)replay_bytes(r, c->cdb, sizeof(c->cdb), &next);
	if (c->cdb_size < 6 || !next.size)
		return sim_script_fail(&r->s, &next, "not a command and its answer");
	if (sp_word_is(&next, "<") || sp_word_is(&next, ">")) {
		c->direction = next.at[0] == '<' ? SP_DATA_IN : SP_DATA_OUT;
		rc = replay_sizes(r);
		if (rc < 0)
			return rc;
		line->sent = replay_bytes(r, r->data, c->size, &next);
		if (line->sent && c->direction == SP_DATA_IN)
			return sim_script_fail(&r->s, &next, "data behind what came in");
		replay_fill(r);
	}
	if (!sp_word_is(&next, "="))
		return sim_script_fail(&r->s, &next, "not = and an answer");
	return replay_answer(r);
}

static void replay_words(char *text, size_t size, unsigned host, uint8_t status,
			 const uint8_t *sense, size_t sense_size, size_t done)
{
	if (host != SP_HOST_OK)
		snprintf(text, size, "no answer (%u)", host);
	else if (sense_size >= 14 && (sense[0] & 0x7e) == 0x70)
		snprintf(text, size, "status %02x, sense %x/%02x/%02x, %zu bytes", status,
			 sense[2] & 15u, sense[12], sense[13], done);
	else
		snprintf(text, size, "status %02x, %zu bytes", status, done);
}

/* The answer against the one in the trace; times are the drive's own affair. */
static void replay_compare(struct replay *r, const struct sp_command *c, sp_sim_replay_fn *differs,
			   void *user, struct sp_sim_replayed *replayed)
{
	const struct replay_line *line = &r->line;
	char said[100], was[100], text[REPLAY_TEXT];

	if (c->host == line->host &&
	    (c->host != SP_HOST_OK || (c->status == line->status && c->done == line->done &&
				       c->sense_size == line->sense_size &&
				       !memcmp(c->sense, line->sense, line->sense_size))))
		return;
	replayed->differ++;
	if (!differs)
		return;
	replay_words(said, sizeof(said), c->host, c->status, c->sense, c->sense_size, c->done);
	replay_words(was, sizeof(was), line->host, line->status, line->sense, line->sense_size,
		     line->done);
	snprintf(text, sizeof(text), "%s:%u: command %02x: %s; in the trace %s", r->s.name,
		 r->s.cursor.number, c->cdb[0], said, was);
	differs(user, text);
}

int sp_sim_replay(struct sp_sim *sim, const char *name, const char *text, size_t size,
		  sp_sim_replay_fn *differs, void *user, struct sp_sim_replayed *replayed,
		  struct sp_error *err)
{
	struct replay r = {.s = {.name = name, .err = err}};
	struct sp_word word;
	int rc = 0;

	*replayed = (struct sp_sim_replayed){0};
	sp_text_begin(&r.s.cursor, text, size);
	while (!rc && sim_script_line(&r.s, &word)) {
		r.number++;
		rc = replay_parse(&r, &word);
		if (rc < 0)
			break;
		struct sp_command c = r.line.command;
		const uint64_t now = sp_sim_clock(sim);
		const uint64_t then = r.line.clock > r.line.took ? r.line.clock - r.line.took : 0;

		if (then > now)
			sp_sim_wait(sim, then - now);
		sp_sim_execute(sim, &c);
		replayed->commands++;
		replay_compare(&r, &c, differs, user, replayed);
	}
	free(r.data);
	return rc;
}
