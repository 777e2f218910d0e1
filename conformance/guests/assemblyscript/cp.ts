// cp -r SRC DST: copies a tree: directories, regular files and symbolic links (as links).
import { args, close, createFile, errnoText, exit, fail, lastErrno, lstat, makeDir, makeLink, openFile, read, readDir, readLink, writeAll } from "./wasi";

const buffer = new StaticArray<u8>(16384);

function copyFile(from: string, to: string): void {
  const source = openFile(from);
  if (source < 0) fail("cp: open " + from + ": " + errnoText(lastErrno));
  const target = createFile(to);
  if (target < 0) fail("cp: create " + to + ": " + errnoText(lastErrno));
  while (true) {
    const got = read(source, changetype<usize>(buffer), buffer.length);
    if (got < 0) fail("cp: read " + from + ": " + errnoText(lastErrno));
    if (got == 0) break;
    writeAll(target, changetype<usize>(buffer), got);
  }
  close(source);
  close(target);
}

function copy(from: string, to: string): void {
  const type = lstat(from).letter;
  if (type == "l") {
    makeLink(readLink(from), to);
  } else if (type == "d") {
    makeDir(to);
    const names = readDir(from);
    for (let i = 0; i < names.length; i++) copy(from + "/" + names[i], to + "/" + names[i]);
  } else {
    copyFile(from, to);
  }
}

const list = args();
if (list.length != 4 || list[1] != "-r") fail("usage: cp -r SRC DST", 2);
copy(list[2], list[3]);
exit(0);
