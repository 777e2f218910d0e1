// find DIR [-type f|d|l] [-name GLOB]: prints the paths below DIR (itself included) in directory order.
import { args, exit, fail, lstat, print, readDir } from "./wasi";

let wantedType = "";
let wantedName = "";

/** Shell pattern with * and ? only. */
function globs(pattern: string, name: string): bool {
  if (pattern == "") return name == "";
  if (pattern.charAt(0) == "*")
    return globs(pattern.substring(1), name) || (name.length > 0 && globs(pattern, name.substring(1)));
  return name.length > 0 && (pattern.charAt(0) == "?" || pattern.charAt(0) == name.charAt(0)) && globs(pattern.substring(1), name.substring(1));
}

function visit(path: string, name: string): void {
  const type = lstat(path).letter;
  if ((wantedType == "" || wantedType == type) && (wantedName == "" || globs(wantedName, name))) print(path + "\n");
  if (type != "d") return;
  const names = readDir(path);
  for (let i = 0; i < names.length; i++) visit(path + "/" + names[i], names[i]);
}

const list = args();
if (list.length < 2) fail("usage: find DIR [-type f|d|l] [-name GLOB]", 2);
for (let i = 2; i + 1 < list.length; i += 2) {
  if (list[i] == "-type") wantedType = list[i + 1];
  if (list[i] == "-name") wantedName = list[i + 1];
}
visit(list[1], list[1].substring(list[1].lastIndexOf("/") + 1));
exit(0);
