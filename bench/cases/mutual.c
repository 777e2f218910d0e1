// Recursive descent over an expression in memory: functions that call each other, with a cursor in a global.
#include "case.h"
static char text[8192];
static const char *at;
static u32 expression(void);
NOINLINE static u32 factor(void) {
  if (*at == '(') {
    at++;
    u32 value = expression();
    at++;
    return value;
  }
  u32 value = 0;
  while (*at >= '0' && *at <= '9') value = value * 10 + (u32)(*at++ - '0');
  return value;
}
NOINLINE static u32 term(void) {
  u32 value = factor();
  while (*at == '*') at++, value *= factor();
  return value;
}
NOINLINE static u32 expression(void) {
  u32 value = term();
  while (*at == '+' || *at == '-') {
    char op = *at++;
    u32 right = term();
    value = op == '+' ? value + right : value - right;
  }
  return value;
}
EXPORT(run) u32 run(u32 n) {
  static const char unit[] = "(1+2*(3-4)*(5+(6-7*(8+9))))*2+((3))-1+";
  u32 used = 0, sum = 0;
  while (used + sizeof unit + 1 < sizeof text)
    for (u32 i = 0; unit[i]; i++) text[used++] = unit[i];
  text[used++] = '7', text[used] = 0;
  for (u32 round = 0; round < n; round++) at = text, sum = sum * 31 + expression();
  return sum;
}
