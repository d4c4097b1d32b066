/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names: which ones the trees of an image cannot hold, and where files and sessions are. */
#include "tree/author.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* UTF-16 units of a name. The Joliet specification allows 64; every reader since takes 103, which
 * is what fits into a directory record beside the rest. */
#define JOLIET_NAME_MAX 103

/* Units of UTF-16 that UTF-8 text becomes. False: it is not UTF-8. */
static bool names_units(const char *name, unsigned *units)
{
	const unsigned char *at = (const unsigned char *)name;

	for (*units = 0; *at; ++*units) {
		const unsigned extra = *at < 0x80   ? 0
				       : *at < 0xc2 ? 4
				       : *at < 0xe0 ? 1
				       : *at < 0xf0 ? 2
				       : *at < 0xf5 ? 3
						    : 4;

		if (extra == 4)
			return false;
		for (unsigned i = 1; i <= extra; i++)
			if ((at[i] & 0xc0) != 0x80)
				return false;
		*units += extra == 3; /* a surrogate pair */
		at += 1 + extra;
	}
	return true;
}

static void names_count(struct sp_author_names *names, unsigned fault, const char *path)
{
	const size_t size = strlen(path), room = sizeof(names->first[0]) - 1;

	if (names->count[fault]++)
		return;
	const bool cut = size > room; /* the end tells more */
	memcpy(names->first[fault], cut ? "…" : "", cut ? 3 : 0);
	memcpy(names->first[fault] + (cut ? 3 : 0), cut ? path + size - (room - 3) : path,
	       (cut ? room - 3 : size) + 1);
}

void sp_author_name(struct sp_author_names *names, const char *path, const char *name,
		    unsigned node)
{
	unsigned units;
	const bool text = names_units(name ? name : "", &units);

	if (!text)
		names_count(names, SP_AUTHOR_LATIN, path);
	/* Joliet specification, "allowed characters": what a DOS shell would take for its own */
	if (names->joliet && name && node == SP_AUTHOR_PLAIN && text &&
	    (units > JOLIET_NAME_MAX || strpbrk(name, "*:;?\\") != NULL))
		names_count(names, SP_AUTHOR_JOLIET, path);
	if (!names->rock_ridge && node == SP_AUTHOR_LINK)
		names_count(names, SP_AUTHOR_LINKS, path);
	if (!names->rock_ridge && node == SP_AUTHOR_SPECIAL)
		names_count(names, SP_AUTHOR_SPECIALS, path);
}

int sp_author_names_judge(const struct sp_author_names *names, bool lossy,
			  const struct sp_notes *notes, struct sp_error *err)
{
	static const char *const what[SP_AUTHOR_FAULTS] = {
		[SP_AUTHOR_JOLIET] = "name(s) the Joliet tree cannot hold as they are",
		[SP_AUTHOR_LATIN] = "name(s) that are not UTF-8",
		[SP_AUTHOR_LINKS] = "symbolic link(s), which only Rock Ridge holds",
		[SP_AUTHOR_SPECIALS] =
			"device(s), FIFO(s) and socket(s), which only Rock Ridge holds",
	};
	static const char *const way[SP_AUTHOR_FAULTS] = {
		[SP_AUTHOR_JOLIET] =
			"mkiso --no-joliet leaves that tree out, mkiso --lossy changes them there",
		[SP_AUTHOR_LATIN] = "rename them; mkiso --lossy takes them as they are",
		[SP_AUTHOR_LINKS] = "leave out --no-rock-ridge; --lossy leaves them out",
		[SP_AUTHOR_SPECIALS] = "leave out --no-rock-ridge; --lossy leaves them out",
	};

	for (size_t i = 0; i < SP_AUTHOR_FAULTS; i++) {
		if (!names->count[i])
			continue;
		if (!lossy)
			return sp_fail(err, SP_ERR_LOSSY, "%" PRIu64 " %s, the first is %s: %s",
				       names->count[i], what[i], names->first[i], way[i]);
		sp_note(notes, "%" PRIu64 " %s, the first is %s", names->count[i], what[i],
			names->first[i]);
	}
	return 0;
}

char *sp_author_absolute(const char *path, struct sp_error *err)
{
	char *absolute = realpath(path, NULL);

	if (!absolute)
		sp_fail_errno(err, errno, "%s", path);
	return absolute;
}

/* Where the session after the last one of a CD begins: lead-out of 90 s, 30 s after the first;
 * lead-in of 60 s; pregap of 2 s (Orange Book part II). */
int sp_author_next(sp_lba *next, const struct sp_author *from, struct sp_error *err)
{
	const struct sp_disc *disc = from->append->disc;
	const sp_lba end = disc->session[disc->sessions - 1].lead_out;

	*next = from->next;
	if (*next == SP_LBA_NONE && disc->medium != SP_MEDIUM_CD)
		return sp_fail(err, SP_ERR_USAGE,
			       "where the next session begins is told by the drive (next writable "
			       "address): say it with -O next=LBA");
	if (*next == SP_LBA_NONE)
		*next = end + (disc->sessions == 1 ? 6750 : 2250) + 4500 + 150;
	if (*next < end || *next > UINT32_MAX)
		return sp_fail(
			err, SP_ERR_USAGE,
			"a session at LBA %lld would lie within the disc, which ends at %lld",
			(long long)*next, (long long)end);
	return 0;
}
