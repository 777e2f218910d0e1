/**
 * A web server that imports nothing but preview 1: it answers on the listener that it is given as descriptor 3, which
 * does not wait, by fd_read and fd_write.
 */
import "./abort";

@external("wasi_snapshot_preview1", "sock_accept")
declare function sock_accept(fd: i32, flags: i32, connection: usize): i32;
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, iovs: usize, count: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(fd: i32): i32;
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: i32, size: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

const LISTENER: i32 = 3;
const MOST: i32 = 1024;
const NONBLOCK: i32 = 4;
const ROOM: u32 = 8192;
const scratch = heap.alloc(64);
const request = heap.alloc(ROOM);
const subscriptions = heap.alloc(48 * (MOST + 1));
const events = heap.alloc(32 * (MOST + 1));
const fds = new StaticArray<i32>(MOST);
let count = 0;

function vector(at: usize, size: u32): usize {
  store<u32>(scratch, at as u32);
  store<u32>(scratch, size, 4);
  return scratch;
}

function write(fd: i32, bytes: ArrayBuffer): bool {
  return fd_write(fd, vector(changetype<usize>(bytes), bytes.byteLength), 1, scratch + 8) == 0;
}

/** Each request ends with an empty line, and comes as a whole. False when the connection is over. */
function answer(fd: i32, response: ArrayBuffer): bool {
  const errno = fd_read(fd, vector(request, ROOM), 1, scratch + 8);
  if (errno == 6) return true;
  const size = load<u32>(scratch, 8);
  if (errno != 0 || size == 0) return false;
  for (let at: u32 = 3; at < size; at++)
    if (load<u32>(request + at - 3) == 0x0a0d0a0d && !write(fd, response)) return false;
  return true;
}

function subscribe(i: i32, fd: i32): void {
  const at = subscriptions + 48 * i;
  store<u64>(at, i);
  store<u8>(at, 1, 8);
  store<u32>(at, fd, 16);
}

const body = "Hello, World!\n";
const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length.toString() + "\r\n\r\n";
const response = String.UTF8.encode(head + body);
write(1, String.UTF8.encode("listening\n"));
for (;;) {
  subscribe(0, LISTENER);
  for (let i = 0; i < count; i++) subscribe(i + 1, fds[i]);
  if (poll_oneoff(subscriptions, events, count + 1, scratch) != 0) proc_exit(1);
  const ready = load<u32>(scratch);
  for (let i: u32 = 0; i < ready; i++) {
    const index = load<i32>(events + 32 * i) - 1;
    if (index < 0) {
      while (count < MOST && sock_accept(LISTENER, NONBLOCK, scratch) == 0) fds[count++] = load<i32>(scratch);
    } else if (!answer(fds[index], response)) {
      fd_close(fds[index]);
      fds[index] = -1;
    }
  }
  let kept = 0;
  for (let i = 0; i < count; i++) if (fds[i] >= 0) fds[kept++] = fds[i];
  count = kept;
}
