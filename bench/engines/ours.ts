/** Our engine behind the JavaScript API's shapes, with one tier forced. */
import { setFlagsFromString } from "node:v8";
import { flags } from "../../cli/options.ts";
import {
  Engine,
  type EngineOptions,
  FuncInst,
  type GuestLimits,
  I32,
  I64,
  type Imports,
  type Instance,
  MemInst,
  TableInst,
  type ValType,
} from "../../engine/index.ts";
import type { JsEngine } from "./engine.ts";

export type Tier = NonNullable<EngineOptions["tier"]>;

/**
 * Other forms of a tier: with guests that their code must be ready for (`+fuel` counts, `+time` asks the clock), with i64 as
 * BigInt, or with functions in one piece that are too large for V8.
 */
export const forms = ["fuel", "time", "bigint", "whole"] as const;
export type Form = (typeof forms)[number];

/** How a form is asked for; limits are more than any guest needs. */
interface FormOptions {
  readonly limits: GuestLimits;
  readonly engine: EngineOptions;
  /** Of the command line. */
  readonly args: readonly string[];
  readonly detail: string;
}

export const formOptions: Readonly<Record<Form, FormOptions>> = {
  fuel: {
    limits: { fuel: Number.MAX_SAFE_INTEGER },
    engine: {},
    args: ["--fuel", "9000000000000000"],
    detail: "guests with a limit of fuel",
  },
  time: {
    limits: { timeoutMs: 1e9 },
    engine: {},
    args: ["--timeout", "10000s"],
    detail: "guests with a limit of time",
  },
  bigint: { limits: {}, engine: { i64: "bigint" }, args: ["--i64", "bigint"], detail: "i64 as BigInt" },
  whole: {
    limits: {},
    engine: { optimise: { split: false } },
    args: ["--no-opt", "split"],
    detail: "functions of any size in one piece",
  },
};

/** The tiers that this build offers, as its command line lists them. `auto` is one only if there is something to choose. */
export function offeredTiers(listed: string = flags.tier.value): Tier[] {
  const tiers = listed.split("|").filter((tier) => tier !== "auto");
  return [...tiers, ...(tiers.length > 1 ? ["auto"] : [])] as Tier[];
}

export function ours(tier: Tier, form?: Form): JsEngine {
  const { limits = {}, engine: more = {} } = form === undefined ? {} : formOptions[form];
  if (form === "bigint" && Number.parseFloat(process.versions.v8) >= 13) setFlagsFromString("--always-osr-from-maglev");
  const engine = new Engine({ tier, ...more });
  const options = { limits };
  return {
    instantiate(bytes, imports) {
      const instance = engine.instantiate(engine.compile(bytes), imports as Imports, options);
      const exports: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      for (const [name, extern] of Object.entries(instance.exports)) exports[name] = shaped(instance, extern);
      return { exports };
    },
  };
}

function shaped(instance: Instance, extern: unknown): unknown {
  if (extern instanceof FuncInst) return callable(instance, extern);
  if (extern instanceof MemInst) return new MemoryShape(extern);
  if (extern instanceof TableInst) return new TableShape(instance, extern);
  return extern;
}

/** A function that takes what JavaScript gives it: too many arguments, too few, values to be converted. */
function callable(instance: Instance, func: FuncInst): (...args: unknown[]) => unknown {
  const { params, results } = func.type;
  const isVoid = results.length === 0;
  return (...args) => {
    const given = params.map((type, i) =>
      type === I64 ? BigInt.asIntN(64, args[i] as bigint) : convert(type, args[i]),
    );
    const [result] = instance.call(func, given);
    return isVoid ? undefined : result;
  };
}

function convert(type: ValType, value: unknown): number {
  return type === I32 ? Number(value) | 0 : Number(value);
}

/**
 * A memory with a `buffer`. Ours may have spare capacity behind its end; glue code reads the size off the buffer, so the
 * size is made up to it when the guest asks for more.
 */
class MemoryShape {
  readonly #memory: MemInst;

  constructor(memory: MemInst) {
    this.#memory = memory;
  }

  get buffer(): ArrayBufferLike {
    return this.#memory.bytes.buffer;
  }

  grow(pages: number): number {
    const spare = (this.buffer.byteLength - this.#memory.bytes.length) / 65536;
    return this.#memory.grow(pages + spare);
  }
}

/** A table whose elements can be called. */
class TableShape {
  readonly #instance: Instance;
  readonly #table: TableInst;

  constructor(instance: Instance, table: TableInst) {
    this.#instance = instance;
    this.#table = table;
  }

  get length(): number {
    return this.#table.length;
  }

  get(index: number): unknown {
    const func = this.#table.get(index);
    return func instanceof FuncInst ? callable(this.#instance, func) : null;
  }
}
