/**
 * A web server in AssemblyScript: `wasmts run examples/http-server.wasm [PORT]`, then `curl http://localhost:8080/`. It
 * waits for all its connections at once, as servers do, and answers many requests on each.
 *
 * Uses WasmEdge's calls for sockets directly, without a library, so that every host call is in view.
 */

// @ts-nocheck: AssemblyScript, not TypeScript.
@external("wasi_snapshot_preview1", "sock_open")
declare function sock_open(family: i32, type: i32, fd: usize): i32;
@external("wasi_snapshot_preview1", "sock_setsockopt")
declare function sock_setsockopt(fd: i32, level: i32, name: i32, value: usize, size: i32): i32;
@external("wasi_snapshot_preview1", "sock_bind")
declare function sock_bind(fd: i32, address: usize, port: i32): i32;
@external("wasi_snapshot_preview1", "sock_listen")
declare function sock_listen(fd: i32, backlog: i32): i32;
@external("wasi_snapshot_preview1", "sock_accept")
declare function sock_accept(fd: i32, flags: i32, connection: usize): i32;
@external("wasi_snapshot_preview1", "sock_recv")
declare function sock_recv(fd: i32, iovs: usize, count: i32, flags: i32, size: usize, roflags: usize): i32;
@external("wasi_snapshot_preview1", "sock_send")
declare function sock_send(fd: i32, iovs: usize, count: i32, flags: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "sock_shutdown")
declare function sock_shutdown(fd: i32, how: i32): i32;
@external("wasi_snapshot_preview1", "fd_fdstat_set_flags")
declare function fd_fdstat_set_flags(fd: i32, flags: i32): i32;
@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(fd: i32): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32;
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, bytes: usize): i32;
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, buffer: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

const MOST: i32 = 1024; // connections
const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;
const NONBLOCK: i32 = 4;
const SCRATCH: usize = memory.data(64);
const SUBSCRIPTIONS: usize = memory.data(49200); // MOST + 1
const EVENTS: usize = memory.data(32800);
const REQUEST: usize = memory.data(8192);
const CONNECTIONS: usize = memory.data(4096);
const ARGS: usize = memory.data(4096);

let connections: i32 = 0;
let response: usize = 0;
let responseSize: u32 = 0;

function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(SCRATCH, changetype<usize>(bytes) as u32);
  store<u32>(SCRATCH, bytes.byteLength as u32, 4);
  fd_write(1, SCRATCH, 1, SCRATCH + 8);
}

function check(what: string, errno: i32): void {
  if (errno == 0) return;
  print(what + ": error " + errno.toString() + "\n");
  proc_exit(1);
}

/** The number in the first argument, or 8080. */
function port(): i32 {
  args_sizes_get(SCRATCH, SCRATCH + 4);
  if (load<u32>(SCRATCH) < 2 || load<u32>(SCRATCH, 4) > 2048) return 8080;
  args_get(ARGS, ARGS + 2048);
  let at: usize = load<u32>(ARGS, 4);
  let number = 0;
  for (let c = load<u8>(at); c >= 48 && c <= 57; c = load<u8>(++at)) number = number * 10 + (c - 48);
  return number;
}

function listen(at: i32): i32 {
  check("sock_open", sock_open(1, 2, SCRATCH));
  const fd = load<i32>(SCRATCH);
  store<i32>(SCRATCH, 1);
  check("sock_setsockopt", sock_setsockopt(fd, 0, 0, SCRATCH, 4));
  store<u32>(SCRATCH, 0); // any address
  store<u32>(SCRATCH, SCRATCH as u32, 8);
  store<u32>(SCRATCH, 4, 12);
  check("sock_bind", sock_bind(fd, SCRATCH + 8, at));
  check("sock_listen", sock_listen(fd, 1024));
  fd_fdstat_set_flags(fd, NONBLOCK);
  return fd;
}

function accept(listener: i32): void {
  while (connections < MOST && sock_accept(listener, NONBLOCK, SCRATCH) == 0)
    store<i32>(CONNECTIONS + 4 * (connections++), load<i32>(SCRATCH));
}

function forget(fd: i32): void {
  sock_shutdown(fd, 3);
  fd_close(fd);
  for (let i = 0; i < connections; i++) {
    if (load<i32>(CONNECTIONS + 4 * i) != fd) continue;
    store<i32>(CONNECTIONS + 4 * i, load<i32>(CONNECTIONS + 4 * (--connections)));
    return;
  }
}

/** Answers each request that has arrived: one ends with an empty line. */
function answer(fd: i32): void {
  store<u32>(SCRATCH, REQUEST as u32);
  store<u32>(SCRATCH, 8192, 4);
  const errno = sock_recv(fd, SCRATCH, 1, 0, SCRATCH + 8, SCRATCH + 12);
  if (errno == 6) return;
  const size = load<u32>(SCRATCH, 8);
  if (errno != 0 || size == 0) return forget(fd);
  for (let at: u32 = 3; at < size; at++) {
    if (load<u32>(REQUEST + at - 3) != 0x0a0d0a0d) continue;
    store<u32>(SCRATCH, response as u32);
    store<u32>(SCRATCH, responseSize, 4);
    if (sock_send(fd, SCRATCH, 1, 0, SCRATCH + 8) != 0) return forget(fd);
  }
}

function subscribe(i: i32, fd: i32): void {
  const at = SUBSCRIPTIONS + SUBSCRIPTION * i;
  store<u64>(at, fd);
  store<u8>(at, 1, 8); // readable
  store<u32>(at, fd, 16);
}

export function _start(): void {
  const body = "Hello, World!\n";
  const text = String.UTF8.encode(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length.toString() + "\r\n\r\n" + body,
  );
  response = changetype<usize>(text);
  responseSize = text.byteLength as u32;
  const at = port();
  const listener = listen(at);
  print("listening on http://0.0.0.0:" + at.toString() + "/\n");
  for (;;) {
    subscribe(0, listener);
    for (let i = 0; i < connections; i++) subscribe(i + 1, load<i32>(CONNECTIONS + 4 * i));
    check("poll_oneoff", poll_oneoff(SUBSCRIPTIONS, EVENTS, connections + 1, SCRATCH));
    const ready = load<u32>(SCRATCH);
    for (let i: u32 = 0; i < ready; i++) {
      const fd = load<i32>(EVENTS + EVENT * i);
      if (fd == listener) accept(listener);
      else answer(fd);
    }
  }
}
