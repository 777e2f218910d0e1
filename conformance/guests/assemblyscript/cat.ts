// cat [FILE...]: copies files ("-" or none: stdin) to stdout; a missing file is reported and the rest still copied.
import { args, close, eprint, errnoText, exit, lastErrno, openFile, read, writeAll } from "./wasi";

const buffer = new StaticArray<u8>(65536);

function copy(fd: i32, name: string): bool {
  while (true) {
    const got = read(fd, changetype<usize>(buffer), buffer.length);
    if (got < 0) {
      eprint("cat: " + name + ": " + errnoText(lastErrno) + "\n");
      return false;
    }
    if (got == 0) return true;
    writeAll(1, changetype<usize>(buffer), got);
  }
}

function cat(name: string): bool {
  if (name == "-") return copy(0, "stdin");
  const fd = openFile(name);
  if (fd < 0) {
    eprint("cat: " + name + ": " + errnoText(lastErrno) + "\n");
    return false;
  }
  const copied = copy(fd, name);
  close(fd);
  return copied;
}

const list = args();
let ok = true;
if (list.length == 1) ok = cat("-");
for (let i = 1; i < list.length; i++) if (!cat(list[i])) ok = false;
exit(ok ? 0 : 1);
