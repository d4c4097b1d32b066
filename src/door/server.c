/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that has the drives. One thread: drives are machines that do one thing at a time. A
 * client that is killed, stopped or mad costs its own connection and nothing else. */
#include "door/server.h"

#include "door/block.h"
#include "door/protocol.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SERVER_CLIENTS = 512 };

struct door_client {
	int fd;
	bool handle; /* said DOOR_OPEN: until it ends there is a handle */
	uint32_t drive, access;
	uint64_t number;
	int64_t at; /* where read(2) goes on */
	struct door_request request;
	size_t have; /* of the request and the data behind it */
	uint8_t *data;
	uint8_t *reply; /* the answer and the data behind it, from `sent` on still to go; NULL: none
			 */
	size_t reply_size, sent;
};

struct door_server {
	int listener;
	unsigned drives, clients, pace;
	struct sp_sim_drive *drive;
	struct door_block block[DOOR_MAX_DRIVES];
	struct door_client client[SERVER_CLIENTS];
	struct timespec last;
	char folder[96];
};

int door_server_new(struct door_server **out, const char *folder, struct sp_sim_drive *drive,
		    unsigned drives, unsigned pace, struct sp_error *err)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct door_server *server = calloc(1, sizeof(*server));

	if (!server)
		return sp_fail_memory(err);
	server->drive = drive;
	server->drives = drives;
	server->pace = pace;
	for (unsigned i = 0; i < drives; i++)
		server->block[i].sim = drive[i].sim;
	snprintf(server->folder, sizeof(server->folder), "%s", folder);
	snprintf(name.sun_path, sizeof(name.sun_path), "%.90s/" DOOR_SOCKET, folder);
	clock_gettime(CLOCK_MONOTONIC, &server->last);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener < 0 ||
	    bind(server->listener, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(server->listener, SERVER_CLIENTS) < 0) {
		const int r = sp_fail_errno(err, errno, "%s", name.sun_path);

		door_server_free(server);
		return r;
	}
	*out = server;
	return 0;
}

/* --- what clients ask --------------------------------------------------------------------------
 */

/* The drives' own time goes on between commands. */
static void server_pass_time(struct door_server *server)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	const int64_t us = (now.tv_sec - server->last.tv_sec) * 1000000 +
			   (now.tv_nsec - server->last.tv_nsec) / 1000;
	server->last = now;
	for (unsigned i = 0; us > 0 && i < server->drives; i++)
		sp_sim_wait(server->drive[i].sim, (uint64_t)us * server->pace);
}

static struct door_client *server_handle(struct door_server *server, uint64_t number)
{
	for (unsigned i = 0; i < server->clients; i++)
		if (server->client[i].handle && server->client[i].number == number)
			return &server->client[i];
	return NULL;
}

/* O_EXCL: sr's claim keeps out those who claim too, sg's keeps out all (EBUSY of either). */
static bool server_busy(const struct door_server *server, uint32_t drive, uint32_t access)
{
	for (unsigned i = 0; i < server->clients; i++) {
		const struct door_client *other = &server->client[i];

		if (!other->handle || other->drive != drive ||
		    ((other->access ^ access) & DOOR_GENERIC))
			continue;
		const bool one = (other->access | access) & DOOR_EXCLUSIVE;
		const bool both = other->access & access & DOOR_EXCLUSIVE;
		if (access & DOOR_GENERIC ? one : both)
			return true;
	}
	return false;
}

static int server_open(struct door_server *server, struct door_client *client)
{
	const struct door_request *q = &client->request;
	struct door_block *block = &server->block[q->drive];
	int wrong = 0;

	if (client->handle || server_handle(server, q->handle))
		return EEXIST;
	if (server_busy(server, q->drive, q->access))
		return EBUSY;
	if (!(q->access & DOOR_GENERIC)) {
		const bool nonblock = q->access & DOOR_NONBLOCK;

		wrong = door_block_open(block, nonblock);
		if (!wrong && q->access & DOOR_WRITE && !nonblock)
			wrong = EROFS;
		if (wrong) {
			if (!block->users)
				door_block_release(block);
			return wrong;
		}
	}
	client->handle = true;
	client->drive = q->drive;
	client->access = q->access;
	client->number = q->handle;
	block->users++;
	return 0;
}

static void server_close(struct door_server *server, struct door_client *client)
{
	client->handle = false;
	if (!--server->block[client->drive].users)
		door_block_release(&server->block[client->drive]);
}

static void server_command(struct door_server *server, const struct door_client *client,
			   struct door_answer *answer, uint8_t *in)
{
	const struct door_request *q = &client->request;
	struct sp_command c = {.cdb_size = q->cdb_size,
			       .direction = q->direction,
			       .data = q->direction == DOOR_OUT ? client->data : in,
			       .size = q->size,
			       .timeout_ms = q->timeout_ms};

	memcpy(c.cdb, q->cdb, sizeof(c.cdb));
	sp_sim_execute(server->drive[q->drive].sim, &c);
	door_block_saw(&server->block[q->drive], &c);
	answer->host = c.host;
	answer->status = c.status;
	answer->done = (uint32_t)c.done;
	answer->took_us = c.took_us;
	answer->sense_size =
		c.sense_size < DOOR_MAX_SENSE ? (uint32_t)c.sense_size : DOOR_MAX_SENSE;
	memcpy(answer->sense, c.sense, answer->sense_size);
}

static int server_seek(struct door_server *server, struct door_client *handle, int64_t offset,
		       uint32_t whence)
{
	uint64_t size = 0;
	const int wrong =
		whence == SEEK_END ? door_block_size(&server->block[handle->drive], &size) : 0;
	const int64_t base = whence == SEEK_SET   ? 0
			     : whence == SEEK_CUR ? handle->at
						  : (int64_t)size;

	if (wrong)
		return wrong;
	if (whence > SEEK_END || offset > INT64_MAX / 2 || offset < -base)
		return EINVAL;
	handle->at = base + offset;
	return 0;
}

static int server_read(struct door_server *server, struct door_client *handle,
		       const struct door_request *q, uint8_t *in, uint32_t *done)
{
	size_t n = 0;
	const uint64_t at = q->offset < 0 ? (uint64_t)handle->at : (uint64_t)q->offset;
	const int wrong = door_block_read(&server->block[handle->drive], at, in, q->size, &n);

	if (!wrong && q->offset < 0)
		handle->at += (int64_t)n;
	*done = (uint32_t)n;
	return wrong;
}

static int server_answer(struct door_server *server, struct door_client *client,
			 struct door_answer *answer, uint8_t *in)
{
	const struct door_request *q = &client->request;

	if (q->drive >= server->drives)
		return ENXIO;
	server_pass_time(server);
	if (q->what == DOOR_OPEN)
		return server_open(server, client);
	struct door_client *handle = server_handle(server, q->handle);
	if (!handle || handle->drive != q->drive)
		return EBADF;
	switch (q->what) {
	case DOOR_COMMAND:
		server_command(server, client, answer, in);
		return 0;
	case DOOR_READ:
		return server_read(server, handle, q, in, &answer->done);
	case DOOR_SEEK: {
		const int wrong = server_seek(server, handle, q->offset, q->whence);

		answer->offset = handle->at;
		return wrong;
	}
	case DOOR_SIZE: {
		uint64_t size = 0;
		const int wrong = door_block_size(&server->block[q->drive], &size);

		answer->offset = (int64_t)size;
		return wrong;
	}
	default:
		return EPROTO;
	}
}

/* --- connections -------------------------------------------------------------------------------
 */

static bool server_request_right(const struct door_request *q)
{
	return q->magic == DOOR_MAGIC && q->size <= DOOR_MAX_DATA && q->direction <= DOOR_OUT &&
	       q->cdb_size <= DOOR_MAX_CDB;
}

static size_t server_data_size(const struct door_request *q)
{
	return q->what == DOOR_COMMAND && q->direction == DOOR_OUT ? q->size : 0;
}

/* The request is whole: answers it. False: no memory. */
static bool server_execute(struct door_server *server, struct door_client *client)
{
	const struct door_request *q = &client->request;
	const bool comes =
		q->what == DOOR_READ || (q->what == DOOR_COMMAND && q->direction == DOOR_IN);
	struct door_answer answer = {.magic = DOOR_MAGIC};

	client->reply = calloc(1, sizeof(answer) + (comes ? q->size : 0));
	if (!client->reply)
		return false;
	answer.error = server_answer(server, client, &answer, client->reply + sizeof(answer));
	memcpy(client->reply, &answer, sizeof(answer));
	client->reply_size = sizeof(answer) + (comes && !answer.error ? answer.done : 0);
	client->sent = 0;
	client->have = 0;
	free(client->data);
	client->data = NULL;
	return true;
}

/* What there is to read; false: the connection is over. */
static bool server_receive(struct door_server *server, struct door_client *client)
{
	const size_t head = sizeof(client->request);
	uint8_t *to = (uint8_t *)&client->request + client->have;
	size_t want = head - client->have;

	if (client->have >= head) {
		to = client->data + (client->have - head);
		want = head + server_data_size(&client->request) - client->have;
	}
	const ssize_t n = recv(client->fd, to, want, MSG_DONTWAIT);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	client->have += (size_t)n;
	if (client->have < head)
		return true;
	if (client->have == head) {
		if (!server_request_right(&client->request))
			return false;
		const size_t size = server_data_size(&client->request);
		if (size && !(client->data = malloc(size)))
			return false;
	}
	return client->have < head + server_data_size(&client->request) ||
	       server_execute(server, client);
}

static bool server_send(struct door_client *client)
{
	const ssize_t n = send(client->fd, client->reply + client->sent,
			       client->reply_size - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	client->sent += (size_t)n;
	if (client->sent == client->reply_size) {
		free(client->reply);
		client->reply = NULL;
	}
	return true;
}

static void server_drop(struct door_server *server, unsigned i)
{
	struct door_client *client = &server->client[i];

	if (client->handle)
		server_close(server, client);
	close(client->fd);
	free(client->data);
	free(client->reply);
	server->client[i] = server->client[--server->clients];
}

static void server_accept(struct door_server *server)
{
	const int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (server->clients == SERVER_CLIENTS)
		close(fd);
	else
		server->client[server->clients++] = (struct door_client){.fd = fd};
}

int door_server_run(struct door_server *server, int wake, struct sp_error *err)
{
	struct pollfd polled[SERVER_CLIENTS + 2];

	for (;;) {
		const unsigned clients = server->clients;

		polled[0] = (struct pollfd){.fd = server->listener, .events = POLLIN};
		polled[1] = (struct pollfd){.fd = wake, .events = POLLIN};
		for (unsigned i = 0; i < clients; i++)
			polled[i + 2] = (struct pollfd){.fd = server->client[i].fd,
							.events = server->client[i].reply ? POLLOUT
											  : POLLIN};
		if (poll(polled, clients + 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return sp_fail_errno(err, errno, "poll");
		}
		/* from the last one on: a dropped one's place is taken by one that was looked at */
		for (unsigned i = clients; i-- > 0;) {
			struct door_client *client = &server->client[i];
			bool lives = true;

			if (client->reply && polled[i + 2].revents)
				lives = server_send(client);
			else if (polled[i + 2].revents) {
				lives = server_receive(server, client);
				if (lives && client->reply)
					lives = server_send(client);
			}
			if (!lives)
				server_drop(server, i);
		}
		if (polled[0].revents)
			server_accept(server);
		if (polled[1].revents)
			return 0;
	}
}

void door_server_free(struct door_server *server)
{
	char path[128];

	if (!server)
		return;
	while (server->clients)
		server_drop(server, 0);
	if (server->listener >= 0)
		close(server->listener);
	snprintf(path, sizeof(path), "%s/" DOOR_SOCKET, server->folder);
	unlink(path);
	free(server);
}
