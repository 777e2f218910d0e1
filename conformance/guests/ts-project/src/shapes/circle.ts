import { counted, Named, type Shape } from "./shape";

@counted
export class Circle extends Named implements Shape {
  #radius: number;
  static readonly unit: Circle;
  static {
    Circle.unit = new Circle(1) as Circle & { frozen?: true };
  }
  constructor(radius: number) {
    super("circle");
    this.#radius = radius;
  }
  get area(): number {
    return Math.PI * this.#radius ** 2;
  }
  static isCircle(value: unknown): value is Circle {
    return typeof value === "object" && value !== null && #radius in value;
  }
}
