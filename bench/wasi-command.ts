/** The command line of the runners of WASI programs: `[--dir HOST:GUEST] FILE [ARGS...]`. */
import { basename } from "node:path";

export interface WasiCommand {
  readonly file: string;
  /** With the program's own name first. */
  readonly args: string[];
  readonly preopens: Record<string, string>;
}

export function wasiCommand(words: readonly string[]): WasiCommand {
  const isMounted = words[0] === "--dir";
  const [file = "", ...args] = words.slice(isMounted ? 2 : 0);
  const mount = isMounted ? words[1]! : "";
  const split = mount.lastIndexOf(":");
  const preopens = isMounted ? { [mount.slice(split + 1)]: mount.slice(0, split) } : {};
  return { file, args: [basename(file), ...args], preopens };
}
