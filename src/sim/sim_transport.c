/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated drive behind the seam that real ones are behind. */
#include "sim/sim_drive.h"

#include <stdlib.h>
#include <string.h>

struct sim_transport {
	struct sp_transport transport;
	struct sp_sim *sim;
	char *name;
};

static int transport_execute(struct sp_transport *transport, struct sp_command *command,
			     struct sp_error *err)
{
	(void)err;
	sp_sim_execute(((struct sim_transport *)transport)->sim, command);
	return 0;
}

static void transport_wait(struct sp_transport *transport, unsigned ms)
{
	sp_sim_wait(((struct sim_transport *)transport)->sim, (uint64_t)ms * 1000);
}

static void transport_close(struct sp_transport *transport)
{
	struct sim_transport *t = (struct sim_transport *)transport;

	sp_sim_free(t->sim);
	free(t->name);
	free(t);
}

int sp_sim_transport(struct sp_transport **out, struct sp_sim *sim, const char *name,
		     struct sp_error *err)
{
	static const struct sp_transport_ops ops = {
		.execute = transport_execute, .wait = transport_wait, .close = transport_close};
	struct sim_transport *t = calloc(1, sizeof(*t));

	if (t)
		t->name = strdup(name);
	if (!t || !t->name) {
		free(t);
		return sp_fail_memory(err);
	}
	t->sim = sim;
	t->transport = (struct sp_transport){.ops = &ops,
					     .name = t->name,
					     .max_transfer = (size_t)sim->profile.transfer,
					     .writable = true};
	*out = &t->transport;
	return 0;
}
