// ls -lR DIR: per directory "PATH:" and one line "TYPE NLINK SIZE MTIME NAME[ -> TARGET]" per entry, sorted by bytes.
// TYPE is - d l or ?; SIZE is 0 for directories; MTIME is whole seconds since 1970.
import { args, compareBytes, exit, fail, lstat, print, readDir, readLink } from "./wasi";

function list(path: string, first: bool): void {
  print((first ? "" : "\n") + path + ":\n");
  const names = readDir(path);
  names.sort(compareBytes);
  const dirs = new Array<string>(0);
  for (let i = 0; i < names.length; i++) {
    const child = path + "/" + names[i];
    const info = lstat(child);
    const type = info.letter;
    const size = type == "d" ? "0" : info.size.toString();
    const seconds = (info.mtimeNs / 1000000000).toString();
    print((type == "f" ? "-" : type) + " " + info.nlink.toString() + " " + size + " " + seconds + " " + names[i]);
    print(type == "l" ? " -> " + readLink(child) + "\n" : "\n");
    if (type == "d") dirs.push(child);
  }
  for (let i = 0; i < dirs.length; i++) list(dirs[i], false);
}

const argv = args();
if (argv.length != 3 || argv[1] != "-lR") fail("usage: ls -lR DIR", 2);
list(argv[2], true);
exit(0);
