/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State words in pages: only pages with news are held. */
#include "stream/store_state.h"

#include "base/bytes.h"
#include "stream/store.h"

#include <stdlib.h>
#include <string.h>

struct sp_states_page {
	uint64_t number;
	uint32_t first, end; /* bytes that are to be written */
	uint8_t word[SP_STATES_PAGE * 2];
};

/* Words as the file has them; past its end nothing is there. */
static int states_file(const struct sp_states *states, uint64_t index, uint32_t count,
		       uint8_t *words, struct sp_error *err)
{
	const uint64_t at = index * 2, size = states->io->size;
	const size_t want = (size_t)count * 2;
	const size_t have = at >= size ? 0 : size - at < want ? (size_t)(size - at) : want;

	memset(words + have, 0, want - have);
	return have ? sp_io_read(states->io, at, words, have, err) : 0;
}

/* Index of the first page whose number is not less. */
static size_t states_find(const struct sp_states *states, uint64_t number)
{
	size_t low = 0, high = states->pages;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (states->page[mid]->number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int sp_states_get(const struct sp_states *states, uint64_t index, uint32_t count, uint16_t *words,
		  struct sp_error *err)
{
	uint8_t file[SP_STATES_CHUNK * 2];
	const int rc = states_file(states, index, count, file, err);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t number = (index + i) / SP_STATES_PAGE;
		const size_t at = states_find(states, number);
		const bool waits = at < states->pages && states->page[at]->number == number;

		words[i] =
			get_le16(waits ? states->page[at]->word + (index + i) % SP_STATES_PAGE * 2
				       : file + (size_t)i * 2);
	}
	return 0;
}

/* The page of that number, begun from the file when there is none yet. */
static int states_page(struct sp_states *states, uint64_t number, struct sp_states_page **out,
		       struct sp_error *err)
{
	const size_t at = states_find(states, number);

	if (at < states->pages && states->page[at]->number == number) {
		*out = states->page[at];
		return 0;
	}
	struct sp_states_page *page = malloc(sizeof(*page));
	if (!page)
		return sp_fail_memory(err);
	page->number = number;
	page->first = sizeof(page->word);
	page->end = 0;
	const int rc =
		states_file(states, number * SP_STATES_PAGE, SP_STATES_PAGE, page->word, err);
	if (rc < 0) {
		free(page);
		return rc;
	}
	memmove(&states->page[at + 1], &states->page[at],
		(states->pages - at) * sizeof(states->page[0]));
	states->page[at] = page;
	states->pages++;
	*out = page;
	return 0;
}

bool sp_states_full(const struct sp_states *states)
{
	return states->pages + 2 > SP_STATES_PAGES; /* a chunk may touch two */
}

int sp_states_set(struct sp_states *states, uint64_t index, uint32_t count, const uint16_t *words,
		  struct sp_error *err)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t at = (uint32_t)((index + i) % SP_STATES_PAGE) * 2;
		struct sp_states_page *page = NULL;
		const int rc = states_page(states, (index + i) / SP_STATES_PAGE, &page, err);

		if (rc < 0)
			return rc;
		put_le16(page->word + at, words ? words[i] : 0);
		page->first = at < page->first ? at : page->first;
		page->end = at + 2 > page->end ? at + 2 : page->end;
	}
	return 0;
}

int sp_states_take_out(struct sp_states *states, uint64_t index, uint32_t count,
		       struct sp_error *err)
{
	uint8_t words[SP_STATES_CHUNK * 2];
	uint32_t end = 0; /* behind the last one to take out */
	int rc = states_file(states, index, count, words, err);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < count; i++) {
		const uint16_t word = get_le16(words + (size_t)i * 2);

		/* the data of an unread one is filler, whatever it is */
		if (!(word & SP_STORE_HAVE) || word & SP_STATE_UNREAD)
			continue;
		put_le16(words + (size_t)i * 2, 0);
		end = i + 1;
	}
	if (!end)
		return 0;
	rc = sp_io_write(states->io, index * 2, words, (size_t)end * 2, err);
	return rc ? rc : sp_io_sync(states->io, err);
}

int sp_states_flush(struct sp_states *states, struct sp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < states->pages; i++) {
		const struct sp_states_page *page = states->page[i];

		if (page->first < page->end)
			rc = sp_io_write(states->io,
					 page->number * SP_STATES_PAGE * 2 + page->first,
					 page->word + page->first, page->end - page->first, err);
	}
	if (!rc)
		rc = sp_io_sync(states->io, err);
	if (!rc)
		sp_states_clear(states);
	return rc;
}

void sp_states_clear(struct sp_states *states)
{
	while (states->pages)
		free(states->page[--states->pages]);
}
