// json: parses stdin into a tree, prints it back without spaces, and counts on stderr.
// "objects=N arrays=N strings=N numbers=N depth=N sum=N" where sum is 1000 x the sum of all numbers, cut to an integer.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { NUL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT } Kind;

typedef struct Node {
  Kind kind;
  uint32_t length;          // bytes of `text`
  const char *text;         // number as written; string after unescaping
  double number;
  char *name;               // member name, when in an object
  uint32_t name_length;
  struct Node *first, *next;
} Node;

static const char escaped[] = "\"\\\b\f\n\r\t/", letters[] = "\"\\bfnrt/";  // the byte and, at the same place, its letter
static const char *start, *at, *end;
static unsigned objects, arrays, strings, numbers, deepest;
static double sum;

static void fail(void) {
  fprintf(stderr, "json: error at byte %ld\n", (long)(at - start));
  exit(1);
}

static void space(void) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++;
}

static void expect(const char *word) {
  size_t length = strlen(word);
  if ((size_t)(end - at) < length || memcmp(at, word, length) != 0) fail();
  at += length;
}

static unsigned hex4(void) {
  unsigned value = 0;
  for (int i = 0; i < 4; i++, at++) {
    if (at >= end) fail();
    char c = *at;
    if (c >= '0' && c <= '9') value = value * 16 + (unsigned)(c - '0');
    else if ((c | 32) >= 'a' && (c | 32) <= 'f') value = value * 16 + (unsigned)((c | 32) - 'a' + 10);
    else fail();
  }
  return value;
}

static char *put_utf8(char *to, unsigned c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
    *to++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *to++ = (char)(0xe0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 63));
    *to++ = (char)(0x80 | (c & 63));
  } else {
    *to++ = (char)(0xf0 | c >> 18);
    *to++ = (char)(0x80 | (c >> 12 & 63));
    *to++ = (char)(0x80 | (c >> 6 & 63));
    *to++ = (char)(0x80 | (c & 63));
  }
  return to;
}

static char *escape(char *to) {
  char c = at < end ? *at++ : 0;
  if (c == 'u') {
    unsigned unit = hex4();
    if (unit >= 0xd800 && unit < 0xdc00 && end - at > 6 && at[0] == '\\' && at[1] == 'u') {
      at += 2;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4() - 0xdc00);
    }
    return put_utf8(to, unit);
  }
  const char *letter = strchr(letters, c);
  if (!c || !letter) fail();
  *to++ = escaped[letter - letters];
  return to;
}

static char *string(uint32_t *length) {
  if (at >= end || *at != '"') fail();
  const char *close = ++at;
  while (close < end && *close != '"') close += *close == '\\' ? 2 : 1;
  char *text = malloc((size_t)(close - at) + 1), *to = text;
  while (at < end && *at != '"') {
    if ((unsigned char)*at < 0x20) fail();
    if (*at == '\\') {
      at++;
      to = escape(to);
    } else {
      *to++ = *at++;
    }
  }
  if (at >= end) fail();
  at++;
  strings++;
  *length = (uint32_t)(to - text);
  return text;
}

static void number(Node *node) {
  static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  node->text = at;
  int negative = *at == '-';
  at += negative;
  if (at >= end || *at < '0' || *at > '9') fail();
  double mantissa = 0;
  unsigned decimals = 0;
  while (at < end && *at >= '0' && *at <= '9') mantissa = mantissa * 10 + (*at++ - '0');
  if (at < end && *at == '.')
    for (at++; at < end && *at >= '0' && *at <= '9'; decimals++) mantissa = mantissa * 10 + (*at++ - '0');
  node->length = (uint32_t)(at - node->text);
  node->number = mantissa / powers[decimals < 16 ? decimals : 15];
  if (negative) node->number = -node->number;
  numbers++;
  sum += node->number;
}

static Node *value(unsigned depth);

static Node *members(Node *node, char close, unsigned depth) {
  Node **last = &node->first;
  at++;
  space();
  if (at < end && *at == close) {
    at++;
    return node;
  }
  for (;;) {
    char *name = NULL;
    uint32_t name_length = 0;
    space();
    if (close == '}') {
      name = string(&name_length);
      space();
      expect(":");
    }
    Node *child = value(depth + 1);
    child->name = name;
    child->name_length = name_length;
    *last = child;
    last = &child->next;
    space();
    if (at < end && *at == close) {
      at++;
      return node;
    }
    expect(",");
  }
}

static Node *value(unsigned depth) {
  Node *node = calloc(1, sizeof *node);
  if (depth > deepest) deepest = depth;
  space();
  if (at >= end) fail();
  switch (*at) {
    case '{': node->kind = OBJECT; objects++; return members(node, '}', depth);
    case '[': node->kind = ARRAY; arrays++; return members(node, ']', depth);
    case '"': node->kind = STRING; node->text = string(&node->length); return node;
    case 't': node->kind = TRUE; expect("true"); return node;
    case 'f': node->kind = FALSE; expect("false"); return node;
    case 'n': node->kind = NUL; expect("null"); return node;
    default: node->kind = NUMBER; number(node); return node;
  }
}

static void print_string(const char *text, uint32_t length) {
  putchar('"');
  for (uint32_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    const char *named = c && c != '/' ? strchr(escaped, c) : NULL;
    if (named) {
      putchar('\\');
      putchar(letters[named - escaped]);
    } else if (c < 0x20) {
      printf("\\u%04x", c);
    } else {
      putchar(c);
    }
  }
  putchar('"');
}

static void print(const Node *node) {
  switch (node->kind) {
    case NUL: fputs("null", stdout); return;
    case FALSE: fputs("false", stdout); return;
    case TRUE: fputs("true", stdout); return;
    case NUMBER: fwrite(node->text, 1, node->length, stdout); return;
    case STRING: print_string(node->text, node->length); return;
    default: break;
  }
  putchar(node->kind == OBJECT ? '{' : '[');
  for (const Node *child = node->first; child; child = child->next) {
    if (child != node->first) putchar(',');
    if (node->kind == OBJECT) {
      print_string(child->name, child->name_length);
      putchar(':');
    }
    print(child);
  }
  putchar(node->kind == OBJECT ? '}' : ']');
}

int main(void) {
  size_t used = 0, room = 1 << 16;
  char *input = malloc(room);
  for (size_t got; (got = fread(input + used, 1, room - used, stdin)) > 0;) {
    used += got;
    if (used == room) input = realloc(input, room *= 2);
  }
  start = at = input;
  end = input + used;
  Node *root = value(1);
  space();
  if (at != end) fail();
  print(root);
  putchar('\n');
  fprintf(stderr, "objects=%u arrays=%u strings=%u numbers=%u depth=%u sum=%lld\n", objects, arrays, strings, numbers, deepest,
          (long long)(sum * 1000));
  return 0;
}
