#!/usr/bin/env node
/** `npm run race:wasi -- [--seconds N] [--level L] [--host-files F]`: the race for the sandbox, a minute at `beneath` if nothing else is said. */
import { parseArgs } from "node:util";
import type { HostFiles, HostLevel } from "../../wasi/index.ts";
import { race } from "./race.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, level: { type: "string" }, "host-files": { type: "string" } },
});
const { tries, inside, refused, escapes } = await race(
  Number(values.seconds),
  values.level as HostLevel | undefined,
  values["host-files"] as HostFiles | undefined,
);
for (const [call, count] of Object.entries(tries)) console.log(`  ${call}: ${count}`);
const total = Object.values(tries).reduce((sum, n) => sum + n, 0);
console.log(`race:wasi: ${total} tries, ${inside} inside, ${refused} refused, ${escapes.length} escapes`);
for (const found of escapes) console.log(`  ${found}`);
process.exitCode = escapes.length > 0 ? 1 : 0;
