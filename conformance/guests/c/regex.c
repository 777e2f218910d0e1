// regex PATTERN: prints "N:LINE" for each line of stdin that matches; exit 1 when none does.
// Thompson NFA, run as a DFA that is built state by state while reading (bytes, no captures).
// Syntax: literals . [a-z] [^a-z] \d \w \s \. ( ) | * + ? ^ $
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NFA = 256, MAX_DFA = 512 };
typedef enum { SET, SPLIT, LINE_START, LINE_END, MATCH } Op;

typedef struct {
  Op op;
  uint8_t set[32];
  int next, other;
} Nfa;

typedef struct {
  uint8_t members[MAX_NFA];  // reached NFA states, before the line's end is known
  int accepts, accepts_at_end;
  int next[256];             // DFA state + 1, 0 = not built yet
} Dfa;

typedef struct {
  int start, end;  // `end` is a state whose `next` is still open
} Part;

static Nfa nfa[MAX_NFA];
static int nfa_count;
static Dfa *dfa[MAX_DFA];
static int dfa_count;
static const char *p;

static void fail(const char *why) {
  fprintf(stderr, "regex: %s\n", why);
  exit(2);
}

static int state(Op op) {
  if (nfa_count == MAX_NFA) fail("pattern too long");
  nfa[nfa_count] = (Nfa){.op = op, .next = -1, .other = -1};
  return nfa_count++;
}

static void add_range(uint8_t *set, int from, int to) {
  for (int c = from; c <= to; c++) set[c >> 3] |= (uint8_t)(1 << (c & 7));
}

static void add_class(uint8_t *set, char c) {
  if (c == 'd' || c == 'w') add_range(set, '0', '9');
  if (c == 'w') add_range(set, 'a', 'z'), add_range(set, 'A', 'Z'), add_range(set, '_', '_');
  else if (c == 's') add_range(set, 9, 13), add_range(set, ' ', ' ');
  else if (c != 'd') add_range(set, (uint8_t)c, (uint8_t)c);
}

static void bracket(uint8_t *set) {
  int negated = *p == '^';
  if (negated) p++;
  do {
    if (!*p) fail("missing ]");
    if (*p == '\\') {
      add_class(set, p[1]);
      p += 2;
    } else if (p[1] == '-' && p[2] && p[2] != ']') {
      add_range(set, (uint8_t)p[0], (uint8_t)p[2]);
      p += 3;
    } else {
      add_range(set, (uint8_t)*p, (uint8_t)*p);
      p++;
    }
  } while (*p != ']');
  p++;
  if (negated)
    for (int i = 0; i < 32; i++) set[i] = (uint8_t)~set[i];
}

static Part alternatives(void);

static Part atom(void) {
  char c = *p++;
  if (c == '(') {
    Part part = alternatives();
    if (*p++ != ')') fail("missing )");
    return part;
  }
  int s = state(c == '^' ? LINE_START : c == '$' ? LINE_END : SET);
  uint8_t *set = nfa[s].set;
  if (c == '.') add_range(set, 0, 255);
  else if (c == '[') bracket(set);
  else if (c == '\\') add_class(set, *p++);
  else add_range(set, (uint8_t)c, (uint8_t)c);
  return (Part){s, s};
}

/** An empty connecting state: a split with one way out. */
static int joint(void) { return state(SPLIT); }

static Part repeated(void) {
  Part part = atom();
  while (*p == '*' || *p == '+' || *p == '?') {
    char c = *p++;
    int fork = state(SPLIT), out = joint();
    nfa[fork].next = part.start;
    nfa[fork].other = out;
    nfa[part.end].next = c == '?' ? out : fork;
    part = (Part){c == '+' ? part.start : fork, out};
  }
  return part;
}

static Part sequence(void) {
  int first = joint();
  Part all = {first, first};
  while (*p && *p != '|' && *p != ')') {
    Part part = repeated();
    nfa[all.end].next = part.start;
    all.end = part.end;
  }
  return all;
}

static Part alternatives(void) {
  Part left = sequence();
  while (*p == '|') {
    p++;
    Part right = sequence();
    int fork = state(SPLIT), out = joint();
    nfa[fork].next = left.start;
    nfa[fork].other = right.start;
    nfa[left.end].next = nfa[right.end].next = out;
    left = (Part){fork, out};
  }
  return left;
}

/** Adds `s` and all it reaches without reading a byte. */
static void reach(uint8_t *members, int s, int at_start, int at_end) {
  if (s < 0 || members[s]) return;
  members[s] = 1;
  if (nfa[s].op == SPLIT) {
    reach(members, nfa[s].next, at_start, at_end);
    reach(members, nfa[s].other, at_start, at_end);
  }
  if ((nfa[s].op == LINE_START && at_start) || (nfa[s].op == LINE_END && at_end)) reach(members, nfa[s].next, at_start, at_end);
}

static int has_match(const uint8_t *members) {
  for (int i = 0; i < nfa_count; i++)
    if (members[i] && nfa[i].op == MATCH) return 1;
  return 0;
}

static int intern(const uint8_t *members) {
  for (int i = 0; i < dfa_count; i++)
    if (memcmp(dfa[i]->members, members, (size_t)nfa_count) == 0) return i;
  if (dfa_count == MAX_DFA) fail("too many states");
  Dfa *made = calloc(1, sizeof *made);
  memcpy(made->members, members, (size_t)nfa_count);
  made->accepts = has_match(members);
  uint8_t at_end[MAX_NFA] = {0};
  for (int i = 0; i < nfa_count; i++)
    if (members[i] && nfa[i].op == LINE_END) reach(at_end, nfa[i].next, 0, 1);
  made->accepts_at_end = made->accepts || has_match(at_end);
  dfa[dfa_count] = made;
  return dfa_count++;
}

static int step(int from, uint8_t c, int start) {
  uint8_t members[MAX_NFA] = {0};
  for (int i = 0; i < nfa_count; i++)
    if (dfa[from]->members[i] && nfa[i].op == SET && nfa[i].set[c >> 3] >> (c & 7) & 1) reach(members, nfa[i].next, 0, 0);
  reach(members, start, 0, 0);  // a match may begin at every byte
  int to = intern(members);
  dfa[from]->next[c] = to + 1;
  return to;
}

static int matches(const uint8_t *line, size_t length, int first, int start) {
  int now = first;
  for (size_t i = 0; i < length; i++) {
    if (dfa[now]->accepts) return 1;
    int next = dfa[now]->next[line[i]];
    now = next ? next - 1 : step(now, line[i], start);
  }
  return dfa[now]->accepts_at_end;
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: regex PATTERN");
  p = argv[1];
  Part whole = alternatives();
  if (*p) fail("unexpected )");
  nfa[whole.end].next = state(MATCH);
  uint8_t members[MAX_NFA] = {0};
  reach(members, whole.start, 1, 0);
  int first = intern(members);
  char *line = NULL;
  size_t room = 0;
  unsigned number = 0, found = 0;
  for (ssize_t length; (length = getline(&line, &room, stdin)) >= 0;) {
    number++;
    if (length > 0 && line[length - 1] == '\n') length--;
    if (!matches((uint8_t *)line, (size_t)length, first, whole.start)) continue;
    found++;
    printf("%u:%.*s\n", number, (int)length, line);
  }
  return found == 0;
}
