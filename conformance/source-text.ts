/**
 * Questions about TypeScript sources that need no compiler: which modules a file imports, how long its functions are.
 *
 * A scanner, not a parser: strings, templates, comments and regular expressions are skipped, braces are matched.
 */

/** Specifiers of every static and dynamic import and re-export, type-only ones included. */
export function importsOf(source: string): string[] {
  const code = blankComments(source);
  const found = [...code.matchAll(/^\s*(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"']+)["']/gm)].map(
    (m) => m[1]!,
  );
  const dynamic = [...code.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)].map((m) => m[1]!);
  return [...new Set([...found, ...dynamic])];
}

/** Specifiers of what is loaded together with the file: static imports that are not type-only. */
export function loadedBy(source: string): string[] {
  const code = blankComments(source);
  const imports = code.matchAll(/^\s*(?:import|export)\b(?!\s+type\b)(?:[^;"'`]*?\bfrom)?\s*["']([^"']+)["']/gm);
  return [...new Set([...imports].map((m) => m[1]!))];
}

/** Comments and templates replaced by spaces; strings stay. */
const blankComments = (source: string): string => scan(source, { isStringKept: true });

export interface FunctionLength {
  /** Line of the opening brace, from 1. */
  readonly line: number;
  readonly lines: number;
}

/** Every function with a body in braces: declarations, methods, arrows, nested ones too. */
export function functionLengths(source: string): FunctionLength[] {
  const code = scan(source, { isStringKept: false });
  const found: FunctionLength[] = [];
  const open: { at: number; isFunction: boolean }[] = [];
  const parens: number[] = [];
  /** Offset of the `(` that the last `)` closed. */
  let lastGroup = -1;
  let lastClose = -1;
  for (let at = 0; at < code.length; at++) {
    const c = code[at];
    if (c === "(") parens.push(at);
    else if (c === ")") {
      lastGroup = parens.pop() ?? -1;
      lastClose = at;
    } else if (c === "{") open.push({ at, isFunction: startsBody(code, at, lastGroup, lastClose) });
    else if (c === "}") {
      const start = open.pop();
      if (start?.isFunction)
        found.push({ line: lineOf(code, start.at), lines: lineOf(code, at) - lineOf(code, start.at) + 1 });
    }
  }
  return found;
}

const statement = /(?:^|[^\w$.])(?:if|for|while|switch|catch|with)\s*$/;

/** True for a brace after `=>`, or after a parameter list with perhaps a return type. */
function startsBody(code: string, at: number, group: number, close: number): boolean {
  const before = code.slice(Math.max(0, at - 200), at).trimEnd();
  if (before.endsWith("=>")) return true;
  if (close < 0 || !/^\s*(?::[^;={}()]*)?$/.test(code.slice(close + 1, at))) return false;
  return !statement.test(code.slice(Math.max(0, group - 20), group).replace(/\bawait\s*$/, ""));
}

const lineOf = (code: string, at: number): number => code.slice(0, at).split("\n").length;

/** The source, same length and lines, with comments, templates, regular expressions and perhaps strings as spaces. */
function scan(source: string, { isStringKept }: { isStringKept: boolean }): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\$]|\$(?!\{))*`|(?<=[(,=:[!&|?{};]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/g;
  return source.replace(token, (text) => {
    if (isStringKept && /^["']/.test(text)) return text;
    return text.replace(/[^\n]/g, " ");
  });
}
