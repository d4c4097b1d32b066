/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name becomes a simulated drive with a disc in it, or that drive's transport. */
#include <spindle/spindle.h>

#include "sim/open.h"
#include "sim/trace.h"
#include "stream/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIM_SCRIPT_MAX = 1 << 20 };

enum { KEY_MEDIUM, KEY_PROFILE, KEY_FAULTS, KEY_SEED, KEY_TRACE, KEY_NEXT, KEYS };
static const char *const sim_keys[KEYS] = {
	"medium=", "profile=", "faults=", "seed=", "trace=", "next="};

/* Which key stands at `text`; KEYS: none. */
static unsigned sim_key(const char *text)
{
	unsigned key = 0;

	while (key < KEYS && strncmp(text, sim_keys[key], strlen(sim_keys[key])) != 0)
		key++;
	return key;
}

static int sim_number(uint64_t *value, const char *text, struct sp_error *err)
{
	const char *p = text;

	for (*value = 0; *p >= '0' && *p <= '9' && *value < UINT64_MAX / 10 - 1; p++)
		*value = *value * 10 + (uint64_t)(*p - '0');
	if (p == text || *p)
		return sp_fail(err, SP_ERR_USAGE, "seed=%s: is no number", text);
	return 0;
}

int sp_sim_name_parse(struct sp_sim_name *name, const char *text, struct sp_error *err)
{
	const char **const values[KEYS] = {[KEY_MEDIUM] = &name->medium,
					   [KEY_PROFILE] = &name->profile,
					   [KEY_FAULTS] = &name->faults,
					   [KEY_TRACE] = &name->trace};
	int r = 0;

	*name = (struct sp_sim_name){.text = strdup(text)};
	if (!name->text)
		return sp_fail_memory(err);
	name->disc = name->text;
	for (char *at = name->text; !r && (at = strchr(at, ',')); at++) {
		const unsigned key = sim_key(at + 1);

		if (key == KEYS)
			continue;
		*at = '\0';
		const char *value = at + 1 + strlen(sim_keys[key]);
		if (values[key])
			*values[key] = value;
		else if (key == KEY_NEXT && name->nexts < SP_SIM_NEXT)
			name->next[name->nexts++] = value;
		else if (key == KEY_NEXT)
			r = sp_fail(err, SP_ERR_USAGE, "sim:%s: more than %d discs", text,
				    SP_SIM_NEXT + 1);
	}
	/* the values end only now */
	for (const char *at = strchr(text, ','); !r && at; at = strchr(at + 1, ','))
		if (sim_key(at + 1) == KEY_SEED)
			r = sim_number(&name->seed,
				       name->text + (at - text) + 1 + strlen(sim_keys[KEY_SEED]),
				       err);
	if (!r && !*name->disc)
		r = sp_fail(err, SP_ERR_USAGE, "sim:%s: names no disc", text);
	if (r < 0)
		sp_sim_name_clear(name);
	return r;
}

void sp_sim_name_clear(struct sp_sim_name *name)
{
	free(name->text);
	*name = (struct sp_sim_name){0};
}

/* A script's text, ended; NULL stays NULL. */
static int sim_script(char **text, const char *path, struct sp_error *err)
{
	struct sp_io *io = NULL;

	*text = NULL;
	if (!path)
		return 0;
	int r = sp_io_open_file(&io, path, err);
	if (!r && io->size > SIM_SCRIPT_MAX)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: too large for a script", path);
	if (!r && !(*text = calloc(1, (size_t)io->size + 1)))
		r = sp_fail_memory(err);
	if (!r)
		r = sp_io_read(io, 0, *text, (size_t)io->size, err);
	if (!r && strlen(*text) != io->size)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: is no text", path);
	sp_io_close(io);
	return r;
}

static int sim_load_recordable(struct sp_sim *sim, const struct sp_sim_name *name,
			       struct sp_error *err)
{
	struct sp_io *io = NULL;
	int r = sp_io_open_update(&io, name->disc, err);

	if (!r)
		r = sp_sim_load_disc(sim, io, name->medium, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

/* Whether there is a disc that a simulated drive recorded. Whatever else is wrong with the file,
 * the one who opens it as an image will say. */
static bool sim_is_recorded(const char *path)
{
	const struct sp_format *format = NULL;
	struct sp_store *store = NULL;
	struct sp_io *io = NULL;
	bool recorded = false;

	if (!sp_io_open_file(&io, path, NULL) && !sp_identify(&format, io, NULL) &&
	    !strcmp(format->name, "store") && !sp_store_open(&store, io, NULL)) {
		io = NULL;
		recorded = sp_store_recorder(store) != NULL;
		sp_store_close(store);
	}
	sp_io_close(io);
	return recorded;
}

static int sim_load_image(struct sp_sim *sim, const struct sp_sim_name *name,
			  const struct sp_notes *notes, struct sp_error *err)
{
	const struct sp_options options = {.notes = notes};
	struct sp_input in;

	int r = sp_input_open(&in, name->disc, NULL, &options, err);
	if (r < 0)
		return r;
	if (!(r = sp_sim_load(sim, in.source, err)))
		in.source = NULL;
	sp_input_close(&in);
	return r;
}

static int sim_load(struct sp_sim *sim, const struct sp_sim_name *name,
		    const struct sp_notes *notes, struct sp_error *err)
{
	struct stat st;

	if (name->medium || sim_is_recorded(name->disc))
		return sim_load_recordable(sim, name, err);
	if (stat(name->disc, &st) < 0)
		return sp_fail(err, SP_ERR_IO, "%s: is not there; medium= says what is to be made",
			       name->disc);
	return sim_load_image(sim, name, notes, err);
}

/* --- discs that follow --------------------------------------------------------------------- */

struct sp_sim_hand {
	char *medium, *next[SP_SIM_NEXT];
	size_t nexts, used;
	const struct sp_notes *notes;
};

/* The next disc takes the place of the one that lies in the open tray. */
static void sim_hand_change(void *user, struct sp_sim *sim)
{
	struct sp_sim_hand *hand = user;
	struct sp_error err;

	if (hand->used == hand->nexts) {
		sp_sim_user(sim, NULL, NULL);
		return;
	}
	const struct sp_sim_name name = {.disc = hand->next[hand->used++], .medium = hand->medium};
	if (sim_load(sim, &name, hand->notes, &err) < 0) {
		sp_note(hand->notes, "%s", err.text);
		sp_sim_user(sim, NULL, NULL);
	}
}

static void sim_hand_free(struct sp_sim_hand *hand)
{
	if (!hand)
		return;
	for (size_t i = 0; i < hand->nexts; i++)
		free(hand->next[i]);
	free(hand->medium);
	free(hand);
}

static int sim_hand_new(struct sp_sim_drive *drive, const struct sp_sim_name *name,
			const struct sp_notes *notes, struct sp_error *err)
{
	struct sp_sim_hand *hand = drive->hand = calloc(1, sizeof(*hand));

	if (!hand || (name->medium && !(hand->medium = strdup(name->medium))))
		return sp_fail_memory(err);
	hand->notes = notes;
	for (size_t i = 0; i < name->nexts; i++, hand->nexts++)
		if (!(hand->next[i] = strdup(name->next[i])))
			return sp_fail_memory(err);
	sp_sim_user(drive->sim, sim_hand_change, hand);
	return 0;
}

static int sim_trace_file(struct sp_io **io, const char *path, struct sp_error *err)
{
	struct stat st;

	if (!lstat(path, &st))
		return sp_fail(err, SP_ERR_USAGE, "%s: is there already", path);
	return sp_io_open_update(io, path, err);
}

int sp_sim_drive_open(struct sp_sim_drive *drive, const struct sp_sim_name *name,
		      const struct sp_notes *notes, struct sp_error *err)
{
	struct sp_sim_setup setup = {.profile_name = name->profile,
				     .faults_name = name->faults,
				     .seed = name->seed,
				     .notes = notes};
	char *profile = NULL, *faults = NULL;
	struct sp_io *io = NULL;

	*drive = (struct sp_sim_drive){0};
	const char *known = name->profile ? sp_sim_profile_named(name->profile) : NULL;
	int r = sim_script(&profile, known ? NULL : name->profile, err);
	if (!r)
		r = sim_script(&faults, name->faults, err);
	setup.profile = known ? known : profile;
	setup.faults = faults;
	if (!r)
		r = sp_sim_new(&drive->sim, &setup, err);
	if (!r && name->trace)
		r = sim_trace_file(&io, name->trace, err);
	if (!r && io) {
		r = sp_sim_trace_new(&drive->trace, io, err);
		if (r < 0)
			sp_io_close(io);
		else
			sp_sim_trace(drive->sim, sp_sim_trace_line, drive->trace);
	}
	if (!r)
		r = sim_load(drive->sim, name, notes, err);
	if (!r && name->nexts)
		r = sim_hand_new(drive, name, notes, err);
	free(profile);
	free(faults);
	if (r < 0)
		sp_sim_drive_close(drive);
	return r;
}

int sp_sim_drive_flush(struct sp_sim_drive *drive, struct sp_error *err)
{
	return drive->trace ? sp_sim_trace_flush(drive->trace, err) : 0;
}

void sp_sim_drive_close(struct sp_sim_drive *drive)
{
	sp_sim_free(drive->sim);
	sp_sim_trace_free(drive->trace);
	sim_hand_free(drive->hand);
	*drive = (struct sp_sim_drive){0};
}

/* --- the transport ------------------------------------------------------------------------- */

/* The simulated drive's own transport, with its trace. */
struct sim_traced {
	struct sp_transport transport;
	struct sp_transport *inner;
	struct sp_sim_trace_file *trace;
	struct sp_sim_hand *hand;
};

static int sim_traced_execute(struct sp_transport *transport, struct sp_command *command,
			      struct sp_error *err)
{
	struct sp_transport *inner = ((struct sim_traced *)transport)->inner;

	return inner->ops->execute(inner, command, err);
}

static void sim_traced_wait(struct sp_transport *transport, unsigned ms)
{
	struct sp_transport *inner = ((struct sim_traced *)transport)->inner;

	inner->ops->wait(inner, ms);
}

static void sim_traced_close(struct sp_transport *transport)
{
	struct sim_traced *t = (struct sim_traced *)transport;

	t->inner->ops->close(t->inner);
	sp_sim_trace_free(t->trace);
	sim_hand_free(t->hand);
	free(t);
}

static int sim_traced_new(struct sp_transport **out, struct sp_sim_drive *drive, const char *name,
			  struct sp_error *err)
{
	static const struct sp_transport_ops ops = {
		.execute = sim_traced_execute, .wait = sim_traced_wait, .close = sim_traced_close};
	struct sim_traced *t = calloc(1, sizeof(*t));

	if (!t)
		return sp_fail_memory(err);
	const int r = sp_sim_transport(&t->inner, drive->sim, name, err);
	if (r < 0) {
		free(t);
		return r;
	}
	t->trace = drive->trace;
	t->hand = drive->hand;
	t->transport = *t->inner; /* its name is the inner one's */
	t->transport.ops = &ops;
	*out = &t->transport;
	return 0;
}

int sp_sim_open_transport(struct sp_transport **out, const char *name, const struct sp_notes *notes,
			  struct sp_error *err)
{
	struct sp_sim_name parts;
	struct sp_sim_drive drive = {0};

	if (strncmp(name, "sim:", 4) != 0)
		return sp_fail(err, SP_ERR_USAGE, "%s: is no simulated drive", name);
	int r = sp_sim_name_parse(&parts, name + 4, err);
	if (r < 0)
		return r;
	r = sp_sim_drive_open(&drive, &parts, notes, err);
	if (!r)
		r = sim_traced_new(out, &drive, name, err);
	if (r < 0)
		sp_sim_drive_close(&drive);
	sp_sim_name_clear(&parts);
	return r;
}
