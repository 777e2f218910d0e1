/**
 * What a run that goes well does not need: the other commands, messages, records. Loaded as one piece when something
 * in it is wanted, since every file read at start-up is time; re-exports only.
 */
export { explain } from "./commands/explain.ts";
export { reportFailure } from "./commands/failure.ts";
export { family, help, noArguments, topicHelp } from "./commands/help.ts";
export { inspect } from "./commands/inspect.ts";
export { objdump } from "./commands/objdump.ts";
export { snapshotInit } from "./commands/snapshot.ts";
export { snapshotInspect } from "./commands/snapshot-inspect.ts";
export { validateFiles } from "./commands/validate.ts";
export { version } from "./commands/version.ts";
export { wast } from "./commands/wast.ts";
export { featureList } from "./feature-list.ts";
export { heapGauge } from "./heap-gauge.ts";
export { presentProblem } from "./present.ts";
export { type ProfileInProgress, startProfile } from "./profile.ts";
export { enterRawMode, windowSize } from "./raw-mode.ts";
export { printReceipt } from "./receipt.ts";
export { recordOf } from "./record.ts";
export { printStats } from "./stats.ts";
export { columns } from "./text.ts";
export { printValue } from "./values.ts";
