// Virtual calls: an array of objects of three kinds, each with a table of functions; call_indirect with an object to work on.
#include "case.h"
typedef struct Shape Shape;
typedef struct { u32 (*area)(const Shape *); void (*grow)(Shape *, u32); } Class;
struct Shape { const Class *class; u32 a, b; };
static u32 square_area(const Shape *s) { return s->a * s->a; }
static u32 rect_area(const Shape *s) { return s->a * s->b; }
static u32 tri_area(const Shape *s) { return s->a * s->b >> 1; }
static void grow_both(Shape *s, u32 by) { s->a += by, s->b ^= s->a; }
static void grow_one(Shape *s, u32 by) { s->b += by * 3; }
static const Class classes[3] = {{square_area, grow_both}, {rect_area, grow_one}, {tri_area, grow_both}};
static Shape shapes[256];
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 0;
  for (int i = 0; i < 256; i++) shapes[i] = (Shape){&classes[(next32(&x) >> 16) % 3], (u32)i, x >> 24};
  for (u32 round = 0; round < n; round++)
    for (int i = 0; i < 256; i++) {
      sum += shapes[i].class->area(&shapes[i]);
      shapes[i].class->grow(&shapes[i], round & 15);
    }
  return sum;
}
