/** `--tmpfs`, `--overlay`, `--tar`: file systems for the guest that are not simply a directory of the host. */
import { readFileSync, statSync } from "node:fs";
import {
  type HostFiles,
  HostFs,
  type HostLevel,
  MemoryFs,
  type MountOption,
  OverlayFs,
  TarFs,
  type VolumeOptions,
  WasiError,
} from "../wasi/index.ts";
import { CliError } from "./cli-error.ts";
import { checkHost, type GuestPaths, parseMount } from "./mounts.ts";
import type { Flags } from "./parse.ts";
import { parseChoice } from "./units.ts";

/** Archives are kept in memory whole. */
const maxArchiveBytes = 2 ** 31 - 1;

/**
 * @param taken  guest paths that are used already; those of the new mounts are added
 * @param volume  limits of each file system that keeps something in memory
 * @throws CliError WT6520..WT6525
 */
export function readFileSystems(flags: Flags, taken: GuestPaths, volume: VolumeOptions): MountOption[] {
  const tmpfs = flags.all("tmpfs").map((text) => {
    if (text === "" || text.includes("\0")) throw badTmpfs(text);
    taken.add(text, "--tmpfs");
    return { guest: text, fs: new MemoryFs(volume) };
  });
  const options = { level: readLevel(flags), hostFiles: readHostFiles(flags) };
  const overlays = flags.all("overlay").map((text) => {
    const { host, guest, readOnly } = parseMount(text, "--overlay");
    checkHost({ host, guest, readOnly }, text, "--overlay");
    taken.add(guest, host);
    return { guest, readOnly, fs: new OverlayFs(new HostFs(host, options), volume) };
  });
  const archives = flags.all("tar").map((text) => {
    const { host, guest } = parseMount(text, "--tar");
    taken.add(guest, host);
    return { guest, fs: readArchive(host) };
  });
  return [...tmpfs, ...overlays, ...archives];
}

/** @throws CliError WT6503 */
export function readLevel(flags: Flags): HostLevel | undefined {
  const text = flags.get("fs-level");
  const levels: readonly HostLevel[] = ["beneath", "nofollow", "lexical"];
  return text === undefined ? undefined : parseChoice("--fs-level", text, levels);
}

/** @throws CliError WT6503 */
export function readHostFiles(flags: Flags): HostFiles | undefined {
  const text = flags.get("host-files");
  const all: readonly HostFiles[] = ["auto", "native", "portable"];
  return text === undefined ? undefined : parseChoice("--host-files", text, all);
}

function badTmpfs(text: string): CliError {
  return new CliError("WT6524", `--tmpfs '${text}' cannot be read`, {
    where: text === "" ? "the guest path is empty" : "it has a NUL character",
    help: "write --tmpfs GUEST, such as --tmpfs /tmp",
  });
}

function readArchive(file: string): TarFs {
  try {
    if (statSync(file).size > maxArchiveBytes) throw new Error("it is larger than 2 GiB");
    return new TarFs(readFileSync(file));
  } catch (error) {
    const isInside = error instanceof WasiError;
    throw new CliError("WT6525", `cannot ${isInside ? "use" : "read"} the archive ${file}`, {
      where: (error as Error).message,
      help: isInside ? "make it anew with: tar -C DIRECTORY -cf FILE ." : "the file comes first: --tar FILE:GUEST",
    });
  }
}
