// Re-exports, an abstract class, decorators, private fields, accessors and static blocks.
export type { Shape } from "./shape";
export { Circle } from "./circle";
export { Polygon } from "./polygon";
