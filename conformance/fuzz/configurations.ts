/** The ways our engine can run a module, which must all tell the same story. A new tier is a line here. */
import { Engine, type EngineOptions, type Feature, features } from "../../engine/index.ts";
import { LastModule } from "./last-module.ts";

export interface Configuration {
  readonly name: string;
  readonly engine: Engine;
  /** What happens to it at random safepoints: its frames are put into a new activation, or all of it into a new instance. */
  readonly interrupted: "by frames" | "by snapshot" | undefined;
  /** Fuel bounds what it runs, in code that counts. Else it runs what the first configuration could run. */
  readonly isBounded: boolean;
}

/** Every proposal there is. */
export const everything: Readonly<Partial<Record<Feature, boolean>>> = Object.fromEntries(
  Object.entries(features).map(([feature, def]) => [feature, def.state !== "absent"]),
);

function configuration(
  name: string,
  options: EngineOptions,
  isBounded: boolean,
  interrupted?: Configuration["interrupted"],
): Configuration {
  const engine = new Engine({ ...options, features: everything });
  return { name, engine, interrupted, isBounded };
}

/** Other versions of V8 may end the process: see RATIONALE.md. */
const hasBigInts = Number.parseFloat(process.versions.v8) >= 14;
const bigInts = hasBigInts
  ? [false, true].map((everySplit) =>
      configuration(
        `JavaScript, i64 as BigInt${everySplit ? ", parts by themselves" : ""}`,
        { tier: "js", i64: "bigint", everyBigInt: true, everySplit },
        false,
      ),
    )
  : [];

/** What one makes the next one takes. */
const codeStore = new LastModule();

/** The first is what the others are compared with. */
export const configurations: readonly [Configuration, ...Configuration[]] = [
  configuration("interpreter", { tier: "interp" }, true),
  configuration("interpreter, not resident", { tier: "interp", resident: false }, true),
  configuration("interpreter, frame by frame", { tier: "interp" }, true, "by frames"),
  configuration("interpreter, moved", { tier: "interp" }, true, "by snapshot"),
  configuration("JavaScript", { tier: "js", codeStore }, false),
  configuration("JavaScript that was kept", { tier: "js", codeStore }, false),
  configuration("JavaScript, parts by themselves", { tier: "js", everySplit: true }, false),
  ...bigInts,
  configuration("from tier to tier", { tier: "auto", hotAfter: 1 }, false),
  configuration("from tier to tier, parts by themselves", { tier: "auto", hotAfter: 1, everySplit: true }, false),
  configuration("JavaScript that counts", { tier: "js", codeStore }, true),
  configuration("JavaScript that counts and was kept", { tier: "js", codeStore }, true),
  configuration("JavaScript that counts, moved", { tier: "js" }, true, "by snapshot"),
  configuration("from tier to tier, frame by frame", { tier: "auto", hotAfter: 1 }, true, "by frames"),
];
