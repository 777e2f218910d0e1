// sort [FILE...]: the lines of all files (none: stdin) in byte order. Merge sort over line starts.
import { args, Bytes, close, errnoText, exit, fail, lastErrno, openFile, putBytes } from "./wasi";

const text = new Bytes();

function slurp(fd: i32, name: string): void {
  if (!text.readAll(fd)) fail("sort: " + name + ": " + errnoText(lastErrno));
  if (text.length > 0 && text.data[text.length - 1] != 10) text.data[text.length++] = 10;
}

const list = args();
if (list.length == 1) slurp(0, "stdin");
for (let i = 1; i < list.length; i++) {
  const fd = openFile(list[i]);
  if (fd < 0) fail("sort: " + list[i] + ": " + errnoText(lastErrno));
  slurp(fd, list[i]);
  close(fd);
}

const at = changetype<usize>(text.data);
let count = 0;
for (let i = 0; i < text.length; i++) if (load<u8>(at + i) == 10) count++;
let starts = new StaticArray<i32>(count);
let spare = new StaticArray<i32>(count);
for (let i = 0, line = 0, start = 0; i < text.length; i++)
  if (load<u8>(at + i) == 10) {
    starts[line++] = start;
    start = i + 1;
  }

/** Is the line at `a` at most the one at `b`? Every line ends in a newline, which sorts before nothing but NUL..TAB. */
function ordered(a: i32, b: i32): bool {
  while (true) {
    const x = load<u8>(at + a++);
    const y = load<u8>(at + b++);
    if (x == 10) return true;
    if (y == 10) return false;
    if (x != y) return x < y;
  }
}

for (let width = 1; width < count; width *= 2) {
  for (let low = 0; low < count; low += 2 * width) {
    const middle = min(low + width, count);
    const high = min(low + 2 * width, count);
    for (let left = low, right = middle, to = low; to < high; to++) {
      const takeLeft = left < middle && (right >= high || ordered(unchecked(starts[left]), unchecked(starts[right])));
      unchecked((spare[to] = takeLeft ? starts[left++] : starts[right++]));
    }
  }
  const swap = starts;
  starts = spare;
  spare = swap;
}

for (let i = 0; i < count; i++) {
  const start = starts[i];
  let end = start;
  while (load<u8>(at + end) != 10) end++;
  putBytes(at + start, end + 1 - start);
}
exit(0);
