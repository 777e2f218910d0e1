/** Tar archives for tests, honest and not. */

export interface TarMember {
  readonly name: string;
  /** One character; default "0". */
  readonly type?: string;
  readonly contents?: string | Uint8Array;
  readonly target?: string;
  /** Instead of the length of the contents. */
  readonly size?: number | string;
  readonly mtime?: number;
  /** Default "ustar\0" + "00". */
  readonly magic?: string;
  readonly prefix?: string;
  /** Added to the sum. */
  readonly sumError?: number;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Header and padded contents. */
export function tarMember(member: TarMember): Uint8Array {
  const { contents = "", type = "0", target = "", magic = "ustar\x0000", prefix = "" } = member;
  const bytes = typeof contents === "string" ? encode(contents) : contents;
  const out = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  const put = (at: number, text: string | Uint8Array): void =>
    out.set(typeof text === "string" ? encode(text) : text, at);
  const octal = (n: number, length: number): string => `${n.toString(8).padStart(length - 1, "0")}\0`;
  put(0, encode(member.name).subarray(0, 100));
  put(100, octal(0o644, 8));
  const { size = bytes.length } = member;
  put(124, typeof size === "string" ? size : octal(size, 12));
  put(136, octal(member.mtime ?? 1_700_000_000, 12));
  put(148, "        ");
  put(156, type);
  put(157, encode(target).subarray(0, 100));
  put(257, magic);
  put(345, prefix);
  const sum = out.subarray(0, 512).reduce((a, b) => a + b, 0) + (member.sumError ?? 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  put(512, bytes);
  return out;
}

export const endOfTar = new Uint8Array(1024);

export function tarBytes(...members: (TarMember | Uint8Array)[]): Uint8Array {
  return new Uint8Array(Buffer.concat([...members.map((m) => (m instanceof Uint8Array ? m : tarMember(m))), endOfTar]));
}

/** A pax header for the next member, or with type "g" for all. */
export function pax(records: Readonly<Record<string, string>>, type = "x"): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = encode(rest).length;
    length += String(length + String(length).length).length;
    return `${length}${rest}`;
  });
  return tarMember({ name: "pax", type, contents: lines.join("") });
}

/** A tree as in `makeTree`; "=x" is a hard link to x. */
export function tarOf(tree: Readonly<Record<string, string | null>>): Uint8Array {
  return tarBytes(
    ...Object.entries(tree).map(([name, content]): TarMember => {
      if (content === null) return { name: `${name}/`, type: "5" };
      if (content.startsWith(">")) return { name, type: "2", target: content.slice(1) };
      if (content.startsWith("=")) return { name, type: "1", target: content.slice(1) };
      return { name, contents: content };
    }),
  );
}
