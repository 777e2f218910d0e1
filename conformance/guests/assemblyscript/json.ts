// json: parses stdin into a tree, prints it back without spaces, and counts on stderr.
// "objects=N arrays=N strings=N numbers=N depth=N sum=N" where sum is 1000 x the sum of all numbers, cut to an integer.
import { Bytes, eprint, exit, fail, flush, print, putByte, putBytes } from "./wasi";

enum Kind { Null, False, True, Number, String, Array, Object }

class Node {
  /** Number: where its text stands in the input. */
  from: i32 = 0;
  to: i32 = 0;
  number: f64 = 0;
  text: ArrayBuffer | null = null;
  name: ArrayBuffer | null = null;
  first: Node | null = null;
  next: Node | null = null;
  constructor(public kind: Kind) {}
}

const input = new Bytes();
let start: usize = 0;
let at: i32 = 0;
let end: i32 = 0;
let objects: i32 = 0, arrays: i32 = 0, strings: i32 = 0, numbers: i32 = 0, deepest: i32 = 0;
let sum: f64 = 0;
let buffer = new StaticArray<u8>(1024);

function broken(): void {
  fail("json: error at byte " + at.toString());
}

// @ts-ignore: decorator
@inline
function peek(): u8 {
  return at < end ? load<u8>(start + at) : 0;
}

function space(): void {
  while (at < end) {
    const c = load<u8>(start + at);
    if (c != 32 && c != 10 && c != 9 && c != 13) break;
    at++;
  }
}

function expect(word: string): void {
  for (let i = 0; i < word.length; i++, at++) if (peek() != <u8>word.charCodeAt(i)) broken();
}

function hex4(): u32 {
  let value: u32 = 0;
  for (let i = 0; i < 4; i++, at++) {
    const c = peek();
    const letter = c | 32;
    if (c >= 48 && c <= 57) value = value * 16 + (c - 48);
    else if (letter >= 97 && letter <= 102) value = value * 16 + (letter - 87);
    else broken();
  }
  return value;
}

function putUtf8(to: usize, c: u32): i32 {
  if (c < 0x80) {
    store<u8>(to, <u8>c);
    return 1;
  }
  if (c < 0x800) {
    store<u8>(to, <u8>(0xc0 | (c >> 6)));
    store<u8>(to, <u8>(0x80 | (c & 63)), 1);
    return 2;
  }
  if (c < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (c >> 12)));
    store<u8>(to, <u8>(0x80 | ((c >> 6) & 63)), 1);
    store<u8>(to, <u8>(0x80 | (c & 63)), 2);
    return 3;
  }
  store<u8>(to, <u8>(0xf0 | (c >> 18)));
  store<u8>(to, <u8>(0x80 | ((c >> 12) & 63)), 1);
  store<u8>(to, <u8>(0x80 | ((c >> 6) & 63)), 2);
  store<u8>(to, <u8>(0x80 | (c & 63)), 3);
  return 4;
}

function escape(to: usize): i32 {
  const c = peek();
  at++;
  if (c == 117 /* u */) {
    let unit = hex4();
    if (unit >= 0xd800 && unit < 0xdc00 && peek() == 92) {
      at += 2;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4() - 0xdc00);
    }
    return putUtf8(to, unit);
  }
  const which = '"\\/bfnrt'.indexOf(String.fromCharCode(c));
  if (which < 0) broken();
  store<u8>(to, <u8>'"\\/\b\f\n\r\t'.charCodeAt(which));
  return 1;
}

function quoted(): ArrayBuffer {
  if (peek() != 34) broken();
  at++;
  let used = 0;
  while (peek() != 34) {
    if (at >= end) broken();
    if (used + 4 > buffer.length) {
      const larger = new StaticArray<u8>(buffer.length * 2);
      memory.copy(changetype<usize>(larger), changetype<usize>(buffer), used);
      buffer = larger;
    }
    const c = load<u8>(start + at);
    if (c < 32) broken();
    if (c == 92) {
      at++;
      used += escape(changetype<usize>(buffer) + used);
    } else {
      unchecked((buffer[used++] = c));
      at++;
    }
  }
  at++;
  strings++;
  const text = new ArrayBuffer(used);
  memory.copy(changetype<usize>(text), changetype<usize>(buffer), used);
  return text;
}

function digits(mantissa: f64): f64 {
  while (peek() >= 48 && peek() <= 57) mantissa = mantissa * 10 + (load<u8>(start + at++) - 48);
  return mantissa;
}

function number(): Node {
  const node = new Node(Kind.Number);
  node.from = at;
  const negative = peek() == 45;
  if (negative) at++;
  if (peek() < 48 || peek() > 57) broken();
  let value = digits(0);
  if (peek() == 46) {
    const point = ++at;
    value = digits(value);
    let power: f64 = 1;
    for (let i = point; i < at; i++) power *= 10;
    value /= power;
  }
  node.to = at;
  node.number = negative ? -value : value;
  numbers++;
  sum += node.number;
  return node;
}

function members(node: Node, close: u8, depth: i32): Node {
  let last: Node | null = null;
  at++;
  space();
  if (peek() == close) {
    at++;
    return node;
  }
  while (true) {
    let name: ArrayBuffer | null = null;
    space();
    if (close == 125) {
      name = quoted();
      space();
      expect(":");
    }
    const child = value(depth + 1);
    child.name = name;
    if (last) last.next = child;
    else node.first = child;
    last = child;
    space();
    if (peek() == close) {
      at++;
      return node;
    }
    expect(",");
  }
}

function word(kind: Kind, text: string): Node {
  expect(text);
  return new Node(kind);
}

function value(depth: i32): Node {
  if (depth > deepest) deepest = depth;
  space();
  switch (peek()) {
    case 123: {
      objects++;
      return members(new Node(Kind.Object), 125, depth);
    }
    case 91: {
      arrays++;
      return members(new Node(Kind.Array), 93, depth);
    }
    case 34: {
      const node = new Node(Kind.String);
      node.text = quoted();
      return node;
    }
    case 116:
      return word(Kind.True, "true");
    case 102:
      return word(Kind.False, "false");
    case 110:
      return word(Kind.Null, "null");
    default:
      return number();
  }
}

function putString(text: ArrayBuffer): void {
  putByte(34);
  const from = changetype<usize>(text);
  for (let i = 0; i < text.byteLength; i++) {
    const c = load<u8>(from + i);
    const named = c < 32 || c == 34 || c == 92 ? '"\\\b\f\n\r\t'.indexOf(String.fromCharCode(c)) : -1;
    if (named >= 0) {
      putByte(92);
      putByte(<u8>'"\\bfnrt'.charCodeAt(named));
    } else if (c < 32) {
      print("\\u00" + (c >> 4).toString() + "0123456789abcdef".charAt(c & 15));
    } else {
      putByte(c);
    }
  }
  putByte(34);
}

function put(node: Node): void {
  const kind = node.kind;
  if (kind == Kind.Null) return print("null");
  if (kind == Kind.False) return print("false");
  if (kind == Kind.True) return print("true");
  if (kind == Kind.Number) return putBytes(start + node.from, node.to - node.from);
  if (kind == Kind.String) return putString(node.text!);
  putByte(kind == Kind.Object ? 123 : 91);
  let child = node.first;
  while (child) {
    if (child != node.first) putByte(44);
    if (kind == Kind.Object) {
      putString(child.name!);
      putByte(58);
    }
    put(child);
    child = child.next;
  }
  putByte(kind == Kind.Object ? 125 : 93);
}

if (!input.readAll(0)) fail("json: cannot read");
start = changetype<usize>(input.data);
end = input.length;
const root = value(1);
space();
if (at != end) broken();
put(root);
putByte(10);
flush();
eprint("objects=" + objects.toString() + " arrays=" + arrays.toString() + " strings=" + strings.toString());
eprint(" numbers=" + numbers.toString() + " depth=" + deepest.toString() + " sum=" + (<i64>(sum * 1000)).toString() + "\n");
exit(0);
