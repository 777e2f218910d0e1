/** The JavaScript API beside the host's, in every tier. */
import { afterAll, describe, expect, it } from "vitest";
import { configure, WebAssembly } from "../../engine/js-api/index.ts";
import { convertTexts } from "../spec/wat.ts";
import { tiers } from "../tiers/tiers.ts";
import { type Api, type Case, cases, type Modules, show, texts } from "./cases.ts";

const converted = await convertTexts(Object.values(texts), undefined);
const modules = Object.fromEntries(Object.keys(texts).map((name, i) => [name, converted[i]])) as unknown as Modules;
const { WebAssembly: host } = globalThis as unknown as { WebAssembly: Api };

async function outcome({ run }: Case, api: Api): Promise<unknown> {
  try {
    return show(await run(api, modules), api);
  } catch (error) {
    return `threw ${(error as Error).stack}`;
  }
}

afterAll(() => void configure());

describe.each(["interp", "js", "auto-1"] as const)("in tier %s", (name) => {
  it.each(cases.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    configure(tiers[name]);
    const ours = await outcome(c, WebAssembly);
    expect(ours).toEqual(await outcome(c, host));
    expect(JSON.stringify(ours)).not.toContain("threw ");
  });
});
