/**
 * The views of a memory in variables of the function that uses them, which are two property loads less for each access:
 * a third of its bytecode. They are taken anew after whatever may have put other views in their place. Only the memory of
 * a module that has just one, as growth would otherwise cost a statement for each; and none that is shared, whose views
 * are looked at anyway. Bench: esbuild, size of the bytecode.
 */
import type { Module } from "../module.ts";
import type { Environment } from "./environment.ts";
import type { Writer } from "./writer.ts";

/** Members of a `MemInst`, and the variables that hold them. */
const variables = { dv: "v0", dw: "w0" } as const;
type View = keyof typeof variables;

export class Views {
  private readonly isOn: boolean;
  private readonly env: Environment;
  private readonly out: Writer;
  private readonly used = new Set<View>();
  /** Lines that take them anew, if there is one to be taken. */
  private readonly lines: number[] = [];

  constructor({ memTypes }: Module, isWanted: boolean, env: Environment, out: Writer) {
    this.isOn = isWanted && memTypes.length === 1 && !memTypes[0].isShared;
    this.env = env;
    this.out = out;
  }

  /** The view of the memory `name`. */
  of(name: string, view: View): string {
    if (!this.isOn) return `${name}.${view}`;
    this.used.add(view);
    return variables[view];
  }

  /** The memory may have other views from the next line on. */
  changed(): void {
    if (this.isOn) this.lines.push(this.out.line(""));
  }

  /** Statements for a place that must have them before it is known which views are used. */
  all(): string {
    if (!this.isOn) return "";
    for (const view of Object.keys(variables) as View[]) this.used.add(view);
    return `${this.list().join(";")};`;
  }

  /** Everything is written: the declarations. */
  finish(): readonly string[] {
    const list = this.list();
    if (list.length > 0) for (const line of this.lines) this.out.replace(line, `${list.join(";")};`);
    return list;
  }

  /** Declares the variable `name` again, in another function. */
  declaration(name: string): string {
    return this.list().find((text) => text.startsWith(`${name}=`)) as string;
  }

  private list(): string[] {
    return [...this.used].map((view) => `${variables[view]}=${this.env.memory(0)}.${view}`);
  }
}
