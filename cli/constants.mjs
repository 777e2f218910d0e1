/**
 * Constants of bundles. esbuild makes `var` of every `const` outside functions, and V8 treats a variable as something that may
 * change: validation took five times as long with its tables in such variables. Bench: conformance:real --loads.
 */
import { readdirSync, readFileSync } from "node:fs";

/** `let` outside functions, in the sources of `folders`; `arch.test.ts` sees to it that no constant has such a name. */
export function variablesOf(folders) {
  const names = new Set();
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true }).filter((file) => /(?<!\.test|\.d)\.ts$/.test(file));
    for (const file of files) {
      const text = readFileSync(`${folder}/${file}`, "utf8");
      for (const [, name] of text.matchAll(/^(?:export )?let (\w+)/gm)) names.add(name);
    }
  }
  return names;
}

/**
 * The bundle `code`, which is not minified, with its constants as such again.
 *
 * @param variables of `variablesOf`; esbuild puts numbers behind names that are there twice
 */
export function withConstants(code, variables) {
  return code.replace(/^var (?=[{[]|([\w$]+) = )/gm, (whole, name = "") =>
    variables.has(name) || variables.has(name.replace(/\d+$/, "")) ? whole : "const ",
  );
}
