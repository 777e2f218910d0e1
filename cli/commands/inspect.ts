/** `wasmts inspect FILE [--json]`: an inspection as a page of 80 columns, or as JSON. */
import { compile, decode, type FeatureDef, features, type Module, printable, WasmError } from "../../engine/index.ts";
import { CliError } from "../cli-error.ts";
import { everyFeature } from "../features.ts";
import { type Inspection, inspectModule } from "../inspection.ts";
import { print } from "../output.ts";
import type { Flags } from "../parse.ts";
import { readModule } from "../read-module.ts";
import { columns, type Paint, paintFor, wrap } from "../text.ts";
import { threadsProvide } from "../threads.ts";
import { wasiProvides } from "../wasi-host.ts";

/** Lines of a list on the page; `--json` has all. */
const most = 60;

export function inspect(flags: Flags, operands: readonly string[]): number {
  const [file, ...others] = operands;
  if (file === undefined || others.length > 0) {
    throw new CliError(
      file === undefined ? "WT6506" : "WT6507",
      file === undefined ? "no module given" : "inspect takes one file",
      {
        where: file === undefined ? "'wasmts inspect' needs a file" : `after ${file} comes ${others[0]}`,
        help: "write: wasmts inspect FILE [--json]",
      },
    );
  }
  const bytes = readModule(file);
  const [module, problem] = load(bytes);
  const found = inspectModule(file, module, problem, (imp) => wasiProvides(imp) || threadsProvide(imp));
  if (flags.has("json")) print(JSON.stringify(found));
  else print(page(found, columns(), paintFor(1, flags.get("color"))));
  return 0;
}

/** A module that decodes but is not valid can still be looked at. */
function load(bytes: Uint8Array): [module: Module, problem: string | null] {
  try {
    return [compile(bytes, { features: everyFeature }), null];
  } catch (error) {
    if (!(error instanceof WasmError) || error.kind !== "invalid") throw error;
    return [decode(bytes, { features: everyFeature }), `${error.code}: ${error.message}`];
  }
}

/** The page for a person. */
export function page(found: Inspection, width: number, paint: Paint): string {
  const lines: string[] = [];
  const field = (label: string, text: string): void => {
    if (text !== "")
      lines.push(`${paint.strong(label.padEnd(11))} ${wrap(printable(text, 2000), width, " ".repeat(12)).trimStart()}`);
  };
  lines.push(`${printable(found.file)}: ${found.kind}, ${size(found.bytes)}`);
  field("toolchain", found.toolchain ?? "not told (no producers section)");
  field("features", found.features.map(featureText).join(", ") || "WebAssembly 1.0 only");
  const { imported, defined, codeBytes, named } = found.functions;
  const names = named === 0 ? "no names" : `${group(named)} named`;
  field("functions", `${group(defined)} defined (${size(codeBytes)} of code, ${names}), ${group(imported)} imported`);
  for (const memory of found.memories)
    field("memory", `${memory.type}${memory.imported ? ", imported" : ""}: ${range(memory)}`);
  for (const table of found.tables.slice(0, 8)) field("table", `${table.type}${table.imported ? ", imported" : ""}`);
  field("WASI", wasiText(found));
  if (found.problem !== null) field("NOT VALID", found.problem);
  if (found.unknownImports.length > 0) field("cannot run", unknownText(found));
  lines.push("", ...sections(found, paint), "", ...imports(found, width, paint), "", ...exports(found, width, paint));
  return lines.join("\n");
}

const featureText = (name: string): string =>
  (features as Record<string, FeatureDef>)[name]?.state === "flag" ? `${name} (needs -W ${name})` : name;

function wasiText(found: Inspection): string {
  if (found.wasi.version === null) return "not used";
  const needs = found.wasi.needs.length === 0 ? "nothing in particular" : found.wasi.needs.join(", ");
  return `${found.wasi.version}; uses ${needs}`;
}

function unknownText(found: Inspection): string {
  const count = found.unknownImports.length;
  const who = found.madeFor === null ? "" : `; made for ${found.madeFor}`;
  return `as it is: ${count} import${count === 1 ? "" : "s"} nobody provides, such as ${found.unknownImports[0]}${who}`;
}

function range(memory: Inspection["memories"][number]): string {
  const most = memory.maxBytes === null ? "without a maximum" : `at most ${size(memory.maxBytes)}`;
  return `starts with ${size(memory.minBytes)}, ${most}`;
}

function sections(found: Inspection, paint: Paint): string[] {
  const lines = [paint.strong("Sections")];
  const shown = found.sections.slice(0, most);
  const nameWidth = Math.min(36, Math.max(10, ...shown.map((s) => printable(s.name, 34).length)));
  for (const section of shown) {
    const items =
      section.items === null ? "" : `  ${group(section.items).padStart(8)} item${section.items === 1 ? "" : "s"}`;
    lines.push(`  ${printable(section.name, 34).padEnd(nameWidth)} ${group(section.bytes).padStart(12)} bytes${items}`);
  }
  return lines.concat(left(found.sections.length));
}

function imports(found: Inspection, width: number, paint: Paint): string[] {
  if (found.imports.length === 0) return [`${paint.strong("Imports")}  none`];
  const lines = [paint.strong("Imports")];
  const shown = found.imports.slice(0, most);
  for (const module of new Set(shown.map((imp) => imp.module))) {
    const all = shown.filter((imp) => imp.module === module);
    lines.push(`  ${printable(module, 60)}`);
    lines.push(...table(all, width, "    "));
  }
  return lines.concat(left(found.imports.length));
}

function exports(found: Inspection, width: number, paint: Paint): string[] {
  if (found.exports.length === 0) return [`${paint.strong("Exports")}  none`];
  return [paint.strong("Exports"), ...table(found.exports.slice(0, most), width, "  "), ...left(found.exports.length)];
}

/** Names in one column, types in the next; a type that does not fit goes on below. */
function table(
  rows: readonly { readonly name: string; readonly type: string }[],
  width: number,
  indent: string,
): string[] {
  const names = rows.map((row) => printable(row.name, 48));
  const nameWidth = Math.min(28, Math.max(...names.map((name) => name.length)));
  return rows.map((row, i) => {
    const lead = `${indent}${names[i]!.padEnd(nameWidth)}  `;
    return wrap(row.type, width, lead, `${indent}${" ".repeat(nameWidth + 4)}`);
  });
}

const left = (count: number): string[] => (count > most ? [`  ... ${group(count - most)} more (--json has all)`] : []);

const group = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

/** `1,234 bytes`, `1.2 MiB`. */
function size(bytes: number): string {
  if (bytes < 10_000) return `${group(bytes)} byte${bytes === 1 ? "" : "s"}`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
