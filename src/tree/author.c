/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder becomes an ISO 9660 image, by libisofs: its thread makes the bytes, our source hands
 * them on. libisofs keeps its messages and its idea of "now" for the whole process. */
#include "tree/isofs.h"

#include "base/bytes.h"
#include "disc/data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	AUTHOR_BLOCK = 2048,
	AUTHOR_ROOM = 512,  /* application use, ECMA-119 8.4.32 */
	AUTHOR_VOLUME = 32, /* ECMA-119 8.4.7 */
};
#define AUTHOR_EPOCH 315532800  /* 1 January 1980 */
#define AUTHOR_LAST  4102444799 /* the last second of 2099 */

int sp_author_date(struct sp_author *author, bool asked, struct sp_error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char *end;

	author->epoch = AUTHOR_EPOCH;
	author->reproducible = asked || (epoch && *epoch);
	if (!epoch || !*epoch)
		return 0;
	const long long value = strtoll(epoch, &end, 10);
	if (*end || value < 0 || value > AUTHOR_LAST)
		return sp_fail(err, SP_ERR_USAGE, "SOURCE_DATE_EPOCH=%s: not seconds since 1970",
			       epoch);
	author->epoch = value;
	return 0;
}

/* The folder's name in the letters ECMA-119 7.4.1 allows. */
static int author_volume(char volume[AUTHOR_VOLUME + 1], const char *folder, struct sp_error *err)
{
	char *path = folder ? realpath(folder, NULL) : NULL;
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash && slash[1] ? slash + 1 : "ISOIMAGE";
	size_t n = 0;

	if (folder && !path)
		return sp_fail_errno(err, errno, "%s", folder);
	for (; n < AUTHOR_VOLUME && name[n]; n++)
		volume[n] =
			name[n] >= 'a' && name[n] <= 'z' ? (char)(name[n] - 32)
			: (name[n] >= 'A' && name[n] <= 'Z') || (name[n] >= '0' && name[n] <= '9')
				? name[n]
				: '_';
	volume[n] = '\0';
	free(path);
	return 0;
}

void sp_author_hear(const struct sp_notes *notes, char worst[ISO_MSGS_MESSAGE_LEN])
{
	char text[ISO_MSGS_MESSAGE_LEN], severity[80];
	int code, id;

	worst[0] = '\0';
	while (iso_obtain_msgs((char *)"WARNING", &code, &id, text, severity) == 1) {
		if (strcmp(severity, "WARNING") != 0) {
			if (!worst[0])
				memcpy(worst, text, sizeof(text));
		} else {
			sp_note(notes, "%s", text);
		}
	}
}

int sp_author_fail(const struct sp_author *from, int code, const char *what, struct sp_error *err)
{
	char worst[ISO_MSGS_MESSAGE_LEN];

	sp_author_hear(from ? from->notes : NULL, worst);
	return sp_fail(err, SP_ERR_IO, "%s: %s", what, worst[0] ? worst : iso_error_to_msg(code));
}

static int author_ids(struct author *author, struct sp_error *err)
{
	static void (*const set[SP_AUTHOR_IDS])(IsoImage *, const char *) = {
		[SP_AUTHOR_VOLUME] = iso_image_set_volume_id,
		[SP_AUTHOR_VOLUME_SET] = iso_image_set_volset_id,
		[SP_AUTHOR_PUBLISHER] = iso_image_set_publisher_id,
		[SP_AUTHOR_PREPARER] = iso_image_set_data_preparer_id,
		[SP_AUTHOR_APPLICATION] = iso_image_set_application_id,
		[SP_AUTHOR_SYSTEM] = iso_image_set_system_id,
		[SP_AUTHOR_COPYRIGHT] = iso_image_set_copyright_file_id,
		[SP_AUTHOR_ABSTRACT] = iso_image_set_abstract_file_id,
		[SP_AUTHOR_BIBLIOGRAPHY] = iso_image_set_biblio_file_id,
	};
	char blank[AUTHOR_ROOM], volume[AUTHOR_VOLUME + 1];

	if (!author->from->id[SP_AUTHOR_VOLUME] && !author->from->append) {
		const int r = author_volume(volume, author->from->folder, err);

		if (r < 0)
			return r;
		iso_image_set_volume_id(author->image, volume);
	}
	for (size_t i = 0; i < SP_AUTHOR_IDS; i++)
		if (author->from->id[i])
			set[i](author->image, author->from->id[i]);
	memset(blank, ' ', sizeof(blank)); /* where isomd5sum's text goes, else it is refused */
	if (author->from->checksum == SP_AUTHOR_ISOMD5)
		iso_image_set_app_use(author->image, blank, sizeof(blank));
	return 0;
}

static int author_options(struct author *author, struct sp_error *err)
{
	const struct sp_author *from = author->from;
	IsoWriteOpts *o = author->opts;
	const int md5 = from->checksum == SP_AUTHOR_LIBISOFS;
	struct tm day;
	char uuid[17];

	iso_write_opts_set_iso_level(o, 3); /* several extents: files over 4 GiB */
	iso_write_opts_set_rockridge(o, !from->no_rock_ridge);
	iso_write_opts_set_joliet(o, !from->no_joliet);
	iso_write_opts_set_joliet_longer_paths(o, 1);
	iso_write_opts_set_joliet_long_names(o, 1);
	iso_write_opts_set_joliet_utf16(o, 1);
	iso_write_opts_set_hfsplus(o, from->hfsplus);
	if (from->efi && !from->no_hybrid) /* an Apple map beside a GPT counts as discs do */
		iso_write_opts_set_hfsp_block_size(o, 2048, 2048);
	iso_write_opts_set_allow_deep_paths(o, 1);
	iso_write_opts_set_allow_longer_paths(o, 1);
	iso_write_opts_set_hardlinks(o, 1);
	iso_write_opts_set_dir_rec_mtime(o, 7);
	iso_write_opts_set_always_gmt(o, 1);
	iso_write_opts_set_sort_files(o, 1);
	iso_write_opts_set_aaip(
		o, md5); /* the list of checksums is found by an attribute of the root */
	iso_write_opts_set_old_empty(o, 0);
	iso_write_opts_set_record_md5(o, md5, md5);
	iso_write_opts_set_tail_blocks(o, 0);
	iso_write_opts_set_fifo_size(o, 4096);
	if (!from->reproducible)
		return 0;
	if (!gmtime_r(&author->now, &day) || !strftime(uuid, sizeof(uuid), "%Y%m%d%H%M%S00", &day))
		return sp_fail(err, SP_ERR_USAGE, "%lld is no time that an image can be dated",
			       (long long)author->now);
	uint8_t serial[8];
	put_be64(serial, (uint64_t)author->now);
	iso_write_opts_set_hfsp_serial_number(o, serial);
	iso_write_opts_set_pvd_times(o, author->now, author->now, 0, 0, uuid);
	iso_write_opts_set_gpt_guid(o, NULL, 2); /* of the uuid */
	return 0;
}

static int author_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct author *author = (struct author *)src;
	char worst[ISO_MSGS_MESSAGE_LEN];

	if (span->lba != author->next)
		return sp_fail(err, SP_ERR_USAGE, "an image in the making is read once, in order");
	const size_t size = (size_t)span->count * AUTHOR_BLOCK;
	for (size_t done = 0; done < size;) {
		const size_t left = size - done;
		const int wanted = left > 1 << 20 ? 1 << 20 : (int)left;
		const int got = author->stream->read_xt(author->stream, span->data + done, wanted);

		sp_author_hear(NULL, worst);
		if (got == wanted && !worst[0]) {
			done += (size_t)got;
			continue;
		}
		return sp_fail(err, SP_ERR_IO, "%s",
			       worst[0] ? worst : "the image ends before its announced size");
	}
	memset(span->state, 0, span->count * sizeof(span->state[0]));
	author->next += span->count;
	return 0;
}

static void author_close(struct sp_source *src)
{
	struct author *author = (struct author *)src;

	if (author->stream) {
		author->stream->cancel(author->stream);
		author->stream->free_data(author->stream);
		free(author->stream);
	}
	if (author->opts)
		iso_write_opts_free(author->opts);
	if (author->image)
		iso_image_unref(author->image);
	if (author->efi >= 0)
		close(author->efi);
	sp_disc_free(src->disc);
	free(author);
}

static int author_start(struct author *author, struct sp_error *err)
{
	int r = iso_init();

	if (r >= 0)
		r = iso_set_msgs_severities((char *)"WARNING", (char *)"NEVER", (char *)"");
	/* SORRY is how a file that cannot be read is told: not to be left out unsaid */
	if (r >= 0)
		r = iso_set_abort_severity((char *)"SORRY");
	if (r >= 0)
		r = iso_set_local_charset((char *)"UTF-8", 0);
	time_t now = author->now;
	if (r >= 0)
		r = iso_nowtime(&now, 1);
	if (r >= 0)
		r = iso_image_new("", &author->image);
	if (r >= 0)
		r = iso_write_opts_new(&author->opts, 1);
	return r < 0 ? sp_author_fail(author->from, r, "libisofs", err) : 0;
}

int sp_author_open(struct sp_source **out, const struct sp_author *from, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = author_read, .close = author_close};
	struct author *author = calloc(1, sizeof(*author));

	if (!author)
		return sp_fail_memory(err);
	author->source = (struct sp_source){.ops = &ops, .caps = SP_SOURCE_ONCE};
	author->from = from;
	author->efi = -1;
	author->now = from->reproducible ? (time_t)from->epoch : time(NULL);
	author->names = (struct sp_author_names){.rock_ridge = !from->no_rock_ridge,
						 .joliet = !from->no_joliet};
	int r = author_start(author, err);
	if (!r)
		r = sp_author_tree(author, err);
	if (!r)
		r = author_ids(author, err);
	if (!r)
		r = sp_author_boot(author, err);
	if (!r)
		r = sp_author_walk(author, err);
	if (!r)
		r = sp_author_names_judge(&author->names, from->lossy, from->notes, err);
	if (!r)
		r = author_options(author, err);
	if (!r) {
		r = iso_image_create_burn_source(author->image, author->opts, &author->stream);
		r = r < 0 ? sp_author_fail(author->from, r, "the image", err) : 0;
	}
	if (!r) {
		author->source.disc = sp_disc_data(
			(uint64_t)author->stream->get_size(author->stream) / AUTHOR_BLOCK);
		r = author->source.disc ? sp_disc_check(author->source.disc, err)
					: sp_fail_memory(err);
	}
	author->from = NULL;
	if (r < 0) {
		author_close(&author->source);
		return r;
	}
	if (from->checksum == SP_AUTHOR_ISOMD5)
		return sp_isomd5_view(out, &author->source, err);
	*out = &author->source;
	return 0;
}
