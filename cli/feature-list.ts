/** The text of `--features list`: every proposal, and whether it is there. */
import { type FeatureDef, features } from "../engine/index.ts";
import { wrap } from "./text.ts";

export function featureList(width: number): string {
  const lines: string[] = [];
  for (const standard of ["2.0", "3.0", "proposal"]) {
    lines.push(standard === "proposal" ? "Proposals" : `WebAssembly ${standard}`);
    for (const [name, def] of Object.entries<FeatureDef>(features)) {
      if (def.standard !== standard) continue;
      const lead = `  ${def.state === "on" ? "yes" : "no "}  ${name.padEnd(24)} `;
      lines.push(wrap(def.title, width, lead, " ".repeat(lead.length)));
    }
  }
  lines.push("", "All of WebAssembly 1.0 is there. A module that needs a 'no' is refused by name.");
  return lines.join("\n");
}
