/**
 * A store of code for one module at a time: what one engine has made, another of this process takes, in the form that files of
 * `code-cache` have, but without files.
 */
import { codeOf, functionsOf, linesBefore, type Scripted, scriptOf } from "../../code-cache/script.ts";
import { type CodeStore, hex, type ModuleStore, sha256, type TextStore } from "../../engine/index.ts";

export class LastModule implements CodeStore {
  #digest = "";
  #kept: Kept = new Kept();

  of(bytes: Uint8Array): ModuleStore {
    const digest = hex(sha256(bytes));
    if (digest !== this.#digest) this.#kept = new Kept();
    this.#digest = digest;
    return this.#kept;
  }
}

class Kept implements ModuleStore {
  readonly #validity = new Map<string, readonly string[]>();
  readonly #texts = new Map<string, Map<string, string>>();

  validity(rules: string): readonly string[] | undefined {
    return this.#validity.get(rules);
  }

  keepValidity(rules: string, features: readonly string[]): void {
    this.#validity.set(rules, features);
  }

  texts(settings: string): TextStore {
    const texts = this.#texts.get(settings) ?? new Map<string, string>();
    this.#texts.set(settings, texts);
    return new Texts(texts);
  }
}

let scripts = 0;

/** Finds what is there when it is first asked. */
class Texts implements TextStore {
  readonly source = `fuzz${scripts++}`;
  readonly #texts: Map<string, string>;
  #script: Scripted | undefined;
  #functions: readonly ((scope: never) => unknown)[] = [];

  constructor(texts: Map<string, string>) {
    this.#texts = texts;
  }

  get #found(): Scripted {
    if (this.#script === undefined) {
      this.#script = scriptOf(this.#texts);
      const name = `wasmts:${this.source}`;
      this.#functions = functionsOf(this.#script.source, name, codeOf(this.#script, name))?.list ?? [];
    }
    return this.#script;
  }

  #place(name: string): number {
    return this.#found.entries.findIndex((entry) => entry.name === name);
  }

  has(name: string): boolean {
    return this.#place(name) >= 0;
  }

  find(name: string): ((scope: never) => unknown) | undefined {
    return this.#functions[this.#place(name)];
  }

  linesBefore(name: string): number {
    return linesBefore(this.#found, this.#place(name));
  }

  keep(name: string, text: string): void {
    this.#texts.set(name, text);
  }
}
