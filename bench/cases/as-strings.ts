// AssemblyScript: builds, splits and joins strings; its allocator and garbage collector do most of the work.
export function run(n: u32): u32 {
  let sum: u32 = 0;
  for (let round: u32 = 0; round < n; round++) {
    let text = "";
    for (let i: u32 = 0; i < 40; i++) text += (round * 31 + i).toString() + ",";
    const parts = text.split(",");
    parts.sort();
    const joined = parts.join("-");
    for (let i = 0; i < joined.length; i += 7) sum = sum * 31 + joined.charCodeAt(i);
  }
  return sum;
}
