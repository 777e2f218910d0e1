/**
 * Where what was found out about modules, and made of them, is kept for other processes. The engine asks and tells; how it is
 * kept is the affair of whoever implements this (`wasmts/code-cache`: files).
 *
 * What is found is believed: it must come from the same engine, about the same bytes, and from nobody else.
 */
import type { Module } from "./module.ts";

export interface CodeStore {
  /**
   * What is kept of the module that `bytes` are.
   *
   * @cost O(bytes): they must be told by all of them, so that no module can be made to look like another
   */
  of(bytes: Uint8Array): ModuleStore;
}

export interface ModuleStore {
  /** What the functions use, if they were found valid under `rules`. @param rules options of `compile`, as text */
  validity(rules: string): readonly string[] | undefined;
  keepValidity(rules: string, features: readonly string[]): void;
  /**
   * Texts made under `settings`, ready to run. Each call gives code of its own, which V8 optimises for whoever uses it.
   *
   * @param settings all that texts depend on besides the module
   */
  texts(settings: string): TextStore;
}

/** By the name of a text. */
export interface TextStore {
  has(name: string): boolean;
  /** The text as a function of `$`; undefined if it is not kept. */
  find(name: string): ((scope: never) => unknown) | undefined;
  /**
   * The name of their source in stacks is `wasmts:` and this: letters and numbers, the first a letter. The same name means the
   * same lines. Undefined before something is found.
   */
  readonly source: string | undefined;
  /** Lines of the source before the text `name`, which is there. @cost O(source) the first time */
  linesBefore(name: string): number;
  keep(name: string, text: string): void;
}

const stores = new WeakMap<Module, ModuleStore>();

export const storeOf = (module: Module): ModuleStore | undefined => stores.get(module);

export const setStore = (module: Module, store: ModuleStore): void => void stores.set(module, store);

/** Has what is made of `module` kept, also if another engine has compiled it. */
export function keepIn(store: CodeStore, module: Module): void {
  if (!stores.has(module)) stores.set(module, store.of(module.bytes));
}
