/** The text of `--features list`: every proposal, and whether it is there. */
import { type FeatureDef, features } from "../engine/index.ts";
import { wrap } from "./text.ts";

const marks = { on: "yes", flag: "-W ", absent: "no " } as const;

export function featureList(width: number): string {
  const lines: string[] = [];
  for (const standard of ["2.0", "3.0", "proposal"]) {
    lines.push(standard === "proposal" ? "Proposals" : `WebAssembly ${standard}`);
    for (const [name, def] of Object.entries<FeatureDef>(features)) {
      if (def.standard !== standard) continue;
      const lead = `  ${marks[def.state]}  ${name.padEnd(24)} `;
      lines.push(wrap(def.title, width, lead, " ".repeat(lead.length)));
    }
  }
  lines.push(
    "",
    wrap(
      "All of WebAssembly 1.0 is there. What is marked -W is off unless asked for, as in '-W threads' or '-W all'. A module that needs what is off or not there is refused, with its name.",
      width,
    ),
  );
  return lines.join("\n");
}
