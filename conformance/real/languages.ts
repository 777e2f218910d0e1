/**
 * Runs one body of tests per guest language, and says loudly when a language's compiler is missing.
 *
 * A missing compiler skips the tests under a name that tells what to install. Languages listed in
 * `WASMTS_REQUIRE_LANGUAGES` (e.g. `c,rust,go`) fail instead: CI sets it to what it has installed.
 */
import { describe, test } from "vitest";
import { compileGuest, type Language, probeToolchain } from "./toolchains.ts";

/** A guest program and the arguments that select it inside its binary (Go's programs share one). */
export interface Guest {
  readonly wasm: string;
  readonly prefix: readonly string[];
}

export interface Guests {
  readonly language: Language;
  /** Compiles on first use. */
  program(name: string): Promise<Guest>;
}

/** Which programs exist in which language; the table tests are generated from. */
const everywhere = ["hello", "cat", "cp", "find", "sort", "sha256sum", "json", "qsort", "wc", "sleep", "exit"] as const;
export const programs: Readonly<Record<Exclude<Language, "wat">, readonly string[]>> = {
  assemblyscript: [...everywhere, "ls", "regex", "trap", "recurse", "grow"],
  c: [...everywhere, "ls", "regex", "trap", "recurse", "grow", "serve", "accept"],
  rust: [...everywhere, "trap", "recurse", "grow", "httpbin", "udp-echo"],
  go: [...everywhere, "ls", "regex", "panic", "recurse", "goroutines", "serve"],
};

/**
 * The language whose programs get inputs of full size (1 MB, a million numbers, 1,000 files). It needs nothing but npm;
 * the others show that their own runtimes work, for which less is enough.
 */
export const fullSizeLanguage = "assemblyscript";

export type GuestLanguage = keyof typeof programs;

async function compiled(language: Language, name: string): Promise<Guest> {
  if (language !== "go" || ["hello", "serve"].includes(name))
    return { wasm: await compileGuest(language, name), prefix: [] };
  return { wasm: await compileGuest(language, "tools"), prefix: [name] };
}

const told = new Set<Language>();

/** `describe` for one language. Await it at the top level of a test file. */
export async function describeLanguage(language: Language, body: (guests: Guests) => void): Promise<void> {
  const probe = await probeToolchain(language);
  if (probe.toolchain) {
    describe(language, () => body({ language, program: (name) => compiled(language, name) }));
    return;
  }
  const required = (process.env.WASMTS_REQUIRE_LANGUAGES ?? "").split(",").includes(language);
  const title = `${language} guests not tested: ${probe.missing}`;
  if (required) {
    test(title, () => {
      throw new Error(probe.missing);
    });
    return;
  }
  if (!told.has(language)) console.warn(`SKIPPED ${title}`);
  told.add(language);
  describe.skip(title, () => body({ language, program: (name) => compiled(language, name) }));
}

/** The languages that have `program`. */
export function languagesWith(program: string): GuestLanguage[] {
  return (Object.keys(programs) as GuestLanguage[]).filter((language) => programs[language].includes(program));
}

/** One `describe` per language that has `program`. */
export async function describeProgram(
  program: string,
  body: (guests: Guests) => void,
  except: readonly GuestLanguage[] = [],
): Promise<void> {
  for (const language of languagesWith(program))
    if (!except.includes(language)) await describeLanguage(language, (guests) => describe(program, () => body(guests)));
}
