/** Making control characters visible. */
import { describe, expect, it } from "vitest";
import { neutralisedOutput } from "./escapes.ts";
import { alwaysReady, type OutputStream } from "./streams.ts";

/** What arrives when the guest writes these chunks; `room` is what the sink takes at once. */
function through(
  chunks: readonly Uint8Array[],
  room = Number.POSITIVE_INFINITY,
): { bytes: number[]; counts: (number | undefined)[] } {
  const bytes: number[] = [];
  let isBusy = false;
  const sink: OutputStream = {
    filetype: 0,
    ready: alwaysReady,
    write([buffer]) {
      isBusy = !isBusy;
      if (room < Number.POSITIVE_INFINITY && isBusy) return undefined;
      const part = (buffer as Uint8Array).subarray(0, room);
      bytes.push(...part);
      return part.length;
    },
  };
  const out = neutralisedOutput(sink);
  const counts: (number | undefined)[] = [];
  for (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0; ) {
      const count = out.write([rest]);
      counts.push(count);
      rest = rest.subarray(count ?? 0);
    }
  }
  out.close?.();
  return { bytes, counts };
}

const text = (input: string | number[]): string =>
  Buffer.from(through([typeof input === "string" ? Buffer.from(input) : Uint8Array.from(input)]).bytes).toString(
    "latin1",
  );

describe("neutralised output", () => {
  it.each([
    ["plain\ttext\r\n", "plain\ttext\r\n"],
    ["\x1b]0;title\x07", "^[]0;title^G"],
    ["\x00\x08\x7f", "^@^H^?"],
    [[0x9b, 0x41], "M-^[A"],
    [[0xc2, 0x9b, 0x41], "M-^[A"],
    [[0xc2], ""],
    [[0xc2, 0xc2, 0x9b], "\xc2M-^["],
    [[0xc2, 0x1b], "\xc2^["],
  ])("%j becomes %j", (input, output) => {
    expect(text(input)).toBe(output);
  });

  it("leaves printable UTF-8 alone", () => {
    const printable = "Grüße £ € 漢字 🙂 \u00a0 \u202e";
    expect(Buffer.from(through([Buffer.from(printable)]).bytes).toString()).toBe(printable);
  });

  it("sees sequences across writes", () => {
    const bytes = Buffer.from("ü\u009b€\x1b🙂");
    const one = through([bytes]).bytes;
    expect(through([...bytes].map((b) => Uint8Array.of(b))).bytes).toEqual(one);
    expect(Buffer.from(one).toString()).toBe("üM-^[€^[🙂");
  });

  it("counts the guest's bytes, and loses none when the sink is slow", () => {
    const { bytes, counts } = through([Buffer.from("\x1b\x1b"), Buffer.from("x")], 1);
    expect(Buffer.from(bytes).toString()).toBe("^[^[x");
    expect(counts.reduce<number>((sum, n) => sum + (n ?? 0), 0)).toBe(3);
  });
});
