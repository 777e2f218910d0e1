// The entry of a small project for the bundler: TypeScript syntax of many kinds, a package, JSON, CSS, JSX, a lazy chunk.
import "./style.css";
import { Emitter } from "tiny-emitter";
import pkg from "../package.json";
import { Circle, Polygon, type Shape } from "@shapes/index";
import { page } from "./page";
import { Level, log, Palette } from "./log";
import * as numbers from "./numbers";

const events = new Emitter<{ area: number; name: string }>();
events.on("area", (area) => log(Level.Info, `area ${area.toFixed(2)} ≈ ${Math.round(area)} ünits \u{1F600}`));

export const shapes: readonly Shape[] = [new Circle(2), new Polygon([3, 4], [5, 12], [8, 15])];
for (const shape of shapes) events.emit("area", shape.area);

export async function later(): Promise<string> {
  const { fibonacci, unused: _ } = await import("./lazy");
  return [...fibonacci(30)].map((n) => n.toString(36)).join();
}

label: for (let i = 0; ; i++) {
  for (const n of numbers.primes(i)) if (n > 50) break label;
}

const settings = { name: pkg.name, version: pkg.version, palette: Palette.Red | Palette.Blue, ...(numbers.isOdd(3) ? { odd: true } : null) };
log(settings?.odd ?? false ? Level.Warn : Level.Error, page(settings));
if (false as boolean) log(Level.Error, "dropped by minification");
export { numbers, settings as default };
