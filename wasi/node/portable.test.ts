/** The tests of files once more, where the system's calls are made without the native part, which the others use where it is. */
import { setting } from "./testing/setting.ts";

setting.hostFiles = "portable";
await import("./fd.test.ts");
await import("./hostile.test.ts");
await import("./known-holes.test.ts");
await import("./path.test.ts");
await import("./quotas.test.ts");
await import("./readdir.test.ts");
await import("./readonly.test.ts");
