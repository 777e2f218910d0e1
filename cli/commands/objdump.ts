/** `wasmts objdump FILE [--func NAME|IDX] [--js] [--metered]`: functions as text, with the JavaScript they become. */
import {
  compile,
  type Func,
  funcTypeAt,
  generatedListing,
  instructionTexts,
  type ListingOptions,
  type Module,
  printable,
  printFuncType,
  printValType,
  type ValType,
} from "../../engine/index.ts";
import { CliError } from "../cli-error.ts";
import { everyFeature } from "../features.ts";
import { readOptimise } from "../optimise.ts";
import { print } from "../output.ts";
import type { Flags } from "../parse.ts";
import { readModule } from "../read-module.ts";
import { closest } from "../suggest.ts";
import { type Paint, paintFor } from "../text.ts";

export function objdump(flags: Flags, operands: readonly string[]): number {
  const [file, ...others] = operands;
  if (file === undefined || others.length > 0) {
    const isMissing = file === undefined;
    throw new CliError(isMissing ? "WT6506" : "WT6507", isMissing ? "no module given" : "objdump takes one file", {
      where: isMissing ? "'wasmts objdump' needs a file" : `after ${file} comes ${others[0]}`,
      help: "write: wasmts objdump [--func NAME|IDX] [--js] FILE",
    });
  }
  const module = compile(readModule(file), { features: everyFeature });
  const wanted = flags.get("func");
  const all = module.funcs.map((_, i) => module.importedFuncs + i);
  const paint = paintFor(1, flags.get("color"));
  const isJs = flags.has("js") || flags.has("metered");
  for (const index of wanted === undefined ? all : [find(module, wanted, file)]) {
    const options = { isMetered: flags.has("metered"), optimise: readOptimise(flags) };
    const lines = isJs ? javaScript(module, index, options, paint) : instructions(module, index, paint);
    print([paint.strong(heading(module, index)), ...lines, ""].join("\n"));
  }
  return 0;
}

/** By index, by the name section, or by export. */
function find(module: Module, wanted: string, file: string): number {
  const defined = (index: number): boolean => index >= module.importedFuncs && index < module.funcTypes.length;
  if (/^\d+$/.test(wanted) && defined(Number(wanted))) return Number(wanted);
  const named = namesOf(module);
  const index = named.get(wanted);
  if (index !== undefined) return index;
  const near = closest(wanted, named.keys());
  const range = `${module.importedFuncs} to ${module.funcTypes.length - 1}`;
  throw new CliError("WT6545", `no function ${printable(wanted)} with a body in ${printable(file)}`, {
    where: module.funcs.length === 0 ? "it defines none" : `its functions have the indices ${range}`,
    help:
      near === undefined ? "leave --func out to see all of them, or give an index" : `did you mean ${printable(near)}?`,
  });
}

/** Functions with a body by their names; the first of each name. */
function namesOf(module: Module): Map<string, number> {
  const named = new Map<string, number>();
  const add = (name: string, index: number): void => {
    if (index >= module.importedFuncs && !named.has(name)) named.set(name, index);
  };
  for (const [index, name] of module.names.funcs) add(name, index);
  for (const e of module.exports) if (e.kind === "func") add(e.name, e.idx);
  return named;
}

function heading(module: Module, index: number): string {
  const { body } = funcAt(module, index);
  const name = module.names.funcs.get(index) ?? module.exports.find((e) => e.kind === "func" && e.idx === index)?.name;
  const type = printFuncType(funcTypeAt(module, module.funcTypes[index]!));
  const size = `${body.end - body.start} bytes at ${hex(body.start)}`;
  return `function ${index}${name === undefined ? "" : ` <${printable(name, 100)}>`} ${type}: ${size}`;
}

const funcAt = (module: Module, index: number): Func => module.funcs[index - module.importedFuncs]!;
const hex = (offset: number): string => `0x${offset.toString(16).padStart(4, "0")}`;
const place = (offset: number): string => hex(offset).padStart(10);

function instructions(module: Module, index: number, paint: Paint): string[] {
  const lines = localsOf(funcAt(module, index));
  for (const { offset, depth, text } of instructionTexts(module, index))
    lines.push(`${paint.faint(place(offset))}  ${"  ".repeat(Math.min(depth, 40))}${text}`);
  return lines;
}

function localsOf({ locals }: Func): string[] {
  const runs: string[] = [];
  for (let i = 0; i < locals.length; i += 2) {
    const type = printValType(locals[i + 1] as ValType);
    if (locals[i]! > 0) runs.push(locals[i] === 1 ? type : `${locals[i]} x ${type}`);
  }
  return runs.length === 0 ? [] : [`${" ".repeat(12)}locals ${runs.join(", ")}`];
}

/** Each instruction, and below the last that had a part in it the statement that was made. */
function javaScript(module: Module, index: number, options: ListingOptions, paint: Paint): string[] {
  const listing = generatedListing(module, index, options);
  if ("declined" in listing) return [`${" ".repeat(12)}stays with the interpreter: ${listing.declined}`];
  const code = [...instructionTexts(module, index)];
  const lines: string[] = [];
  let at = 0;
  for (const { offset, text } of listing.lines) {
    for (; at < code.length && code[at]!.offset <= offset; at++)
      lines.push(paint.faint(`${place(code[at]!.offset)}  ; ${code[at]!.text}`));
    if (text !== "") lines.push(`${" ".repeat(12)}${text}`);
  }
  return lines;
}
