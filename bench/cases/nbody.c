// Five bodies under gravity: f64 division and square root, loads and stores in nested loops.
#include "case.h"
typedef struct { f64 x, y, z, vx, vy, vz, mass; } Body;
static Body body[5];
EXPORT(run) u32 run(u32 n) {
  for (int i = 0; i < 5; i++) body[i] = (Body){i * 3.1 + 1, i * -1.7, i * 0.3, 0.01 * i, 0.02, -0.01 * i, 10.0 / (i + 1)};
  for (u32 step = 0; step < n; step++) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        Body *a = body + i, *b = body + j;
        f64 dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z, d2 = dx * dx + dy * dy + dz * dz + 0.01;
        f64 mag = 0.001 / (d2 * __builtin_sqrt(d2));
        a->vx -= dx * b->mass * mag, a->vy -= dy * b->mass * mag, a->vz -= dz * b->mass * mag;
        b->vx += dx * a->mass * mag, b->vy += dy * a->mass * mag, b->vz += dz * a->mass * mag;
      }
    for (int i = 0; i < 5; i++) body[i].x += 0.001 * body[i].vx, body[i].y += 0.001 * body[i].vy, body[i].z += 0.001 * body[i].vz;
  }
  return foldf(body[0].x + body[4].vz);
}
