/** What a program of the tests is: a package of npm, and a small job for it. */

/** Where a job finds its package. */
export interface Packages {
  /** The exports of a package, or of a file in one. */
  load(specifier: string): Promise<Loaded>;
  /** A file of a package. */
  read(path: string): Uint8Array;
}

/** What a package exports; its types are not ours to know. */
// biome-ignore lint/suspicious/noExplicitAny: packages that may not be installed
export type Loaded = any;

export interface Program {
  readonly name: string;
  /** Packages that must be installed; the first is the one that is tried. */
  readonly needs: readonly string[];
  /** Loads the package once and does the job so many times; what came out, which must not differ. */
  readonly run: (packages: Packages, times: number) => Promise<string>;
}

/** What the last of `times` calls of `job` gives. */
export async function repeat<T>(times: number, job: () => T | Promise<T>): Promise<T> {
  for (let i = 1; i < times; i++) await job();
  return job();
}

/** A string of 32 bits for long results. */
export function digest(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return `${bytes.length} bytes, ${(h >>> 0).toString(16)}`;
}

export const unit = `export function primes(n) {
  const found = [];
  next: for (let i = 2; found.length < n; i++) { for (const p of found) if (i % p === 0) continue next; found.push(i); }
  return found;
}
console.log(primes(10).map((p) => \`prime \${p}\`).join("\\n"));
`;
/** A text to work on, of JavaScript but for its names, which are exported more than once. */
export const source = unit.repeat(20);
