/*
 * A web server of one thread on the sockets of preview 1, by the C library: descriptor 3 listens. Answers one connection
 * after another with what was asked; /quit ends it with 7.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wasi/api.h>

#define LISTENER 3

static int next_connection(void) {
  /* A listener that is given does not wait. */
  struct pollfd listener = {LISTENER, POLLRDNORM, 0};
  if (poll(&listener, 1, -1) != 1) {
    fprintf(stderr, "poll: %s\n", strerror(errno));
    exit(1);
  }
  /* What accept() calls, which the C library has only since the end of 2022. */
  __wasi_fd_t connection;
  return __wasi_sock_accept(LISTENER, 0, &connection) == 0 ? (int)connection : -1;
}

/* All that comes before an empty line. */
static void receive_head(int connection, char *head, size_t room) {
  size_t size = 0;
  for (head[0] = 0; size < room - 1 && strstr(head, "\r\n\r\n") == NULL; head[size] = 0) {
    ssize_t n = recv(connection, head + size, room - 1 - size, 0);
    if (n <= 0) return;
    size += n;
  }
}

static void send_all(int connection, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    ssize_t n = send(connection, text, left, 0);
    if (n < 0) return;
    text += n;
    left -= n;
  }
}

int main(void) {
  puts("listening");
  fflush(stdout);
  for (;;) {
    static char head[8192], answer[9000];
    int connection = next_connection();
    if (connection < 0) continue;
    receive_head(connection, head, sizeof head);
    char *end = strchr(head, '\r');
    if (end != NULL) *end = 0;
    int size = snprintf(NULL, 0, "hello from c: %s\n", head);
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\nhello from c: %s\n",
             size, head);
    send_all(connection, answer);
    shutdown(connection, SHUT_RDWR);
    close(connection);
    if (strncmp(head, "GET /quit", 9) == 0) return 7;
  }
}
