/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between two discs of several: one is let go, another one is waited for. */
#include "drive/burning.h"
#include "drive/mmc.h"
#include "drive/sgio.h"

#include <time.h>

#define NEXT_MS 300 /* from one look to the next */

static uint64_t next_since(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)(now.tv_sec - began->tv_sec);
}

/* Until the drive has a disc again: 1 there is none yet. */
static int next_look(struct sp_transport *transport, struct sp_error *err)
{
	struct sp_answer answer;
	const int r = sp_mmc_ready(transport, &answer, err);

	if (!r)
		return 0;
	return answer.sense.key == SP_SENSE_ATTENTION || answer.sense.key == SP_SENSE_NOT_READY ? 1
												: r;
}

static int next_wait(struct sp_transport *transport, const struct sp_burn *burn, unsigned seconds,
		     struct sp_error *err)
{
	struct timespec began;

	clock_gettime(CLOCK_MONOTONIC, &began);
	for (;;) {
		const int r = next_look(transport, err);
		const uint64_t since = next_since(&began);
		const struct sp_burn_progress progress = {.phase = "waiting",
							  .done = since,
							  .total = seconds,
							  .buffer = 101,
							  .fifo = 101};

		if (r <= 0)
			return r;
		if (burn->progress && burn->progress(burn->user, &progress))
			return sp_fail(err, SP_ERR_CANCELLED, "stopped");
		if (seconds && since >= seconds)
			return sp_fail(err, SP_ERR_DEVICE, "%s: no other disc came within %u s",
				       burn->drive, seconds);
		transport->ops->wait(transport, NEXT_MS);
	}
}

int sp_burning_next(const struct sp_burn *burn, unsigned seconds, struct sp_error *err)
{
	struct sp_transport *transport = NULL;
	int r = sp_sgio_open(&transport, burn->drive, SP_SGIO_EXCLUSIVE, err);

	if (!r)
		sp_mmc_prevent(transport, false, NULL);
	if (!r)
		r = sp_mmc_start(transport, SP_START_EJECT, err);
	if (!r)
		r = next_wait(transport, burn, seconds, err);
	if (transport)
		transport->ops->close(transport);
	return r;
}
