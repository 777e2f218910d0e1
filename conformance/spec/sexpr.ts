/**
 * Reads the s-expressions of `.wast` scripts: atoms, strings, lists, with their places in the source.
 *
 * Not a reader of module text: a list headed `module` in text form is skipped over and only its extent kept, because
 * a converter (see `wat.ts`) takes it from the source. Comments and annotations are dropped.
 * Spec: text/lexical.
 */

export interface Atom {
  readonly kind: "atom";
  /** Of a quoted identifier (`$"a b"`): `$` and the decoded string. */
  readonly text: string;
  readonly pos: number;
}
export interface Str {
  readonly kind: "string";
  readonly bytes: Uint8Array;
  readonly pos: number;
}
export interface List {
  readonly kind: "list";
  /** Of a module in text form: its leading atoms only. */
  readonly items: readonly Node[];
  readonly pos: number;
  /** Offset after the closing parenthesis. */
  readonly end: number;
}
/** `pos` and `end` are offsets in the source. */
export type Node = Atom | Str | List;

/** The source is not a list of s-expressions. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly pos: number;
  constructor(message: string, pos: number) {
    super(message);
    this.pos = pos;
  }
}

const QUOTE = 34;
const OPEN = 40;
const CLOSE = 41;
const SEMI = 59;
const AT = 64;
const BACKSLASH = 92;

const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13);
const endsAtom = (c: number): boolean => isSpace(c) || c === QUOTE || c === OPEN || c === CLOSE || c === SEMI;
/** Words after `module` that say that what follows is not module text. */
const structured = new Set(["binary", "quote", "instance"]);
const escapes: Record<string, number> = { t: 9, n: 10, r: 13, '"': QUOTE, "'": 39, "\\": BACKSLASH };
const utf8 = new TextEncoder();

/** The top-level nodes of `source`. Throws `ScriptError`. */
export function readNodes(source: string): Node[] {
  const reader = new Reader(source);
  const nodes: Node[] = [];
  for (let node = reader.node(); node !== undefined; node = reader.node()) nodes.push(node);
  if (!reader.isAtEnd()) throw new ScriptError("unbalanced )", reader.pos);
  return nodes;
}

class Reader {
  readonly source: string;
  pos = 0;

  constructor(source: string) {
    this.source = source;
  }

  isAtEnd(): boolean {
    return this.pos >= this.source.length;
  }

  /** The next node, or undefined before a closing parenthesis or the end. */
  node(): Node | undefined {
    this.skipBlank();
    if (this.isAtEnd()) return undefined;
    const c = this.source.charCodeAt(this.pos);
    if (c === CLOSE) return undefined;
    if (c === OPEN) return this.list();
    return c === QUOTE ? this.string() : this.atom();
  }

  private list(): List {
    const pos = this.pos++;
    const items: Node[] = [];
    for (let node = this.node(); node !== undefined; node = this.node()) {
      items.push(node);
      if (this.isModuleText(items)) {
        this.skipRest(pos);
        return { kind: "list", items, pos, end: this.pos };
      }
    }
    if (this.isAtEnd()) throw new ScriptError("list without end", pos);
    this.pos++;
    return { kind: "list", items, pos, end: this.pos };
  }

  /** True when `items` are the atoms `module ...` and a list comes next (or the end). */
  private isModuleText(items: readonly Node[]): boolean {
    const head = items[0]!;
    if (head.kind !== "atom" || head.text !== "module") return false;
    const last = items.at(-1)!;
    if (last.kind !== "atom" || items.some((item) => item.kind === "atom" && structured.has(item.text))) return false;
    this.skipBlank();
    const next = this.source.charCodeAt(this.pos);
    return next === OPEN || next === CLOSE;
  }

  private atom(): Atom {
    const pos = this.pos;
    while (!this.isAtEnd() && !endsAtom(this.source.charCodeAt(this.pos))) this.pos++;
    const text = this.source.slice(pos, this.pos);
    if (text !== "$" || this.source.charCodeAt(this.pos) !== QUOTE) return { kind: "atom", text, pos };
    return { kind: "atom", text: `$${new TextDecoder().decode(this.string().bytes)}`, pos };
  }

  private string(): Str {
    const pos = this.pos;
    this.skipString();
    return { kind: "string", bytes: unescapeString(this.source.slice(pos + 1, this.pos - 1), pos), pos };
  }

  private skipString(): void {
    const pos = this.pos++;
    for (;;) {
      if (this.isAtEnd()) throw new ScriptError("string without end", pos);
      const c = this.source.charCodeAt(this.pos++);
      if (c === QUOTE) return;
      if (c === BACKSLASH) this.pos++;
    }
  }

  /** Skips white space, comments and annotations. */
  private skipBlank(): void {
    while (!this.isAtEnd()) {
      const c = this.source.charCodeAt(this.pos);
      const next = this.source.charCodeAt(this.pos + 1);
      if (isSpace(c)) this.pos++;
      else if (c === SEMI && next === SEMI) this.skipLine();
      else if (c === OPEN && next === SEMI) this.skipBlockComment();
      else if (c === OPEN && next === AT) this.skipRest(this.pos++);
      else return;
    }
  }

  private skipLine(): void {
    const end = this.source.indexOf("\n", this.pos);
    this.pos = end < 0 ? this.source.length : end + 1;
  }

  private skipBlockComment(): void {
    const pos = this.pos;
    let depth = 0;
    do {
      if (this.isAtEnd()) throw new ScriptError("comment without end", pos);
      const c = this.source.charCodeAt(this.pos);
      const next = this.source.charCodeAt(this.pos + 1);
      if (c === OPEN && next === SEMI) depth++;
      else if (c === SEMI && next === CLOSE) depth--;
      this.pos += (c === OPEN && next === SEMI) || (c === SEMI && next === CLOSE) ? 2 : 1;
    } while (depth > 0);
  }

  /** From inside a list that began at `pos` to after its closing parenthesis. */
  private skipRest(pos: number): void {
    for (let depth = 1; depth > 0; ) {
      if (this.isAtEnd()) throw new ScriptError("list without end", pos);
      const c = this.source.charCodeAt(this.pos);
      const next = this.source.charCodeAt(this.pos + 1);
      if (c === QUOTE) this.skipString();
      else if (c === SEMI && next === SEMI) this.skipLine();
      else if (c === OPEN && next === SEMI) this.skipBlockComment();
      else {
        if (c === OPEN) depth++;
        else if (c === CLOSE) depth--;
        this.pos++;
      }
    }
  }
}

/** The bytes that a string literal (without its quotes) stands for. */
function unescapeString(raw: string, pos: number): Uint8Array {
  if (!raw.includes("\\")) return utf8.encode(raw);
  const bytes: number[] = [];
  for (let i = 0; i < raw.length; ) {
    if (raw.charCodeAt(i) !== BACKSLASH) {
      const end = raw.indexOf("\\", i);
      const plain = raw.slice(i, end < 0 ? raw.length : end);
      bytes.push(...utf8.encode(plain));
      i += plain.length;
    } else i = unescapeOne(raw, i, bytes, pos);
  }
  return Uint8Array.from(bytes);
}

/** Appends what the escape at `i` stands for; returns the offset after it. */
function unescapeOne(raw: string, i: number, bytes: number[], pos: number): number {
  const c = raw[i + 1] ?? "";
  const simple = escapes[c];
  if (simple !== undefined) {
    bytes.push(simple);
    return i + 2;
  }
  if (c === "u") {
    const end = raw.indexOf("}", i);
    bytes.push(...utf8.encode(String.fromCodePoint(Number.parseInt(raw.slice(i + 3, end).replaceAll("_", ""), 16))));
    return end + 1;
  }
  const hex = raw.slice(i + 1, i + 3);
  if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new ScriptError(`bad escape \\${hex}`, pos);
  bytes.push(Number.parseInt(hex, 16));
  return i + 3;
}
