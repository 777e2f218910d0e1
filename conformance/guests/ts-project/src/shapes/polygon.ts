import { Named, type Shape } from "./shape";

type Point = readonly [x: number, y: number];

export class Polygon extends Named implements Shape {
  readonly points: readonly Point[];
  constructor(...points: readonly Point[]) {
    super("polygon");
    this.points = points satisfies readonly Point[];
  }
  get area(): number {
    let twice = 0;
    for (const [i, [x, y]] of this.points.entries()) {
      const [nextX, nextY] = this.points[(i + 1) % this.points.length]!;
      twice += x * nextY - nextX * y;
    }
    return Math.abs(twice) / 2;
  }
}
