// What `asc --use abort=abort/wasi_abort` calls instead of importing `env.abort`: a line on stderr, then a trap.
// It stands alone because the compiler reaches it before any other file's globals exist.

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, done: usize): i32;

const vector = memory.data(16, 8);

function say(text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(vector, <u32>changetype<usize>(bytes));
  store<u32>(vector, bytes.byteLength, 4);
  fd_write(2, vector, 1, vector + 8);
}

export function wasi_abort(message: string, file: string, line: u32, column: u32): void {
  say("abort: ");
  if (changetype<usize>(message) != 0) say(message);
  say(" at ");
  if (changetype<usize>(file) != 0) say(file);
  say(":" + line.toString() + ":" + column.toString() + "\n");
  unreachable();
}
