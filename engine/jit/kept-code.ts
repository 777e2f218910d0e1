/** Texts of a module that other processes have made (`code-store.ts`), and a name for their source in stacks. */
import { storeOf, type TextStore } from "../code-store.ts";
import type { Module } from "../module.ts";
import { register } from "./backtrace.ts";
import type { CodeKind } from "./module-code.ts";

/** Of `ModuleCode`: what says where lines of texts are from. */
interface Code {
  readonly module: Module;
  causesOf(func: number, kind: CodeKind): readonly number[];
}

export class KeptCode {
  private readonly code: Code;
  private readonly texts: TextStore;
  private isNamed = false;

  private constructor(code: Code, texts: TextStore) {
    this.code = code;
    this.texts = texts;
  }

  /** @param settings all that texts depend on besides the module */
  static of(code: Code, settings: () => string): KeptCode | undefined {
    const store = storeOf(code.module);
    return store === undefined ? undefined : new KeptCode(code, store.texts(settings()));
  }

  get module(): Module {
    return this.code.module;
  }

  has(key: string): boolean {
    return this.texts.has(key);
  }

  find(key: string): ((scope: never) => unknown) | undefined {
    const found = this.texts.find(key);
    if (found !== undefined && !this.isNamed) {
      this.isNamed = true;
      register(this, this.texts.source);
    }
    return found;
  }

  keep(key: string, text: string): void {
    this.texts.keep(key, text);
  }

  causeAt(func: number, kind: CodeKind, line: number): number {
    const before = this.texts.linesBefore(keyOf(func, kind));
    return this.code.causesOf(func, kind)[line - before - 1] ?? 0;
  }
}

/** The name of a text. */
export const keyOf = (func: number, { loop, isMetered, isDeferred }: CodeKind): string =>
  `${func}${isMetered ? "m" : ""}${isDeferred === false ? "s" : ""}${loop === undefined ? "" : `_${loop}`}`;
