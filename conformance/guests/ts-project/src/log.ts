// Enums of both kinds, a namespace, overloads and a tagged template.
export enum Level {
  Info = "info",
  Warn = "warn",
  Error = "error",
}

export const enum Palette {
  Red = 1 << 0,
  Green = 1 << 1,
  Blue = 1 << 2,
}

export namespace Format {
  export const width = 12;
  export function pad(text: string): string {
    return text.padEnd(width, "·");
  }
}

export function log(level: Level, message: string): void;
export function log(level: Level, message: number): void;
export function log(level: Level, message: unknown): void {
  console[level](strip`${Format.pad(level)}|${message}\n`);
}

function strip(parts: TemplateStringsArray, ...values: unknown[]): string {
  return parts.raw.map((part, i) => part.trim() + (values[i] ?? "")).join("");
}
