/** Large inputs for the computing programs, made from a seed, and small facts about them. */
import { pick, seeded } from "./random.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** About `size` bytes of indented JSON with escapes of every kind. Every number is exact in binary after one division. */
export function jsonText(size: number): string {
  const random = seeded(7);
  const list: Json[] = [];
  for (let bytes = 0; bytes < size; ) {
    const item = jsonValue(random, 4);
    list.push({ id: list.length, item });
    bytes += JSON.stringify({ id: list.length, item }, null, 1).length;
  }
  // Escapes that JSON.stringify never writes, but parsers must read.
  return JSON.stringify(list, null, 1)
    .replaceAll("😀", "\\uD83D\\ude00")
    .replaceAll("é", "\\u00e9")
    .replaceAll("a/b", "a\\/b")
    .replaceAll("Q", "\\u0051");
}

function jsonValue(random: (below: number) => number, depth: number): Json {
  switch (random(depth > 0 ? 9 : 6)) {
    case 0:
      return (random(2_000_001) - 1_000_000) / 4;
    case 1:
      return random(1_000_000_000);
    case 2:
      return pick(random, [true, false, null, 0, -0.5, ""]);
    case 3:
      return "plain text ".repeat(random(5));
    case 4:
      return pick(random, ['quote " and \\ back', "tab\tnewline\n\r\b\f", "é漢😀", "a/b", "\u0001\u001f", "Qué"]);
    case 5:
      return `key-${random(100)}`;
    case 6:
      return Array.from({ length: random(6) }, () => jsonValue(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random(6) }, (_, i) => [`name ${i} é`, jsonValue(random, depth - 1)]),
      );
  }
}

/** The line the `json` program writes to stderr. */
export function jsonCounts(text: string): string {
  const counts = { objects: 0, arrays: 0, strings: 0, numbers: 0, depth: 0, sum: 0 };
  const visit = (value: Json, depth: number): void => {
    counts.depth = Math.max(counts.depth, depth);
    if (typeof value === "string") counts.strings++;
    else if (typeof value === "number") {
      counts.numbers++;
      counts.sum += value;
    } else if (Array.isArray(value)) {
      counts.arrays++;
      for (const item of value) visit(item, depth + 1);
    } else if (value !== null && typeof value === "object") {
      counts.objects++;
      counts.strings += Object.keys(value).length;
      for (const item of Object.values(value)) visit(item, depth + 1);
    }
  };
  visit(JSON.parse(text) as Json, 1);
  counts.sum = Math.trunc(counts.sum * 1000);
  return Object.entries(counts)
    .map(([name, count]) => `${name}=${count}`)
    .join(" ");
}

/** About `size` bytes that look like a web server's log, in ASCII. */
export function logText(size: number): string {
  const random = seeded(11);
  const lines: string[] = [];
  for (let bytes = 0; bytes < size; ) {
    const ip = Array.from({ length: 4 }, () => random(256)).join(".");
    const path = `/${pick(random, ["api", "static", "img", ""])}/${pick(random, ["user_1", "index", "a-b", "x"])}${pick(random, [".js", ".css", "", "?q=1"])}`;
    const line = `${ip} [${random(24)}:${random(60)}] "${pick(random, ["GET", "POST", "PUT", "HEAD"])} ${path}" ${pick(random, [200, 204, 404, 500])} ${random(100000)}`;
    lines.push(random(40) === 0 ? "" : line);
    bytes += lines[lines.length - 1]!.length + 1;
  }
  return `${lines.join("\n")}\n`;
}

/** Bytes of every value. */
export function noise(size: number, seed = 3): Buffer {
  const random = seeded(seed);
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = random(256);
  return bytes;
}

/** What the `qsort` program prints for `n` numbers from `seed`. */
export function sortedSummary(n: number, seed: number): string {
  const numbers = new Int32Array(n);
  let x = seed;
  for (let i = 0; i < n; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    numbers[i] = x;
  }
  numbers.sort();
  let hash = 2166136261;
  for (const number of numbers) hash = Math.imul(hash ^ number, 16777619) >>> 0;
  return `n=${n} first=${numbers[0]} median=${numbers[n >> 1]} last=${numbers[n - 1]} hash=${hash.toString(16).padStart(8, "0")}\n`;
}

/** What the `wc` program prints for these bytes. */
export function wordCount(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  const words = text.match(/[^ \t\n\v\f\r]+/g)?.length ?? 0;
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const adler = (((b << 16) | a) >>> 0).toString(16).padStart(8, "0");
  return `${bytes.length} ${text.split("\n").length - 1} ${words} ${adler}\n`;
}
