/**
 * `--dir` and its like: reads HOST[:GUEST][:ro] and checks it against the host, so that a mistake is told before the guest
 * runs.
 *
 * Host first, as Docker and wazero write it; wasmtime's `HOST::GUEST` works too. Not for enforcing anything: WASI does.
 */
import { type Stats, statSync } from "node:fs";
import { CliError } from "./cli-error.ts";

export interface Mount {
  readonly host: string;
  readonly guest: string;
  readonly readOnly: boolean;
}

/**
 * Reads the text of one `--dir`: a final `:ro`, `:rw` or `:readonly` (or with `::`) is taken off; if `::` is left the
 * text is split there; else at the last `:` that, on Windows, does not belong to a drive letter. Without a guest side
 * both are the same.
 *
 * @throws CliError WT6524
 */
export function parseMount(text: string, flag = "--dir", isWindows: boolean = process.platform === "win32"): Mount {
  const mode = /::?(ro|rw|readonly)$/.exec(text);
  const rest = mode === null ? text : text.slice(0, mode.index);
  const [host, guest] = splitSides(rest, isWindows);
  const isBad = host === "" || guest === "" || text.includes("\0");
  if (isBad) {
    throw new CliError("WT6524", `${flag} '${text}' cannot be read`, {
      where: text.includes("\0") ? "it has a NUL character" : `the ${host === "" ? "host" : "guest"} side is empty`,
      help:
        flag === "--dir"
          ? "write --dir HOST, --dir HOST:GUEST or --dir HOST:GUEST:ro; for the current directory: --dir ."
          : `write ${flag} HOST:GUEST`,
    });
  }
  return { host, guest, readOnly: mode !== null && mode[1] !== "rw" };
}

function splitSides(text: string, isWindows: boolean): [host: string, guest: string] {
  const double = text.indexOf("::");
  if (double >= 0) return [text.slice(0, double), text.slice(double + 2)];
  for (let at = text.lastIndexOf(":"); at >= 0; at = text.lastIndexOf(":", at - 1)) {
    if (!isWindows || !isDriveLetter(text, at)) return [text.slice(0, at), text.slice(at + 1)];
    if (at === 0) break;
  }
  return [text, text];
}

/** True if the colon at `at` follows one letter that starts a side, and a slash follows it: `C:\`, `x:D:/`. */
function isDriveLetter(text: string, at: number): boolean {
  const startsSide = at === 1 || text[at - 2] === ":";
  return startsSide && /[A-Za-z]/.test(text[at - 1] ?? "") && /[\\/]/.test(text[at + 1] ?? "");
}

/** The guest paths of all mounts: none may come twice. */
export class GuestPaths {
  readonly #from = new Map<string, string>();

  /** @param from  what is mounted there, for the message. @throws CliError WT6523 */
  add(guest: string, from: string): void {
    const path = normalGuest(guest);
    const earlier = this.#from.get(path);
    if (earlier !== undefined) throw duplicate(path, earlier, from);
    this.#from.set(path, from);
  }
}

/**
 * Reads every `--dir` and looks at the host: each must be a directory, and no guest path may come twice.
 *
 * @throws CliError WT6520..WT6524
 */
export function readMounts(texts: readonly string[], taken: GuestPaths = new GuestPaths()): Mount[] {
  return texts.map((text) => {
    const mount = parseMount(text);
    checkHost(mount, text);
    taken.add(mount.guest, mount.host);
    return mount;
  });
}

/** `/data/`, `//data` and `/data/.` are one guest path. */
function normalGuest(guest: string): string {
  const parts = guest.split("/").filter((part) => part !== "" && part !== ".");
  return (guest.startsWith("/") ? "/" : "") + (parts.join("/") || (guest.startsWith("/") ? "" : "."));
}

/** @throws CliError WT6520..WT6522 */
export function checkHost(mount: Mount, text: string, flag = "--dir"): void {
  const stats = statOf(mount.host);
  if (stats?.isDirectory()) return;
  if (stats !== undefined) {
    const parent = /^(.*)[\\/][^\\/]+$/.exec(mount.host)?.[1] ?? ".";
    throw new CliError("WT6522", `${flag} ${mount.host} is not a directory`, {
      where: `it is ${stats.isFile() ? "a file" : "something else"}; a guest can be given directories only`,
      help: `mount the directory it is in: ${flag} ${parent || "/"}`,
    });
  }
  if (mount.guest !== mount.host && statOf(mount.guest)?.isDirectory()) {
    const mode = mount.readOnly ? ":ro" : "";
    throw new CliError("WT6521", `${flag} ${text} looks reversed`, {
      where: `there is no ${mount.host} here, but there is ${mount.guest}; this is WasmEdge's and iwasm's order, guest first`,
      help: `host first: ${flag} ${mount.guest}:${mount.host}${mode}`,
    });
  }
  throw new CliError("WT6520", `directory to mount not found: ${mount.host}`, {
    where: `from ${flag} ${text}, looked up from ${process.cwd()}`,
    help: `create it, or correct the path; the host side comes first: ${flag} HOST:GUEST`,
  });
}

function duplicate(guest: string, first: string, second: string): CliError {
  return new CliError("WT6523", `two mounts at the guest path ${guest}`, {
    where: `${first} and ${second}`,
    help: second.startsWith("--") ? "give each its own path" : `give each its own path: --dir ${second}:/other`,
  });
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
