/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of a stream of matches. */
#include "codec/lz.h"

#include <stdlib.h>

bool lz_window_init(struct lz_window *window, size_t history, size_t size, size_t margin)
{
	uint8_t *buffer = malloc(size);

	if (!buffer)
		return false;
	*window = (struct lz_window){
		.out = {buffer, buffer, buffer + size, margin},
		.buffer = buffer,
		.given = buffer,
		.history = history,
	};
	return true;
}

void lz_window_free(struct lz_window *window)
{
	free(window->buffer);
}

bool lz_window_give(struct lz_window *window, uint8_t **out, size_t *out_room)
{
	const size_t ready = (size_t)(window->out.at - window->given);
	const size_t n = ready < *out_room ? ready : *out_room;

	if (n)
		memcpy(*out, window->given, n);
	window->given += n;
	*out += n;
	*out_room -= n;
	return n == ready;
}

void lz_window_slide(struct lz_window *window)
{
	struct lz_out *out = &window->out;
	const size_t made = (size_t)(out->at - window->buffer);

	if (lz_room(out) >= out->margin || made <= window->history)
		return;
	memmove(window->buffer, out->at - window->history, window->history);
	out->at = window->buffer + window->history;
	window->given = out->at;
}
