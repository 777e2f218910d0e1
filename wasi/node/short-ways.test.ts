/** The tests of files once more, unwatched: calls take their short ways, where the native part offers them. */
import { setting } from "./testing/setting.ts";

setting.isUnwatched = true;
await import("./fd.test.ts");
await import("./hostile.test.ts");
await import("./known-holes.test.ts");
await import("./path.test.ts");
await import("./quotas.test.ts");
await import("./readdir.test.ts");
await import("./readonly.test.ts");
