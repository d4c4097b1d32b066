/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name becomes a drive, real or simulated, or the disc in it as a source. */
#include <spindle/drive.h>

#include "drive/burning.h"
#include "drive/discover.h"
#include "drive/open.h"
#include "drive/sgio.h"
#include "sim/open.h"

#include <string.h>

static bool drive_is_simulated(const char *name)
{
	return !strncmp(name, "sim:", 4);
}

bool sp_drive_is_name(const char *name)
{
	return drive_is_simulated(name) || sp_sgio_is_drive(name);
}

char **sp_drives_find(void)
{
	return sp_discover();
}

void sp_drives_free(char **names)
{
	sp_discover_free(names);
}

static int drive_transport(struct sp_transport **out, const char *name,
			   const struct sp_notes *notes, struct sp_error *err)
{
	return drive_is_simulated(name) ? sp_sim_open_transport(out, name, notes, err)
					: sp_sgio_open(out, name, 0, err);
}

int sp_drive_open_reader(struct sp_reader **out, const char *name, const struct sp_notes *notes,
			 struct sp_error *err)
{
	struct sp_transport *transport;
	int r = drive_transport(&transport, name, notes, err);

	if (r < 0)
		return r;
	r = sp_reader_open(out, transport, notes, err);
	if (r < 0)
		transport->ops->close(transport);
	return r;
}

int sp_drive_look(struct sp_drive_report *report, const char *name, bool probe,
		  const struct sp_notes *notes, struct sp_error *err)
{
	struct sp_reader *reader;
	struct sp_error why = {0};

	*report = (struct sp_drive_report){.state = SP_DRIVE_BUSY};
	int r = sp_drive_open_reader(&reader, name, notes, err);
	if (r < 0)
		return r;
	report->identity = *sp_reader_identity(reader);
	r = sp_reader_load(reader, &why);
	if (r < 0) {
		memcpy(report->trouble, why.text, sizeof(report->trouble));
		r = 0;
	} else if (probe) {
		r = sp_reader_probe(reader, err);
	}
	if (!r)
		r = sp_reader_state(reader, &report->state, err);
	report->profile = sp_reader_profile(reader);
	report->protection = sp_reader_protection(reader);
	report->able = *sp_reader_abilities(reader);
	if (!r && sp_reader_disc(reader)) {
		report->disc = sp_disc_copy(sp_reader_disc(reader));
		if (!report->disc)
			r = sp_fail_memory(err);
	}
	sp_reader_close(reader);
	return r;
}

void sp_drive_report_clear(struct sp_drive_report *report)
{
	sp_disc_free(report->disc);
	report->disc = NULL;
}

int sp_drive_source(struct sp_source **out, const char *name, const struct sp_notes *notes,
		    struct sp_error *err)
{
	struct sp_reader *reader;
	int r = sp_drive_open_reader(&reader, name, notes, err);

	if (r < 0)
		return r;
	r = sp_reader_load(reader, err);
	if (!r)
		r = sp_reader_survey(reader, err);
	if (!r)
		r = sp_reader_source(out, reader, err);
	if (r < 0)
		sp_reader_close(reader);
	return r;
}

int sp_drive_next(sp_lba *next, const char *name, const struct sp_notes *notes,
		  struct sp_error *err)
{
	struct sp_transport *transport;
	struct sp_burn_target target;
	int r = drive_transport(&transport, name, notes, err);

	if (r < 0)
		return r;
	r = sp_burning_look(&target, transport, err);
	transport->ops->close(transport);
	if (!r && target.state != SP_DISC_APPENDABLE)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: the %s is %s: no session can be added to it",
			    name, sp_profile_name(target.profile),
			    target.state == SP_DISC_BLANK    ? "blank"
			    : target.state == SP_DISC_RANDOM ? "written over"
							     : "closed");
	if (!r)
		*next = target.next;
	return r;
}
