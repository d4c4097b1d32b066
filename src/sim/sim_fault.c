/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes wrong with the medium, as a script says: the same seed and commands, the same faults.
 */
#include "sim/sim_drive.h"

#include "disc/subchannel.h"
#include "sim/sim_script.h"

#include <stdlib.h>
#include <string.h>

#define FAULTS_MAX  4096
#define FAULT_TRIES (4u << 20) /* sectors of one fault that goes away */
#define LBA_LIMIT   (INT64_C(1) << 40)
/* C2 errors of a data sector that its P/Q parity makes good: two in each of 86 columns */
#define FAULT_CORRECTED 172

enum fault_value { VALUE_NONE, VALUE_MUST };

/* clang-format off */
static const struct {
	const char *word;
	unsigned value; /* what follows the word */
	int64_t min, max;
	bool once; /* unless `times` says otherwise */
} fault_words[] = {
	[SIM_FAULT_UNREADABLE] = {"unreadable", VALUE_NONE, 0, 0, false},
	[SIM_FAULT_C2] = {"c2", VALUE_MUST, 1, SP_RAW_SIZE, false},
	[SIM_FAULT_SLOW] = {"slow", VALUE_MUST, 1, 3600000, false},
	[SIM_FAULT_WRONG] = {"wrong-sector", VALUE_MUST, -100000, 100000, false},
	[SIM_FAULT_BAD_Q] = {"bad-q", VALUE_NONE, 0, 0, false},
	[SIM_FAULT_ATTENTION] = {"attention", VALUE_NONE, 0, 0, true},
	[SIM_FAULT_NOT_READY] = {"not-ready", VALUE_MUST, 1, 3600000, true},
	[SIM_FAULT_RESET] = {"reset", VALUE_NONE, 0, 0, true},
	[SIM_FAULT_CHANGE] = {"change", VALUE_NONE, 0, 0, true},
	[SIM_FAULT_WRITE] = {"write-error", VALUE_NONE, 0, 0, false},
	[SIM_FAULT_CALIBRATION] = {"calibration", VALUE_NONE, 0, 0, false},
	[SIM_FAULT_FULL] = {"full", VALUE_NONE, 0, 0, false},
	[SIM_FAULT_UNDERRUN] = {"underrun", VALUE_NONE, 0, 0, false},
	[SIM_FAULT_WRITE_ATTENTION] = {"write-attention", VALUE_NONE, 0, 0, true},
	[SIM_FAULT_WRITE_RESET] = {"write-reset", VALUE_NONE, 0, 0, true},
};
/* clang-format on */

enum { FAULT_WORDS = sizeof(fault_words) / sizeof(fault_words[0]) };

/* LBA, or FIRST..LAST, or `any`: everywhere. */
static int fault_range(struct sim_script *s, const struct sp_word *word, struct sim_fault *fault)
{
	const char *dots = memmem(word->at, word->size, "..", 2);
	const size_t head = dots ? (size_t)(dots - word->at) : word->size;
	const struct sp_word first = {.at = word->at, .size = head};
	const struct sp_word last = {.at = dots ? dots + 2 : word->at,
				     .size = dots ? word->size - head - 2 : head};

	if (sp_word_is(word, "any")) {
		fault->first = -LBA_LIMIT;
		fault->last = LBA_LIMIT;
		return 0;
	}
	if (!sim_word_number(&first, -LBA_LIMIT, LBA_LIMIT, &fault->first) ||
	    !sim_word_number(&last, fault->first, LBA_LIMIT, &fault->last))
		return sim_script_fail(s, word, "neither an LBA nor FIRST..LAST nor `any'");
	return 0;
}

static int fault_times(struct sim_script *s, struct sim_fault *fault)
{
	struct sp_word word;

	fault->times = fault_words[fault->kind].once;
	if (!sp_text_word(&s->cursor, &word) || word.at[0] == '#')
		return 0;
	if (sp_word_is(&word, "always"))
		fault->times = 0;
	else if (!sp_word_is(&word, "times"))
		return sim_script_fail(s, &word, "neither `times' nor `always'");
	else if (sim_script_number(s, 1, UINT16_MAX, &fault->times) < 0)
		return SP_ERR_FORMAT;
	return sim_script_end(s);
}

static int fault_line(struct sim_script *s, const struct sp_word *word, struct sim_fault *fault)
{
	struct sp_word kind;
	int rc = fault_range(s, word, fault);

	if (!rc)
		rc = sim_script_word(s, &kind);
	if (rc < 0)
		return rc;
	while (fault->kind < FAULT_WORDS && !sp_word_is(&kind, fault_words[fault->kind].word))
		fault->kind++;
	if (fault->kind == FAULT_WORDS)
		return sim_script_fail(s, &kind, "no fault has that name");
	if (fault_words[fault->kind].value == VALUE_MUST)
		rc = sim_script_number(s, fault_words[fault->kind].min,
				       fault_words[fault->kind].max, &fault->value);
	if (!rc)
		rc = fault_times(s, fault);
	if (rc || (!fault->times && fault->kind != SIM_FAULT_C2))
		return rc;
	/* once and the like is counted for all sectors together */
	const bool together = fault_words[fault->kind].once;
	const uint64_t count = together ? 1 : (uint64_t)(fault->last - fault->first) + 1;
	if (count > FAULT_TRIES && !fault->times)
		return 0;
	if (count > FAULT_TRIES)
		return sim_script_fail(s, word, "too many sectors for a fault that goes away");
	fault->tries = calloc(count, sizeof(fault->tries[0]));
	return fault->tries ? 0 : sp_fail_memory(s->err);
}

void sim_faults_clear(struct sim_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->fault[i].tries);
	free(faults->fault);
	*faults = (struct sim_faults){0};
}

int sim_faults_parse(struct sim_faults *faults, const char *name, const char *text,
		     struct sp_error *err)
{
	struct sim_script s = {.name = name ? name : "faults", .err = err};
	struct sp_word word;
	int rc = 0;

	*faults = (struct sim_faults){0};
	if (!text)
		return 0;
	sp_text_begin(&s.cursor, text, strlen(text));
	while (!rc && sim_script_line(&s, &word)) {
		struct sim_fault fault = {0};

		if (faults->count == FAULTS_MAX) {
			rc = sim_script_fail(&s, &word, "one fault too many");
			break;
		}
		struct sim_fault *grown =
			realloc(faults->fault, (faults->count + 1) * sizeof(fault));
		if (grown) {
			faults->fault = grown;
			rc = fault_line(&s, &word, &fault);
			faults->fault[faults->count++] = fault;
		} else {
			rc = sp_fail_memory(err);
		}
	}
	if (rc < 0)
		sim_faults_clear(faults);
	return rc;
}

static bool fault_reads(const struct sim_fault *fault)
{
	return fault->kind < SIM_FAULT_WRITE;
}

sp_lba sim_fault_next(const struct sp_sim *sim, sp_lba lba)
{
	sp_lba next = INT64_MAX;

	for (size_t i = 0; i < sim->faults.count; i++) {
		const struct sim_fault *fault = &sim->faults.fault[i];

		if (fault_reads(fault) && fault->last >= lba && fault->first < next)
			next = fault->first > lba ? fault->first : lba;
	}
	return next;
}

/* How often it was read; what is in the cache is not read again, and is as it was. */
static unsigned fault_try(const struct sp_sim *sim, struct sim_fault *fault, sp_lba lba)
{
	if (!fault->tries)
		return 0;
	uint16_t *tries = &fault->tries[fault_words[fault->kind].once ? 0 : lba - fault->first];
	if (*tries < UINT16_MAX && !(*tries && sim_cache_has(sim, lba)))
		++*tries;
	return *tries;
}

static bool fault_happens(const struct sp_sim *sim, struct sim_fault *fault, sp_lba lba)
{
	return fault_try(sim, fault, lba) <= fault->times || !fault->times;
}

static uint16_t *fault_tries(const struct sim_fault *fault, sp_lba lba)
{
	if (!fault->tries || lba > fault->last)
		return NULL;
	return &fault->tries[fault_words[fault->kind].once ? 0 : lba - fault->first];
}

bool sim_fault_spent(const struct sim_fault *fault, sp_lba lba)
{
	const uint16_t *tries = fault_tries(fault, lba);

	return tries && *tries >= fault->times;
}

void sim_fault_spend(struct sim_fault *fault, sp_lba lba)
{
	uint16_t *tries = fault_tries(fault, lba);

	if (tries)
		++*tries;
}

uint32_t sim_fault_before(struct sp_sim *sim, sp_lba lba, sp_lba *instead)
{
	*instead = lba;
	for (size_t i = 0; i < sim->faults.count; i++) {
		struct sim_fault *fault = &sim->faults.fault[i];

		if (!fault_reads(fault) || lba < fault->first || lba > fault->last ||
		    fault->kind == SIM_FAULT_C2 || fault->kind == SIM_FAULT_BAD_Q ||
		    !fault_happens(sim, fault, lba))
			continue;
		switch (fault->kind) {
		case SIM_FAULT_UNREADABLE:
			return SIM_UNREADABLE;
		case SIM_FAULT_SLOW:
			if (!sim_cache_has(sim, lba))
				sim->clock += (uint64_t)fault->value * 1000;
			break;
		case SIM_FAULT_WRONG:
			*instead = lba + fault->value;
			break;
		case SIM_FAULT_ATTENTION:
			return SIM_RESET;
		case SIM_FAULT_NOT_READY:
			sim->ready_at = sim->clock + (uint64_t)fault->value * 1000;
			return SIM_NOT_READY_BECOMING;
		case SIM_FAULT_CHANGE:
			sim->locked = false;
			sim_insert(sim);
			sim->attention = 0;
			return SIM_MEDIUM_CHANGED;
		default:
			return SIM_HOST_RESET;
		}
	}
	return 0;
}

static uint64_t fault_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* So many bytes come wrong, and C2 points at them. Of data the parity makes good what it can,
 * unless the host wants none of that (DCR of page 01). */
static uint32_t fault_c2(struct sp_sim *sim, const struct sim_fault *fault,
			 struct sim_sector *sector)
{
	const bool raw = sector->mode == SP_MODE_AUDIO || sim->page[SIM_PAGE_ERRORS].now[2] & 1;
	uint64_t state = sim->seed ^ (uint64_t)sector->lba << 20;

	/* each reading errs in its own way */
	state ^= fault->tries ? fault->tries[sector->lba - fault->first] : 0;
	if (!raw && fault->value > FAULT_CORRECTED)
		return SIM_UNREADABLE;
	for (int64_t i = 0; i < fault->value; i++) {
		const uint64_t x = fault_random(&state);
		const unsigned at = (unsigned)(x % SP_RAW_SIZE);

		if (raw)
			sector->main[at] ^= (uint8_t)(x >> 32 | 1);
		sector->c2[at / 8] |= (uint8_t)(0x80 >> at % 8);
	}
	return 0;
}

uint32_t sim_fault_after(struct sp_sim *sim, struct sim_sector *sector)
{
	uint32_t sense = 0;

	for (size_t i = 0; i < sim->faults.count && !sense; i++) {
		struct sim_fault *fault = &sim->faults.fault[i];

		if (sector->lba < fault->first || sector->lba > fault->last ||
		    (fault->kind != SIM_FAULT_C2 && fault->kind != SIM_FAULT_BAD_Q) ||
		    !fault_happens(sim, fault, sector->lba))
			continue;
		if (fault->kind == SIM_FAULT_C2)
			sense = fault_c2(sim, fault, sector);
		else
			sector->sub[3 * 8 + 2] ^= 0x40; /* a bit of Q's relative time */
	}
	return sense;
}

bool sim_cache_has(const struct sp_sim *sim, sp_lba lba)
{
	for (unsigned i = 0; i < SIM_CACHED; i++)
		if (lba >= sim->cached[i].lba && lba - sim->cached[i].lba < sim->cached[i].count)
			return true;
	return false;
}

/* The last run is the newest; one that is read on grows. */
void sim_cache_add(struct sp_sim *sim, sp_lba lba, uint32_t count)
{
	struct sim_cached *run = &sim->cached[SIM_CACHED - 1];
	const sp_lba end = lba + count;
	int64_t left = sim->profile.cache;

	if (!count || !left)
		return;
	if (!run->count || lba < run->lba || lba > run->lba + run->count) {
		if (sim->profile.flush & SIM_FLUSH_SEEK)
			memset(sim->cached, 0, sizeof(sim->cached));
		memmove(sim->cached, sim->cached + 1, sizeof(sim->cached) - sizeof(*run));
		*run = (struct sim_cached){lba, 0};
	}
	if (end > run->lba + run->count)
		run->count = end - run->lba;
	for (unsigned i = SIM_CACHED; i--;) {
		run = &sim->cached[i];
		if (run->count > left) {
			run->lba += run->count - left;
			run->count = left;
		}
		left -= run->count;
	}
}

void sim_cache_flush(struct sp_sim *sim, unsigned by)
{
	if (sim->profile.flush & by)
		memset(sim->cached, 0, sizeof(sim->cached));
}
