/* A web server of one thread on WasmEdge's calls for sockets: one connection after another; /quit ends it with 7. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))
typedef struct {
  void *buf;
  uint32_t len;
} address;
IMPORT("sock_open") int sock_open(int family, int type, int *fd);
IMPORT("sock_bind") int sock_bind(int fd, address *to, int port);
IMPORT("sock_listen") int sock_listen(int fd, int backlog);
IMPORT("sock_accept") int sock_accept_1(int fd, int *connection);
IMPORT("sock_getlocaladdr") int sock_getlocaladdr(int fd, address *at, int *type, int *port);
IMPORT("sock_getpeeraddr") int sock_getpeeraddr(int fd, address *at, int *type, int *port);

static void check(const char *what, int error) {
  if (error == 0) return;
  fprintf(stderr, "%s: error %d\n", what, error);
  exit(1);
}

int main(void) {
  int fd, type, port;
  unsigned char ip[4] = {127, 0, 0, 1};
  address at = {ip, 4};
  check("sock_open", sock_open(1, 2, &fd));
  check("sock_bind", sock_bind(fd, &at, 0));
  check("sock_listen", sock_listen(fd, 128));
  check("sock_getlocaladdr", sock_getlocaladdr(fd, &at, &type, &port));
  printf("serving at %d.%d.%d.%d:%d\n", ip[0], ip[1], ip[2], ip[3], port);
  fflush(stdout);
  for (;;) {
    int connection;
    char request[4096], reply[256];
    check("sock_accept", sock_accept_1(fd, &connection));
    check("sock_getpeeraddr", sock_getpeeraddr(connection, &at, &type, &port));
    long n = read(connection, request, sizeof request - 1);
    request[n < 0 ? 0 : n] = 0;
    int size = snprintf(reply, sizeof reply, "hello from c to %d.%d.%d.%d\n", ip[0], ip[1], ip[2], ip[3]);
    char head[128];
    int length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", size);
    write(connection, head, length);
    write(connection, reply, size);
    close(connection);
    if (strncmp(request, "GET /quit", 9) == 0) return 7;
  }
}
