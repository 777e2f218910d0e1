/** Text that is safe inside a page. Names of cases, messages of engines and the machine's words come from elsewhere. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text between tags and inside quoted attributes. */
export function escaped(text: string | number | boolean | undefined): string {
  // Other control characters than tab and line feed are not allowed in a page at all.
  return String(text ?? "")
    .replace(/[&<>"']/g, (sign) => entities[sign]!)
    .replace(/[^\P{Cc}\t\n]/gu, "\ufffd");
}

/** Markup that is not escaped again. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | boolean | undefined | Html | readonly Html[];

const insert = (value: Value): string =>
  value instanceof Html
    ? value.text
    : Array.isArray(value)
      ? value.map((part: Html) => part.text).join("")
      : escaped(value as string);

/** A template whose values are escaped, unless they are markup. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(parts.reduce((text, part, i) => text + insert(values[i - 1]) + part));
}
