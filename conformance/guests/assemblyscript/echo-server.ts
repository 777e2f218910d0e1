/**
 * Sends back what each of many connections sends, each at its own pace: what one does not take holds up no other. For
 * `npm run servers-soak`.
 */
import "./abort";

@external("wasi_snapshot_preview1", "sock_open")
declare function sock_open(family: i32, type: i32, fd: usize): i32;
@external("wasi_snapshot_preview1", "sock_bind")
declare function sock_bind(fd: i32, address: usize, port: i32): i32;
@external("wasi_snapshot_preview1", "sock_listen")
declare function sock_listen(fd: i32, backlog: i32): i32;
@external("wasi_snapshot_preview1", "sock_getlocaladdr")
declare function sock_getlocaladdr(fd: i32, address: usize, type: usize, port: usize): i32;
@external("wasi_snapshot_preview1", "sock_accept")
declare function sock_accept(fd: i32, flags: i32, connection: usize): i32;
@external("wasi_snapshot_preview1", "sock_recv")
declare function sock_recv(fd: i32, iovs: usize, count: i32, flags: i32, size: usize, roflags: usize): i32;
@external("wasi_snapshot_preview1", "sock_send")
declare function sock_send(fd: i32, iovs: usize, count: i32, flags: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "fd_fdstat_set_flags")
declare function fd_fdstat_set_flags(fd: i32, flags: i32): i32;
@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(fd: i32): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32;
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

const MOST: i32 = 4000;
const CHUNK: u32 = 16384;
const NONBLOCK: i32 = 4;
const AGAIN: i32 = 6;
const scratch = heap.alloc(64);
const subscriptions = heap.alloc(48 * (MOST + 1));
const events = heap.alloc(32 * (MOST + 1));

/** What was received and is not sent yet: `from` to `to` of `at`. */
@unmanaged
class Connection {
  fd: i32;
  at: usize;
  from: u32;
  to: u32;
}

const connections = new StaticArray<usize>(MOST);
let count = 0;

function check(what: i32, errno: i32): void {
  if (errno != 0) proc_exit(what);
}

function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(scratch, changetype<usize>(bytes) as u32);
  store<u32>(scratch, bytes.byteLength as u32, 4);
  fd_write(1, scratch, 1, scratch + 8);
}

/** On a free port of this machine. */
function listen(): i32 {
  check(2, sock_open(1, 2, scratch));
  const fd = load<i32>(scratch);
  store<u32>(scratch, 0x0100007f);
  store<u32>(scratch, scratch as u32, 8);
  store<u32>(scratch, 4, 12);
  check(3, sock_bind(fd, scratch + 8, 0));
  check(4, sock_listen(fd, 1024));
  check(5, sock_getlocaladdr(fd, scratch + 8, scratch + 16, scratch + 20));
  fd_fdstat_set_flags(fd, NONBLOCK);
  return fd;
}

function accept(listener: i32): void {
  while (count < MOST && sock_accept(listener, NONBLOCK, scratch) == 0) {
    const connection = changetype<Connection>(heap.alloc(offsetof<Connection>()));
    connection.fd = load<i32>(scratch);
    connection.at = heap.alloc(CHUNK);
    connection.from = 0;
    connection.to = 0;
    connections[count++] = changetype<usize>(connection);
  }
}

/** Sends what is not sent yet; an errno. */
function flush(connection: Connection): i32 {
  while (connection.from < connection.to) {
    store<u32>(scratch, (connection.at as u32) + connection.from);
    store<u32>(scratch, connection.to - connection.from, 4);
    const errno = sock_send(connection.fd, scratch, 1, 0, scratch + 8);
    if (errno != 0) return errno;
    connection.from += load<u32>(scratch, 8);
  }
  return 0;
}

/** False when the connection is over. */
function serve(connection: Connection): bool {
  let errno = flush(connection);
  while (errno == 0) {
    store<u32>(scratch, connection.at as u32);
    store<u32>(scratch, CHUNK, 4);
    errno = sock_recv(connection.fd, scratch, 1, 0, scratch + 8, scratch + 12);
    if (errno != 0) break;
    connection.from = 0;
    connection.to = load<u32>(scratch, 8);
    if (connection.to == 0) return false;
    errno = flush(connection);
  }
  return errno == AGAIN;
}

function forget(connection: Connection): void {
  fd_close(connection.fd);
  heap.free(connection.at);
  heap.free(changetype<usize>(connection));
}

function subscribe(i: i32, fd: i32, tag: u8): void {
  const at = subscriptions + 48 * i;
  store<u64>(at, i);
  store<u8>(at, tag, 8);
  store<u32>(at, fd, 16);
}

function waitForSome(listener: i32): void {
  subscribe(0, listener, 1);
  for (let i = 0; i < count; i++) {
    const connection = changetype<Connection>(connections[i]);
    subscribe(i + 1, connection.fd, connection.from < connection.to ? 2 : 1);
  }
  check(6, poll_oneoff(subscriptions, events, count + 1, scratch));
  const ready = load<u32>(scratch);
  let hasNew = false;
  for (let i: u32 = 0; i < ready; i++) {
    const index = load<i32>(events + 32 * i) - 1;
    if (index < 0) {
      hasNew = true;
      continue;
    }
    const connection = changetype<Connection>(connections[index]);
    if (serve(connection)) continue;
    forget(connection);
    connections[index] = 0;
  }
  let kept = 0;
  for (let i = 0; i < count; i++) if (connections[i] != 0) connections[kept++] = connections[i];
  count = kept;
  if (hasNew) accept(listener);
}

const listener = listen();
print("echoing at port " + load<u32>(scratch + 20).toString() + "\n");
for (;;) waitForSome(listener);
