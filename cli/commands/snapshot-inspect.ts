/** `wasmts snapshot inspect SNAPSHOT`: what a snapshot is of, and what is in it. */
import { inspectSnapshot, printable } from "../../engine/index.ts";
import { print } from "../output.ts";
import type { Flags } from "../parse.ts";
import { readModule } from "../read-module.ts";
import { readSnapshotPath } from "../saved-run.ts";

export function snapshotInspect(flags: Flags, operands: readonly string[]): number {
  const path = readSnapshotPath(operands);
  const bytes = readModule(path);
  const { version, modules, instructions, fuelLeft, memories, hosts } = inspectSnapshot(bytes);
  const parts = hosts.map((host) => ({ name: host.name, bytes: host.bytes.length, state: jsonOf(host.bytes) }));
  if (flags.has("json")) {
    const left = Number.isFinite(fuelLeft) ? fuelLeft : null;
    print(JSON.stringify({ version, modules, instructions, fuelLeft: left, memories, hosts: parts }));
    return 0;
  }
  print(`${printable(path)}: a snapshot, version ${version}, ${bytes.length} bytes`);
  modules.forEach((sha, i) => void print(`  module ${i}      SHA-256 ${sha}`));
  print(`  spent         ${instructions} instructions${Number.isFinite(fuelLeft) ? `, ${fuelLeft} left` : ""}`);
  memories.forEach(
    ({ size, stored }, i) =>
      void print(`  memory ${i}      ${size} bytes, ${stored} of them in blocks that are not zero`),
  );
  for (const { name, bytes: size, state } of parts) {
    print(`  host          ${printable(name, 40)}, ${size} bytes`);
    if (state !== undefined) print(`                ${printable(JSON.stringify(state), 400)}`);
  }
  return 0;
}

/** Parts of the host are often JSON; undefined if this one is not. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
