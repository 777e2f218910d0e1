/** Medians, quartiles and means by hand. */
import { describe, expect, test } from "vitest";
import { geomean, median, pairedRatio, spread, summarize } from "./statistics.ts";

describe("summarize", () => {
  test("an odd and an even number of samples, in any order", () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, low: 2, high: 4, min: 1, max: 5 });
    expect(summarize([4, 1, 3, 2])).toEqual({ median: 2.5, low: 1.75, high: 3.25, min: 1, max: 4 });
  });

  test("one sample is everything", () => {
    expect(summarize([7])).toEqual({ median: 7, low: 7, high: 7, min: 7, max: 7 });
  });

  test("none is an error", () => {
    expect(() => summarize([])).toThrow("no samples");
  });

  test("does not reorder what it is given", () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  test("sorts by value, not by spelling", () => {
    expect(median([10, 9, 100])).toBe(10);
  });
});

test("spread is half the distance of the quartiles over the median", () => {
  expect(spread([2, 2, 2])).toBe(0);
  expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(1 / 3);
});

test("geomean is the mean of ratios: twice as fast and twice as slow cancel out", () => {
  expect(geomean([2, 0.5])).toBeCloseTo(1);
  expect(geomean([1, 10, 100])).toBeCloseTo(10);
  expect(geomean([])).toBeNaN();
});

describe("pairedRatio", () => {
  test("what slowed a whole round down is not in it", () => {
    // The machine was ten times slower in the second round.
    expect(pairedRatio([20, 200, 20], [10, 100, 10])).toMatchObject({ median: 2, min: 2, max: 2 });
  });

  test("leaves out the rounds that only one has", () => {
    expect(pairedRatio([4, 4, 4, 1000], [2, 2])).toMatchObject({ median: 2, max: 2 });
  });
});
