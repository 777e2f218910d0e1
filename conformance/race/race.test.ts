/** Some seconds of the race for the sandbox; `npm run race:wasi` runs it for a minute. */
import { expect, it } from "vitest";
import { race } from "./race.ts";

it.each(["auto", "portable"] as const)(
  "nobody gets out while directories are exchanged for links: %s",
  async (files) => {
    const { tries, inside, refused, escapes } = await race(4, "beneath", files);
    expect(escapes).toEqual([]);
    // The attackers were there: some tries met the inside, some a link.
    expect(inside).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(20);
    expect(Object.keys(tries)).toEqual(expect.arrayContaining(["path_open", "path_rename", "path_unlink_file"]));
  },
);

it("an escape would be seen: at the level that is no boundary there are some", async () => {
  expect((await race(1.5, "lexical")).escapes).not.toEqual([]);
});
