/** `--quota`: reads NAME=N/s,NAME=N/s. What a quota does is told in `wasi`. */
import type { QuotaOptions, Rate } from "../wasi/index.ts";
import { badValue, parseDuration, parseSize } from "./units.ts";

/** Names of rates; those of bytes take sizes. */
const names: Readonly<Record<string, Rate>> = {
  ops: "opsPerSecond",
  bytes: "bytesPerSecond",
  "file-ops": "fileOpsPerSecond",
  "file-bytes": "fileBytesPerSecond",
  "net-ops": "netOpsPerSecond",
  "net-bytes": "netBytesPerSecond",
};
const expected = `names with rates such as file-ops=100/s,file-bytes=10MiB/s; names are ${Object.keys(names).join(", ")}, burst`;

/** Quotas of all the options together; the last of one name counts. @throws CliError WT6503 */
export function parseQuotas(flag: string, texts: readonly string[]): QuotaOptions {
  const quotas: { -readonly [Q in keyof QuotaOptions]: number } = {};
  for (const item of texts.flatMap((text) => text.split(","))) {
    const equals = item.indexOf("=");
    const [name, value] = [item.slice(0, Math.max(0, equals)), item.slice(equals + 1)];
    const rate = Object.hasOwn(names, name) ? names[name] : undefined;
    if (rate !== undefined) quotas[rate] = parseRate(flag, name, value);
    else if (name === "burst") quotas.burstSeconds = aboveZero(flag, item, parseDuration(flag, value) / 1000);
    else throw badValue(flag, item, expected);
  }
  return quotas;
}

function parseRate(flag: string, name: string, text: string): number {
  const [, amount, unit] = /^(.+?)(?:\/(s|m|h))?$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600 }[unit ?? "s"] as number;
  const isNumber = /^\d+(\.\d+)?$/.test(amount ?? "");
  if (amount === undefined || !(isNumber || name.endsWith("bytes"))) throw badValue(flag, `${name}=${text}`, expected);
  return aboveZero(flag, `${name}=${text}`, (isNumber ? Number(amount) : parseSize(flag, amount)) / seconds);
}

function aboveZero(flag: string, item: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw badValue(flag, item, expected);
}
