/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drive as the kernel has it: opened, closed, read as a block device. */
#include "door/block.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

enum { BLOCK_SIZE = 2048, BLOCK_AT_ONCE = 16, BLOCK_TRIES = 5 };

/* A command of the kernel's own: unit attentions are news of a change and asked again. */
static int block_execute(struct door_block *block, struct sp_command *c)
{
	for (unsigned i = 0; i < BLOCK_TRIES; i++) {
		sp_sim_execute(block->sim, c);
		if (c->host != SP_HOST_OK)
			return EIO;
		if (c->status == SP_SCSI_GOOD)
			return 0;
		if ((c->sense[2] & 15) == 6) {
			block->known = false;
			continue;
		}
		return (c->sense[2] & 15) == 2 && c->sense[12] == 0x3a ? ENOMEDIUM : EIO;
	}
	return EIO;
}

static int block_plain(struct door_block *block, uint8_t opcode, uint8_t byte4)
{
	struct sp_command c = {.cdb = {opcode, 0, 0, 0, byte4}, .cdb_size = 6};

	return block_execute(block, &c);
}

int door_block_open(struct door_block *block, bool nonblock)
{
	int wrong = block_plain(block, 0x00, 0);

	if (nonblock)
		return 0;
	if (wrong == ENOMEDIUM && !block_plain(block, 0x1b, 3))
		wrong = block_plain(block, 0x00, 0);
	if (wrong)
		return wrong;
	block_plain(block, 0x1e, 1);
	return 0;
}

void door_block_release(struct door_block *block)
{
	block_plain(block, 0x1e, 0);
	block->known = false;
}

int door_block_size(struct door_block *block, uint64_t *size)
{
	uint8_t data[8] = {0};
	struct sp_command c = {.cdb = {0x25},
			       .cdb_size = 10,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data)};

	if (!block->known) {
		const int wrong = block_execute(block, &c);

		if (wrong)
			return wrong;
		block->size = ((uint64_t)get_be32(data) + 1) * BLOCK_SIZE;
		block->known = true;
	}
	*size = block->size;
	return 0;
}

int door_block_read(struct door_block *block, uint64_t at, void *data, size_t size, size_t *done)
{
	uint8_t sectors[BLOCK_AT_ONCE * BLOCK_SIZE];
	uint64_t end;
	int wrong = door_block_size(block, &end);

	*done = 0;
	if (wrong)
		return wrong;
	while (!wrong && size && at < end) {
		const uint64_t lba = at / BLOCK_SIZE, left = end / BLOCK_SIZE - lba;
		const size_t skip = at % BLOCK_SIZE;
		uint64_t count = (skip + size + BLOCK_SIZE - 1) / BLOCK_SIZE;

		count = count < BLOCK_AT_ONCE ? count : BLOCK_AT_ONCE;
		count = count < left ? count : left;
		struct sp_command c = {.cdb = {0x28, [8] = (uint8_t)count},
				       .cdb_size = 10,
				       .direction = SP_DATA_IN,
				       .data = sectors,
				       .size = (size_t)count * BLOCK_SIZE};
		put_be32(c.cdb + 2, (uint32_t)lba);
		wrong = block_execute(block, &c);
		if (wrong || c.done <= skip)
			break;
		const size_t n = c.done - skip < size ? c.done - skip : size;
		memcpy(data, sectors + skip, n);
		data = (uint8_t *)data + n;
		size -= n;
		at += n;
		*done += n;
	}
	return *done ? 0 : wrong;
}

/* A load or eject, and all that records or erases. The kernel itself does not see the latter: until
 * the disc is taken out and put in again it keeps the old size, which is of no use to anyone. */
void door_block_saw(struct door_block *block, const struct sp_command *command)
{
	static const uint8_t changing[] = {0x04, 0x1b, 0x2a, 0x35, 0x5b, 0x5d, 0xa1, 0xaa, 0xbf};

	if (memchr(changing, command->cdb[0], sizeof(changing)) || command->status != SP_SCSI_GOOD)
		block->known = false;
}
