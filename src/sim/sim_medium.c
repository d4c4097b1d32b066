/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc that can be written to: a work store, and the lines in which the drive keeps its state. */
#include "sim/sim_drive.h"

#include "base/bytes.h"
#include "sim/sim_script.h"

#include <stdlib.h>
#include <string.h>

#define MEDIUM_LBA_MAX (INT64_C(1) << 32)

struct medium_source {
	struct sp_source source;
	struct sp_store *store; /* borrowed */
};

static int medium_source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	return sp_store_read(((struct medium_source *)src)->store, span, err);
}

static void medium_source_close(struct sp_source *src)
{
	free(src);
}

static int medium_source(struct sp_sim *sim, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = medium_source_read,
						 .close = medium_source_close};
	struct medium_source *src = calloc(1, sizeof(*src));

	if (!src)
		return sp_fail_memory(err);
	*src = (struct medium_source){{&ops, NULL, 0}, sim->medium->store};
	sim->src = &src->source;
	return 0;
}

/* A track for each line of it. */
static char *medium_text(const struct sim_medium *m, const struct sim_kind *kind)
{
	char *text =
		sp_format_text("kind %s\ncapacity %u\nclosed %u\nfinished %u\nruined %u\nopen %u\n"
			       "next %lld\nformatted %u\nlayer-break %u\nparted %u\n",
			       kind->name, m->capacity, m->closed, m->finished, m->ruined, m->open,
			       (long long)m->next, m->formatted, m->layer_break, m->parted);

	for (size_t i = 0; text && i < m->tracks; i++) {
		const struct sim_extent *t = &m->track[i];
		char *more =
			sp_format_text("%strack %llu %llu %llu %u %u\n", text,
				       (unsigned long long)t->start, (unsigned long long)t->size,
				       (unsigned long long)t->written, t->session, t->closed);

		free(text);
		text = more;
	}
	return text;
}

/* Start, size, blocks written, session, closed: behind the one before. */
static int medium_track(struct sim_script *s, struct sim_medium *m)
{
	static const int64_t most[5] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, SIM_TRACKS_MAX, 1};
	const struct sim_extent *last = m->tracks ? &m->track[m->tracks - 1] : NULL;
	const struct sp_word here = {.at = s->cursor.line};
	int64_t value[5] = {0};
	int rc = 0;

	for (unsigned i = 0; !rc && i < 5; i++)
		rc = sim_script_number(s, 0, most[i], &value[i]);
	if (rc < 0)
		return rc;
	const struct sim_extent t = {.start = (uint64_t)value[0],
				     .size = (uint64_t)value[1],
				     .written = (uint64_t)value[2],
				     .session = (unsigned)value[3],
				     .closed = value[4]};
	if (m->tracks == SIM_TRACKS_MAX || !t.session || (t.size && t.written > t.size) ||
	    (last && (t.start < last->start + (last->size ? last->size : last->written) ||
		      t.session < last->session)))
		return sim_script_fail(s, &here, "a track that does not fit those before");
	struct sim_extent *list = sp_grow(m->track, m->tracks, sizeof(t));
	if (!list)
		return sp_fail_memory(s->err);
	m->track = list;
	m->track[m->tracks++] = t;
	return 0;
}

static int medium_kind(struct sim_script *s, const struct sim_kind **out)
{
	struct sp_word word;
	const int rc = sim_script_word(s, &word);

	for (const struct sim_kind *kind = sim_kinds; !rc && kind->name; kind++)
		if (kind->writer && sp_word_is(&word, kind->name))
			*out = kind;
	return rc || *out ? rc : sim_script_fail(s, &word, "not a medium that is written to");
}

/* What records of such a medium are. */
static struct sp_store_shape medium_shape(const struct sim_kind *kind)
{
	const bool cd = kind->family == SIM_CD;

	return (struct sp_store_shape){.medium = cd                        ? SP_MEDIUM_CD
						 : kind->family == SIM_DVD ? SP_MEDIUM_DVD
									   : SP_MEDIUM_BD,
				       .profile = kind->profile,
				       .origin = cd ? -SP_MSF_OFFSET : 0,
				       .stride = cd ? SP_RAW_SIZE : 2048,
				       .sub = cd};
}

/* What the lines say together, and with the layout. */
static int medium_check(const struct sp_sim *sim, const char *name, struct sp_error *err)
{
	const struct sim_medium *m = sim->medium;
	bool fits = sim->kind != NULL;

	if (fits) { /* records of another length would be written from beyond their data */
		const struct sp_store_shape is = sp_store_shape(m->store);
		const struct sp_store_shape want = medium_shape(sim->kind);

		fits = is.medium == want.medium && is.origin == want.origin &&
		       is.stride == want.stride && is.sub == want.sub;
	}
	if (fits && sim->kind->family == SIM_CD) {
		fits = m->closed <= m->disc->sessions && m->disc->sessions <= m->closed + 1 &&
		       !(m->open && m->disc->sessions == m->closed) && !m->tracks && !m->formatted;
	} else if (fits) {
		const struct sim_extent *last = m->tracks ? &m->track[m->tracks - 1] : NULL;
		const unsigned sessions = last ? last->session : 0;

		fits = m->closed <= sessions && sessions <= m->closed + 1 &&
		       !(m->formatted && sim->kind->flags & SIM_OVERWRITE &&
			 (m->tracks != 1 || m->track[0].size != m->capacity));
		for (size_t i = 0; i < m->tracks && fits; i++)
			fits = m->track[i].start + m->track[i].written <= m->capacity;
	}
	if (fits && m->capacity <= sim->kind->capacity)
		return 0;
	return sp_fail(err, SP_ERR_FORMAT, "%s: what the recorder kept does not fit the disc",
		       name);
}

static int medium_parse(struct sp_sim *sim, const char *text, const char *name,
			struct sp_error *err)
{
	static const char *const words[] = {"capacity", "closed", "finished",  "ruined",
					    "open",     "next",   "formatted", "layer-break",
					    "parted",   NULL};
	static const int64_t most[] = {UINT32_MAX, SIM_TRACKS_MAX, 1, 1, 1, MEDIUM_LBA_MAX,
				       1,          UINT32_MAX,     1};
	struct sim_script s = {.name = name, .err = err};
	struct sim_medium *m = sim->medium;
	int64_t value[9] = {0};
	struct sp_word word;
	int rc = 0;

	sp_text_begin(&s.cursor, text, strlen(text));
	while (!rc && sim_script_line(&s, &word)) {
		unsigned i = 0;

		while (words[i] && !sp_word_is(&word, words[i]))
			i++;
		if (sp_word_is(&word, "kind"))
			rc = medium_kind(&s, &sim->kind);
		else if (sp_word_is(&word, "track"))
			rc = medium_track(&s, m);
		else if (!words[i])
			rc = sim_script_fail(&s, &word, "a recorder's word that is not known");
		else
			rc = sim_script_number(&s, i == 5 ? -MEDIUM_LBA_MAX : 0, most[i],
					       &value[i]);
		if (!rc)
			rc = sim_script_end(&s);
	}
	if (rc < 0)
		return rc;
	m->capacity = (uint32_t)value[0];
	m->closed = (unsigned)value[1];
	m->finished = value[2];
	m->ruined = value[3];
	m->open = value[4];
	m->next = value[5];
	m->formatted = value[6];
	m->layer_break = (uint32_t)value[7];
	m->parted = value[8];
	return medium_check(sim, name, err);
}

/* A new blank disc. */
static int medium_make(struct sp_sim *sim, struct sp_io *io, const char *name, struct sp_error *err)
{
	struct sim_medium *m = sim->medium;

	for (const struct sim_kind *kind = sim_kinds; kind->name; kind++)
		if (name && kind->writer && !strcmp(kind->name, name))
			sim->kind = kind;
	if (!sim->kind)
		return sp_fail(err, SP_ERR_USAGE,
			       name ? "“%s” is no medium that is written to"
				    : "%s: empty; say which medium it shall be",
			       name ? name : io->name);
	const struct sp_store_shape shape = medium_shape(sim->kind);
	m->capacity = sim->kind->capacity;
	if (sim->kind->profile == 0x2b)
		m->layer_break = m->capacity / 2;
	if (sim->kind->profile == 0x13 && sim_dvd_whole(m)) /* sold so: formatted */
		return sp_fail_memory(err);
	m->formatted = sim->kind->profile == 0x13;
	char *stem = sp_store_stem(io->name), *text = medium_text(m, sim->kind);
	const int rc = stem && text ? sp_store_create_blank(&m->store, io, stem, &shape, text, err)
				    : sp_fail_memory(err);
	free(stem);
	free(text);
	return rc;
}

int sim_medium_open(struct sp_sim *sim, struct sp_io *io, const char *name, struct sp_error *err)
{
	struct sim_medium *m = sim->medium = calloc(1, sizeof(*m));
	int rc = m ? 0 : sp_fail_memory(err);

	if (!rc)
		rc = io->size ? sp_store_open(&m->store, io, err) : medium_make(sim, io, name, err);
	if (!rc && !sp_store_recorder(m->store))
		rc = sp_fail(err, SP_ERR_USAGE, "%s: no disc of a recorder", io->name);
	if (!rc) {
		m->disc = sp_disc_copy(sp_store_disc(m->store));
		free(m->track);
		m->track = NULL;
		m->tracks = 0;
		rc = m->disc ? medium_parse(sim, sp_store_recorder(m->store), io->name, err)
			     : sp_fail_memory(err);
	}
	if (!rc && sim->kind->family != SIM_CD && sim_dvd_layout(m))
		rc = sp_fail_memory(err);
	if (!rc && name && strcmp(sim->kind->name, name))
		rc = sp_fail(err, SP_ERR_USAGE, "%s: a %s, not a %s", io->name, sim->kind->name,
			     name);
	if (!rc && !(sim->profile.media >> (sim->kind - sim_kinds) & 1))
		rc = sp_fail(err, SP_ERR_USAGE, "this drive does not take %s", sim->kind->name);
	if (!rc)
		rc = medium_source(sim, err);
	if (!rc && m->disc->regions)
		rc = sim_disc_make(&sim->disc, m->disc, err);
	if (rc < 0 && m) {
		if (m->store)
			sp_store_release(m->store);
		m->store = NULL;
		sim_medium_close(sim);
	}
	return rc;
}

void sim_medium_forget(struct sim_medium *m)
{
	sp_disc_free(m->planned);
	free(m->run);
	free(m->packs);
	free(m->samples);
	m->samples = NULL;
	memset(m->rw, 0, sizeof(m->rw));
	m->planned = NULL;
	m->run = NULL;
	m->packs = NULL;
	m->runs = m->packs_size = 0;
	m->packs_whole = m->lead_in = m->lead_out = false;
}

void sim_medium_close(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;

	if (!m)
		return;
	if (m->store && m->dirty)
		sim_medium_record(sim);
	sim_medium_forget(m);
	sp_store_close(m->store);
	sp_disc_free(m->before);
	sp_disc_free(m->disc);
	sp_disc_free(m->toc);
	free(m->track);
	free(m->before_track);
	free(m);
	sim->medium = NULL;
	sim->kind = NULL;
}

void sim_medium_dirty(struct sp_sim *sim)
{
	sim->medium->dirty = true;
	sim->window.count = 0;
}

uint32_t sim_medium_record(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;
	struct sp_disc *disc = NULL;
	struct sp_error err = {0};

	m->dirty = false;
	sim->window.count = 0;
	char *text = medium_text(m, sim->kind);
	int rc = text ? 0 : sp_fail_memory(&err);
	m->disc->profile = sim->kind->profile;
	if (!rc && sim->kind->family != SIM_CD && sim_dvd_layout(m))
		rc = sp_fail_memory(&err);
	if (!rc)
		rc = sp_store_record(m->store, m->disc, text, &err);
	if (!rc && m->disc->regions)
		rc = sim_disc_make(&disc, m->disc, &err);
	free(text);
	if (rc < 0) {
		sp_note(sim->notes, "%s", err.text);
		return SIM_INTERNAL;
	}
	sp_disc_free(sim->disc);
	sim->disc = disc;
	return 0;
}

bool sim_medium_add(struct sp_disc *disc, const struct sp_region *like, uint64_t count)
{
	struct sp_region region = *like;

	if (!count)
		return true;
	if (disc->regions) {
		struct sp_region *last = &disc->region[disc->regions - 1];

		region.lba = last->lba + (sp_lba)last->count;
		if (last->kind == region.kind && last->mode == region.mode &&
		    last->parts == region.parts && last->stored == region.stored &&
		    last->track == region.track && last->session == region.session) {
			last->count += count;
			return true;
		}
	}
	region.count = count;
	return sp_disc_add_region(disc, &region) != NULL;
}

uint32_t sim_medium_put(struct sp_sim *sim, sp_lba lba, uint32_t count, const uint8_t *main,
			const uint8_t *sub)
{
	struct sp_error err = {0};

	if (sim->medium->test)
		return 0;
	if (sp_store_put(sim->medium->store, lba, count, main, sub, &err) >= 0)
		return 0;
	sp_note(sim->notes, "%s", err.text);
	return SIM_WRITE_ERROR;
}

uint32_t sim_medium_erase(struct sp_sim *sim, sp_lba lba, uint64_t count)
{
	struct sp_error err = {0};

	if (sp_store_erase(sim->medium->store, lba, count, &err) >= 0)
		return 0;
	sp_note(sim->notes, "%s", err.text);
	return SIM_WRITE_ERROR;
}

void sim_medium_begin(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;

	m->test = sim->page[SIM_PAGE_WRITE].now[2] & 0x10;
	if (!m->test)
		return;
	m->before = sp_disc_copy(m->disc);
	m->before_track = m->tracks ? malloc(m->tracks * sizeof(m->track[0])) : NULL;
	m->test = m->before && (m->before_track || !m->tracks);
	if (!m->test) { /* without memory for that it is written */
		sp_disc_free(m->before);
		m->before = NULL;
		return;
	}
	if (m->tracks)
		memcpy(m->before_track, m->track, m->tracks * sizeof(m->track[0]));
	m->before_tracks = m->tracks;
	m->before_closed = m->closed;
	m->before_finished = m->finished;
	m->before_open = m->open;
	m->before_next = m->next;
}

void sim_medium_end(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;

	m->writing = SIM_WRITING_NONE;
	if (!m->test)
		return;
	sp_disc_free(m->disc);
	m->disc = m->before;
	m->before = NULL;
	free(m->track);
	m->track = m->before_track;
	m->before_track = NULL;
	m->tracks = m->before_tracks;
	m->test = false;
	m->closed = m->before_closed;
	m->finished = m->before_finished;
	m->open = m->before_open;
	m->next = m->before_next;
	m->ruined = false;
}
