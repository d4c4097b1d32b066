/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trace of every command, as lines of text:
 *
 *   CLOCK +TOOK CDB… [< DONE/ROOM | > DONE/SIZE [DATA…]] = STATUS [SENSE…]
 *
 * Times are microseconds of the drive's own clock, sizes bytes, all others hexadecimal bytes. Data
 * that were sent follow where they are a list of parameters, not sectors. */
#include "sim/trace.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_BUFFER = 64 << 10, TRACE_LINE = 8 << 10, TRACE_DATA = 2048 };

struct sp_sim_trace_file {
	struct sp_io *io;
	uint64_t at;
	size_t used;
	struct sp_error error; /* status 0: none so far */
	char text[TRACE_BUFFER];
};

int sp_sim_trace_new(struct sp_sim_trace_file **out, struct sp_io *io, struct sp_error *err)
{
	struct sp_sim_trace_file *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return sp_fail_memory(err);
	trace->io = io;
	*out = trace;
	return 0;
}

static void trace_write(struct sp_sim_trace_file *trace)
{
	if (!trace->error.status && trace->used &&
	    !sp_io_write(trace->io, trace->at, trace->text, trace->used, &trace->error))
		trace->at += trace->used;
	trace->used = 0;
}

static void trace_add(struct sp_sim_trace_file *trace, const char *text)
{
	const size_t n = strlen(text);

	memcpy(trace->text + trace->used, text, n);
	trace->used += n;
}

static void trace_bytes(struct sp_sim_trace_file *trace, const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		trace->text[trace->used++] = ' ';
		trace->text[trace->used++] = digits[data[i] >> 4];
		trace->text[trace->used++] = digits[data[i] & 15];
	}
}

void sp_sim_trace_line(void *user, const struct sp_command *c, uint64_t clock)
{
	static const char *const host[] = {"ok", "timeout", "reset", "refused", "too-big", "gone"};
	struct sp_sim_trace_file *trace = user;
	const uint8_t opcode = c->cdb[0];
	const bool sectors = opcode == 0x2a || opcode == 0xaa || opcode == 0x2e;
	char text[80];

	if (trace->used + TRACE_LINE > TRACE_BUFFER)
		trace_write(trace);
	snprintf(text, sizeof(text), "%" PRIu64 " +%" PRIu64, clock, c->took_us);
	trace_add(trace, text);
	trace_bytes(trace, c->cdb, c->cdb_size < sizeof(c->cdb) ? c->cdb_size : sizeof(c->cdb));
	if (c->direction != SP_DATA_NONE && c->size) {
		snprintf(text, sizeof(text), " %c %zu/%zu", c->direction == SP_DATA_IN ? '<' : '>',
			 c->done, c->size);
		trace_add(trace, text);
		if (c->direction == SP_DATA_OUT && !sectors && c->size <= TRACE_DATA)
			trace_bytes(trace, c->data, c->size);
	}
	if (c->host < sizeof(host) / sizeof(*host) && c->host != SP_HOST_OK) {
		snprintf(text, sizeof(text), " = %s", host[c->host]);
		trace_add(trace, text);
	} else {
		snprintf(text, sizeof(text), " = %02x", c->status);
		trace_add(trace, text);
		trace_bytes(trace, c->sense,
			    c->sense_size < sizeof(c->sense) ? c->sense_size : sizeof(c->sense));
	}
	trace_add(trace, "\n");
}

int sp_sim_trace_flush(struct sp_sim_trace_file *trace, struct sp_error *err)
{
	trace_write(trace);
	if (trace->error.status && err)
		*err = trace->error;
	return trace->error.status;
}

void sp_sim_trace_free(struct sp_sim_trace_file *trace)
{
	if (!trace)
		return;
	trace_write(trace);
	sp_io_close(trace->io);
	free(trace);
}
