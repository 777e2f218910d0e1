/**
 * What running costs, in fuel. The unit is the executed instruction: each costs 1, and what only marks a place (`block`,
 * `loop`, `end`, `else`, `nop`, `try_table` and the marks of legacy exceptions) nothing: column `cost` of `instrs.ts`.
 * Instructions that move many bytes or elements cost more by their number, so that fuel bounds time. The counts are part
 * of the interface: a tier may count in batches between safepoints, but at each safepoint it has counted exactly this.
 */

/** Most that one instruction costs: keeps the sum of a few in 32 bits. */
const MOST = 2 ** 28;

/** Beside 1: of `count` bytes filled, copied or initialised. */
export const bytesCost = (count: number): number => Math.min(MOST, Math.floor(count / 64));
/** Beside 1: of `count` elements of a table or array. */
export const elemsCost = (count: number): number => Math.min(MOST, Math.floor(count / 8));
/** Beside 1: of a memory grown by `pages` of `pageSize` bytes, which are zeroed. */
export const growCost = (pages: number, pageSize: number): number => bytesCost(pages * pageSize);
