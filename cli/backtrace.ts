/** A guest's backtrace as lines for a person: names from the module, escaped; recursion and long middles shortened. */
import { type BacktraceFrame, printable } from "../engine/index.ts";

/** The engine keeps this many frames, the innermost. */
const kept = 32;
const head = 14;
const tail = 4;

/** `at name (function 12, byte 0x1a3)`, innermost first. */
export function backtraceLines(frames: readonly BacktraceFrame[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < frames.length; ) {
    const text = line(frames[i]!);
    let end = i + 1;
    while (end < frames.length && line(frames[end]!) === text) end++;
    lines.push(text);
    if (end - i > 2) lines.push(`... the same ${end - i - 1} times more`);
    else if (end - i === 2) lines.push(text);
    i = end;
  }
  const cut = frames.length >= kept ? [`... and so on: only the innermost ${kept} are kept`] : [];
  if (lines.length <= head + tail + 1) return [...lines, ...cut];
  return [
    ...lines.slice(0, head),
    `... ${lines.length - head - tail} lines left out ...`,
    ...lines.slice(-tail),
    ...cut,
  ];
}

function line(frame: BacktraceFrame): string {
  const place = `byte 0x${frame.offset.toString(16)}`;
  if (frame.name === undefined) return `at function ${frame.func} (${place})`;
  return `at ${printable(frame.name, 60)} (function ${frame.func}, ${place})`;
}
