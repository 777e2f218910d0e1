/** What the tests of files are run with: set before a test file is loaded, by the files that run it once more. */
import type { HostFiles } from "../native-files.ts";

export const setting: {
  /** Who makes the system's calls. Undefined: as it is without being asked for. */
  hostFiles: HostFiles | undefined;
  /** Nobody watches the calls, so that they take their short ways. `Guest.events` is empty then. */
  isUnwatched: boolean;
} = { hostFiles: undefined, isUnwatched: false };
