/** Errnos: the numbers, and what becomes of host errors. */
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { errno, errnoName, errnoOf, Failure, fail } from "./errno.ts";

const hostError = (code: unknown): Error => Object.assign(new Error("host"), { code });

describe("the table", () => {
  it("has the 77 of preview1 and the 11 of WasmEdge, numbered in order", () => {
    expect(Object.values(errno)).toEqual(Array.from({ length: 88 }, (_, i) => i));
    // Spot checks against wasi-libc's errno values.
    expect([errno.ACCES, errno.BADF, errno.INVAL, errno.NOENT, errno.NOTCAPABLE]).toEqual([2, 8, 28, 44, 76]);
  });

  it("names numbers", () => {
    expect([errnoName(0), errnoName(44), errnoName(1), errnoName(99)]).toEqual(["SUCCESS", "NOENT", "2BIG", "99"]);
  });
});

describe("host errors", () => {
  it.each(Object.keys(constants.errno).filter((name) => !["ENODATA", "ENOSR", "ENOSTR", "ETIME"].includes(name)))(
    "%s has an errno",
    (name) => {
      expect(errnoOf(hostError(name))).toBeTypeOf("number");
    },
  );

  it.each([
    ["ENOENT", errno.NOENT],
    ["EWOULDBLOCK", errno.AGAIN],
    ["EOPNOTSUPP", errno.NOTSUP],
    ["ENOTSUP", errno.NOTSUP],
    ["E2BIG", errno["2BIG"]],
    ["ERR_INVALID_ARG_VALUE", errno.INVAL],
  ])("%s is %i", (code, expected) => {
    expect(errnoOf(hostError(code))).toBe(expected);
  });

  it("that are not about the host's system are left alone: they are bugs", () => {
    for (const error of [
      new TypeError("x"),
      hostError("ERR_INTERNAL_ASSERTION"),
      hostError("Econstructor"),
      hostError("E__proto__"),
      hostError(5),
      "ENOENT",
      null,
      undefined,
    ]) {
      expect(errnoOf(error)).toBeUndefined();
    }
  });

  it("of our own carry their errno", () => {
    expect(() => fail("ROFS")).toThrow(Failure);
    try {
      fail("ROFS");
    } catch (error) {
      expect([errnoOf(error), (error as Failure).code]).toEqual([69, "EROFS"]);
    }
  });
});
