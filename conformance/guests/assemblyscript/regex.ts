// regex PATTERN: prints "N:LINE" for each line of stdin that matches; exit 1 when none does.
// Thompson NFA, run as a DFA that is built state by state while reading (bytes, no captures).
// Syntax: literals . [a-z] [^a-z] \d \w \s \. ( ) | * + ? ^ $
import { args, Bytes, exit, fail, print, putByte, putBytes } from "./wasi";

enum Op { Set, Split, LineStart, LineEnd, Match }

class Nfa {
  set: StaticArray<bool> = new StaticArray<bool>(256);
  next: i32 = -1;
  other: i32 = -1;
  constructor(public op: Op) {}

  addRange(from: i32, to: i32): void {
    for (let c = from; c <= to; c++) this.set[c] = true;
  }

  addClass(c: i32): void {
    const lower = c == 100 || c == 119;
    if (lower) this.addRange(48, 57);
    if (c == 119) {
      this.addRange(97, 122);
      this.addRange(65, 90);
      this.addRange(95, 95);
    } else if (c == 115) {
      this.addRange(9, 13);
      this.addRange(32, 32);
    } else if (!lower) {
      this.addRange(c, c);
    }
  }
}

class Dfa {
  accepts: bool = false;
  acceptsAtEnd: bool = false;
  /** DFA state + 1, 0 = not built yet. */
  next: StaticArray<i32> = new StaticArray<i32>(256);
  constructor(public members: StaticArray<bool>) {}
}

/** `end` is a state whose `next` is still open. */
class Part {
  constructor(public start: i32, public end: i32) {}
}

const argv = args();
if (argv.length != 2) fail("regex: usage: regex PATTERN", 2);
const pattern = Uint8Array.wrap(String.UTF8.encode(argv[1], true));
const nfa = new Array<Nfa>(0);
const dfa = new Array<Dfa>(0);
let p = 0;

function state(op: Op): i32 {
  return nfa.push(new Nfa(op)) - 1;
}

function bracket(s: Nfa): void {
  const negated = pattern[p] == 94;
  if (negated) p++;
  do {
    const c = pattern[p];
    if (c == 0) fail("regex: missing ]", 2);
    if (c == 92) {
      s.addClass(pattern[p + 1]);
      p += 2;
    } else if (pattern[p + 1] == 45 && pattern[p + 2] != 0 && pattern[p + 2] != 93) {
      s.addRange(c, pattern[p + 2]);
      p += 3;
    } else {
      s.addRange(c, c);
      p++;
    }
  } while (pattern[p] != 93);
  p++;
  if (negated) for (let i = 0; i < 256; i++) s.set[i] = !s.set[i];
}

function atom(): Part {
  const c = pattern[p++];
  if (c == 40) {
    const part = alternatives();
    if (pattern[p++] != 41) fail("regex: missing )", 2);
    return part;
  }
  const index = state(c == 94 ? Op.LineStart : c == 36 ? Op.LineEnd : Op.Set);
  const s = nfa[index];
  if (c == 46) s.addRange(0, 255);
  else if (c == 91) bracket(s);
  else if (c == 92) s.addClass(pattern[p++]);
  else s.addRange(c, c);
  return new Part(index, index);
}

function repeated(): Part {
  let part = atom();
  while (pattern[p] == 42 || pattern[p] == 43 || pattern[p] == 63) {
    const c = pattern[p++];
    const fork = state(Op.Split);
    const out = state(Op.Split);
    nfa[fork].next = part.start;
    nfa[fork].other = out;
    nfa[part.end].next = c == 63 ? out : fork;
    part = new Part(c == 43 ? part.start : fork, out);
  }
  return part;
}

function sequence(): Part {
  const first = state(Op.Split);
  const all = new Part(first, first);
  while (pattern[p] != 0 && pattern[p] != 124 && pattern[p] != 41) {
    const part = repeated();
    nfa[all.end].next = part.start;
    all.end = part.end;
  }
  return all;
}

function alternatives(): Part {
  let left = sequence();
  while (pattern[p] == 124) {
    p++;
    const right = sequence();
    const fork = state(Op.Split);
    const out = state(Op.Split);
    nfa[fork].next = left.start;
    nfa[fork].other = right.start;
    nfa[left.end].next = out;
    nfa[right.end].next = out;
    left = new Part(fork, out);
  }
  return left;
}

/** Adds `s` and all it reaches without reading a byte. */
function reach(members: StaticArray<bool>, s: i32, atStart: bool, atEnd: bool): void {
  if (s < 0 || members[s]) return;
  members[s] = true;
  const one = nfa[s];
  if (one.op == Op.Split) {
    reach(members, one.next, atStart, atEnd);
    reach(members, one.other, atStart, atEnd);
  }
  if ((one.op == Op.LineStart && atStart) || (one.op == Op.LineEnd && atEnd)) reach(members, one.next, atStart, atEnd);
}

function hasMatch(members: StaticArray<bool>): bool {
  for (let i = 0; i < nfa.length; i++) if (members[i] && nfa[i].op == Op.Match) return true;
  return false;
}

function intern(members: StaticArray<bool>): i32 {
  const size = members.length;
  for (let i = 0; i < dfa.length; i++)
    if (memory.compare(changetype<usize>(dfa[i].members), changetype<usize>(members), size) == 0) return i;
  const made = new Dfa(members);
  made.accepts = hasMatch(members);
  const atEnd = new StaticArray<bool>(size);
  for (let i = 0; i < size; i++) if (members[i] && nfa[i].op == Op.LineEnd) reach(atEnd, nfa[i].next, false, true);
  made.acceptsAtEnd = made.accepts || hasMatch(atEnd);
  return dfa.push(made) - 1;
}

function step(from: i32, c: u8, start: i32): i32 {
  const members = new StaticArray<bool>(nfa.length);
  for (let i = 0; i < nfa.length; i++)
    if (dfa[from].members[i] && nfa[i].op == Op.Set && nfa[i].set[c]) reach(members, nfa[i].next, false, false);
  reach(members, start, false, false); // a match may begin at every byte
  const to = intern(members);
  dfa[from].next[c] = to + 1;
  return to;
}

function matches(line: usize, length: i32, first: i32, start: i32): bool {
  let now = first;
  for (let i = 0; i < length; i++) {
    const one = unchecked(dfa[now]);
    if (one.accepts) return true;
    const c = load<u8>(line + i);
    const next = unchecked(one.next[c]);
    now = next != 0 ? next - 1 : step(now, c, start);
  }
  return dfa[now].acceptsAtEnd;
}

const whole = alternatives();
if (pattern[p] != 0) fail("regex: unexpected )", 2);
const last = state(Op.Match);
nfa[whole.end].next = last;
const members = new StaticArray<bool>(nfa.length);
reach(members, whole.start, true, false);
const first = intern(members);

const input = new Bytes();
if (!input.readAll(0)) fail("regex: cannot read", 2);
const text = changetype<usize>(input.data);
let found = 0;
let lineNumber = 0;
for (let from = 0; from < input.length; ) {
  let to = from;
  while (to < input.length && load<u8>(text + to) != 10) to++;
  lineNumber++;
  if (matches(text + from, to - from, first, whole.start)) {
    found++;
    print(lineNumber.toString());
    putByte(58);
    putBytes(text + from, to - from);
    putByte(10);
  }
  from = to + 1;
}
exit(found == 0 ? 1 : 0);
