/**
 * Parses `.wast` scripts into typed commands, each with its line.
 *
 * Not for running them (`run.ts`) nor for turning module text into bytes (`wat.ts`).
 * Grammar: WebAssembly/spec interpreter/README.md, "Scripts".
 */
import { parseF32, parseF64, parseInteger } from "./literals.ts";
import { type List, type Node, readNodes, ScriptError, type Str } from "./sexpr.ts";

/** A module as written in a script. */
export type ModuleSource =
  | { readonly form: "text"; readonly text: string }
  | { readonly form: "quote"; readonly text: string }
  | { readonly form: "binary"; readonly bytes: Uint8Array };

/** An argument. Floats are bit patterns; a v128 is 16 bytes, lane 0 first. */
export type Const =
  | { readonly type: "i32"; readonly value: number }
  | { readonly type: "i64"; readonly value: bigint }
  | { readonly type: "f32"; readonly bits: number }
  | { readonly type: "f64"; readonly bits: bigint }
  | { readonly type: "v128"; readonly bytes: Uint8Array }
  | { readonly type: "null" }
  /** `(ref.extern N)`, `(ref.host N)`: the host's object number `id`. */
  | { readonly type: "host"; readonly id: number };

export type NanPattern = "canonical" | "arithmetic";
export type Lane = number | bigint | NanPattern;

/** What a result must be. */
export type Expected =
  | Const
  | { readonly type: "nan"; readonly of: "f32" | "f64"; readonly pattern: NanPattern }
  | { readonly type: "lanes"; readonly of: "f32" | "f64"; readonly lanes: readonly Lane[] }
  /** `(ref.func)`, `(ref.struct)`...: any reference of that kind. */
  | { readonly type: "ref"; readonly heap: string }
  | { readonly type: "either"; readonly options: readonly Expected[] };

export interface Action {
  readonly verb: "invoke" | "get";
  /** Undefined: the current instance. */
  readonly id: string | undefined;
  readonly name: string;
  readonly args: readonly Const[];
}

export type ActionAssertion = "assert_trap" | "assert_exhaustion" | "assert_exception" | "assert_suspension";
export type ModuleAssertion = "assert_invalid" | "assert_malformed" | "assert_unlinkable";

export type Command = { readonly line: number } & (
  | { readonly kind: "module"; readonly id: string | undefined; readonly source: ModuleSource }
  | { readonly kind: "definition"; readonly id: string | undefined; readonly source: ModuleSource }
  | { readonly kind: "instance"; readonly id: string | undefined; readonly of: string | undefined }
  | { readonly kind: "register"; readonly id: string | undefined; readonly as: string }
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "assert_return"; readonly action: Action; readonly expected: readonly Expected[] }
  | { readonly kind: ActionAssertion; readonly action: Action; readonly text: string }
  | { readonly kind: "assert_trap_module"; readonly source: ModuleSource; readonly text: string }
  | { readonly kind: ModuleAssertion; readonly source: ModuleSource; readonly text: string }
  | { readonly kind: "unknown"; readonly head: string }
);

/** Commands that begin a script form; anything else at the top level makes the whole script one module. */
const heads = /^(module|register|invoke|get|assert_\w+|script|input|output|thread|wait)$/;

/** The commands of a script. Throws `ScriptError`, whose `pos` is an offset in `source`. */
export function parseScript(source: string): Command[] {
  const nodes = readNodes(source);
  const first = nodes[0];
  if (first !== undefined && !heads.test(headOf(first))) {
    return [{ kind: "module", line: 1, id: undefined, source: { form: "text", text: source } }];
  }
  const parser = new ScriptParser(source);
  return nodes.map((node) => parser.command(asList(node)));
}

/** 1-based line of an offset. */
export function lineOf(source: string, pos: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at >= 0 && at < pos; at = source.indexOf("\n", at + 1)) line++;
  return line;
}

class ScriptParser {
  readonly source: string;
  /** Line of `pos`; commands come in order, so that counting on from the last one is enough. */
  private line = 1;
  private pos = 0;

  constructor(source: string) {
    this.source = source;
  }

  command(node: List): Command {
    const line = this.lineAt(node.pos);
    const head = headOf(node);
    if (head === "module") return { line, ...this.module(node) };
    if (head === "invoke" || head === "get") return { line, kind: "action", action: action(node) };
    if (head === "register") return { line, kind: "register", as: text(node.items[1]), id: idAt(node, 2) };
    return head.startsWith("assert_") ? this.assertion(node, head, line) : { line, kind: "unknown", head };
  }

  private lineAt(pos: number): number {
    for (let at = this.source.indexOf("\n", this.pos); at >= 0 && at < pos; at = this.source.indexOf("\n", at + 1)) {
      this.line++;
      this.pos = at + 1;
    }
    return this.line;
  }

  private module(node: List) {
    const words = node.items.slice(1, 4).map((item) => (item.kind === "atom" ? item.text : ""));
    if (words[0] === "instance") return { kind: "instance", id: idAt(node, 2), of: idAt(node, 3) } as const;
    const isDefinition = words[0] === "definition";
    const id = idAt(node, isDefinition ? 2 : 1);
    return { kind: isDefinition ? "definition" : "module", id, source: this.moduleSource(node) } as const;
  }

  private moduleSource(node: List): ModuleSource {
    const rest = node.items.slice(1).filter((item) => item.kind !== "atom" || !item.text.startsWith("$"));
    const form = rest.find((item) => item.kind === "atom" && item.text !== "definition");
    const bytes = () => concat(rest.filter((item) => item.kind === "string").map((item) => item.bytes));
    if (form?.kind === "atom" && form.text === "binary") return { form: "binary", bytes: bytes() };
    if (form?.kind === "atom" && form.text === "quote") return { form: "quote", text: decodeName(bytes()) };
    const written = this.source.slice(node.pos, node.end);
    return { form: "text", text: written.replace(/^\(\s*module\s+definition\b/, "(module") };
  }

  private assertion(node: List, head: string, line: number): Command {
    const kind = head.replace(/_custom$/, "");
    const subject = () => asList(node.items[1]);
    const message = () => (node.items[2] === undefined ? "" : text(node.items[2]));
    switch (kind) {
      case "assert_return":
        return { line, kind, action: action(subject()), expected: node.items.slice(2).map(expected) };
      case "assert_trap":
        return headOf(subject()) === "module"
          ? { line, kind: "assert_trap_module", source: this.moduleSource(subject()), text: message() }
          : { line, kind, action: action(subject()), text: message() };
      case "assert_exhaustion":
      case "assert_exception":
      case "assert_suspension":
        return { line, kind, action: action(subject()), text: message() };
      case "assert_invalid":
      case "assert_malformed":
      case "assert_unlinkable":
        return { line, kind, source: this.moduleSource(subject()), text: message() };
      default:
        return { line, kind: "unknown", head };
    }
  }
}

function action(node: List): Action {
  const verb = headOf(node);
  if (verb !== "invoke" && verb !== "get") throw new ScriptError(`unknown action ${verb}`, node.pos);
  const id = idAt(node, 1);
  const at = id === undefined ? 1 : 2;
  return { verb, id, name: text(node.items[at]), args: node.items.slice(at + 1).map(constant) };
}

function constant(node: Node): Const {
  const value = expected(node);
  if (value.type === "nan" || value.type === "lanes" || value.type === "ref" || value.type === "either") {
    throw new ScriptError(`not a constant: ${value.type}`, node.pos);
  }
  return value;
}

function expected(node: Node): Expected {
  const list = asList(node);
  const head = headOf(list);
  const first = list.items[1]?.kind === "atom" ? list.items[1].text : "";
  if (head === "either") return { type: "either", options: list.items.slice(1).map(expected) };
  if (head.startsWith("ref.")) return reference(head.slice(4), first);
  if (head === "i32.const") return { type: "i32", value: Number(BigInt.asIntN(32, parseInteger(first, 32))) };
  if (head === "i64.const") return { type: "i64", value: BigInt.asIntN(64, parseInteger(first, 64)) };
  if (head === "f32.const" || head === "f64.const") return float(head === "f32.const" ? "f32" : "f64", first);
  if (head === "v128.const") return vector(first, list.items.slice(2));
  throw new ScriptError(`unknown value ${head}`, list.pos);
}

function float(of: "f32" | "f64", literal: string): Expected {
  const pattern = nanPattern(literal);
  if (pattern !== undefined) return { type: "nan", of, pattern };
  return of === "f32" ? { type: of, bits: parseF32(literal) } : { type: of, bits: parseF64(literal) };
}

function reference(heap: string, argument: string): Expected {
  if (heap === "null") return { type: "null" };
  if ((heap === "extern" || heap === "host") && argument !== "") return { type: "host", id: Number(argument) };
  return { type: "ref", heap };
}

function vector(shape: string, nodes: readonly Node[]): Expected {
  const lanes = nodes.map((node) => (node.kind === "atom" ? node.text : ""));
  const kind = shape.slice(0, shape.indexOf("x"));
  if (kind !== "f32" && kind !== "f64") {
    return { type: "v128", bytes: packLanes(lanes.map((lane) => parseInteger(lane, Number(kind.slice(1))))) };
  }
  const parsed = lanes.map((lane): Lane => nanPattern(lane) ?? (kind === "f32" ? parseF32(lane) : parseF64(lane)));
  if (parsed.some((lane) => typeof lane === "string")) return { type: "lanes", of: kind, lanes: parsed };
  return { type: "v128", bytes: packLanes(parsed.map(BigInt)) };
}

/** 16 bytes, little-endian, of lanes of equal width. */
function packLanes(lanes: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(16);
  const width = 16 / lanes.length;
  lanes.forEach((lane, i) => {
    for (let b = 0; b < width; b++) bytes[i * width + b] = Number((lane >> BigInt(8 * b)) & 0xffn);
  });
  return bytes;
}

function nanPattern(literal: string): NanPattern | undefined {
  return literal === "nan:canonical" ? "canonical" : literal === "nan:arithmetic" ? "arithmetic" : undefined;
}

function headOf(node: Node): string {
  const first = node.kind === "list" ? node.items[0] : undefined;
  return first?.kind === "atom" ? first.text : "";
}

function asList(node: Node | undefined): List {
  if (node?.kind !== "list") throw new ScriptError("expected a list", node?.pos ?? 0);
  return node;
}

/** The identifier that is item `i`, if it is one. */
function idAt(node: List, i: number): string | undefined {
  const item = node.items[i];
  return item?.kind === "atom" && item.text.startsWith("$") ? item.text : undefined;
}

function text(node: Node | undefined): string {
  if (node?.kind !== "string") throw new ScriptError("expected a string", node?.pos ?? 0);
  return decodeName((node satisfies Str).bytes);
}

const decodeName = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
