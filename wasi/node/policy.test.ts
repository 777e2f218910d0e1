/** Policies: what they read, what they deny, what is learnt, and that what was learnt is enough. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { preview1Names } from "../calls.ts";
import {
  type AuditEvent,
  calls,
  errno,
  HostFs,
  Learner,
  MemoryFs,
  type Policy,
  type PolicyDocument,
  parsePolicy,
  pathOps,
  type WasiOptions,
} from "../index.ts";
import { parseAddressRule, parseNameRule } from "../network-rules.ts";
import { CREAT, DIRECTORY, EXCL, Guest, makeTree, READ, removeTrees, TRUNC, WRITE } from "./testing/guest.ts";

afterEach(removeTrees);

const everything = { version: 1, calls: ["*"], clocks: ["realtime", "monotonic"], random: true } as const;

/** A guest with a tree at /, under a policy for everything but paths. */
function guestUnder(paths: PolicyDocument["paths"], options: Partial<WasiOptions> = {}): Guest {
  const fs = new MemoryFs();
  for (const file of ["pub/f", "pub/sub/g", "priv/f", "own/f", "secret"]) fs.writeFile(file, file);
  const helper = new Guest({ mounts: [{ guest: "/", fs }] });
  helper.symlink("../priv/f", "pub/link");
  helper.symlink("f", "pub/near");
  const mounts = [{ guest: "/", access: "read-write" }] as const;
  const policy = parsePolicy({ ...everything, mounts, paths });
  return new Guest({ mounts: [{ guest: "/", fs }], policy, ...options });
}

describe("paths", () => {
  const guest = (): Guest =>
    guestUnder([
      { path: "/pub/**", allow: ["read"] },
      { path: "/own/**", allow: ["read", "write", "create", "remove"] },
      { path: "/drop", allow: ["create", "write"] },
      { path: "/priv", allow: ["stat"] },
    ]);
  const denied = "NOTCAPABLE";

  it("may be read where the policy says so, whichever way they are written", () => {
    const g = guest();
    for (const file of ["pub/f", "pub/sub/g", "pub/near", "./pub//f", "own/../pub/f", "priv/../pub/f"])
      expect(g.open(file, { rights: READ, follow: true }), file).toBeTypeOf("number");
    expect(g.read(g.fd("f", { rights: READ, base: g.fd("pub", { rights: READ }) }))).toBe("pub/f");
    const list = g.readdir(g.fd("pub", { rights: READ, oflags: DIRECTORY }));
    expect(typeof list === "object" && list.entries.map((e) => e.name)).toContain("sub");
  });

  it("are denied elsewhere, existing or not, through links too", () => {
    const g = guest();
    for (const file of ["secret", "none", "priv/f", "priv/none", "pub/link"]) {
      expect([g.open(file, { rights: READ, follow: true }), g.stat(file, true)], file).toEqual([denied, denied]);
      expect(g.setTimes(file, 1n, 1n, 5, true)).toBe(denied);
    }
    expect([g.stat("priv"), g.stat("pub/link")]).toMatchObject([{ type: 3 }, { type: 7 }]);
    expect([g.readlink("pub/link"), g.readlink("secret")]).toEqual(["../priv/f", `!${denied}`]);
    const root = g.fd(".", { rights: READ, base: g.fd("pub", { rights: READ }) });
    expect(g.readdir(root)).toMatchObject({ used: expect.any(Number) });
    expect([g.readdir(3), g.open(".", { rights: READ }), g.readdir(g.fd("priv", { rights: READ }))]).toEqual([
      denied,
      denied,
      denied,
    ]);
  });

  it("are not told of by what is on the way to them, or by what leads back", () => {
    const fs = new MemoryFs();
    for (const file of ["pub/f", "own/f", "priv/f", "secret"]) fs.writeFile(file, file);
    const helper = new Guest({ mounts: [{ guest: "/", fs }] });
    const links = {
      loop: "loop",
      abs: "/etc",
      out: "../../x",
      nowhere: "none",
      inside: "f",
      topub: "../pub",
      dot: ".",
    };
    for (const [name, target] of Object.entries(links)) helper.symlink(target, `priv/${name}`);
    const policy = parsePolicy({
      ...everything,
      mounts: [{ guest: "/", access: "read-write" }],
      paths: [
        { path: "/pub/**", allow: ["read"] },
        { path: "/own/**", allow: pathOps },
      ],
    });
    const g = new Guest({ mounts: [{ guest: "/", fs }], policy });
    const there = ["secret/x", "priv/f/x", "priv/../pub/f", "priv/../none", "priv/../../x", "secret/../pub/f"];
    const none = ["none/x", "priv/none/x", "none/../pub/f", "none/../none", "none/../../x", "priv/none/../../pub/f"];
    const byLinks = Object.keys(links).flatMap((name) => [`priv/${name}`, `priv/${name}/x`, `priv/${name}/../f`]);
    for (const file of [...there, ...none, ...byLinks.filter((text) => !text.startsWith("priv/topub"))]) {
      const outcomes = [
        ...[g.open(file), g.open(file, { follow: true, rights: READ }), g.open(file, { follow: true, oflags: CREAT })],
        ...[g.stat(file, true), g.stat(file), g.mkdir(file), g.unlink(file), g.rmdir(file), g.readlink(`${file}/x`)],
        ...[g.rename("own/f", file), g.rename(file, "own/x"), g.link(file, "own/x"), g.symlink("x", file)],
      ];
      expect([file, ...outcomes.map((outcome) => String(outcome).replace("!", ""))]).toEqual([
        file,
        ...outcomes.map(() => denied),
      ]);
    }
    // Links that the guest makes lead back from no more places than it does.
    const made = {
      back: "../priv/../pub/f",
      back2: "../none/../pub/f",
      here: ".",
      ok: "../pub/f",
      ok2: "d/../../pub/f",
    };
    g.mkdir("own/d");
    for (const [name, target] of Object.entries(made)) g.symlink(target, `own/${name}`);
    const follow = (file: string): number | string => g.open(file, { follow: true, rights: READ });
    expect([follow("own/back"), follow("own/back2"), follow("priv/dot/../pub/f"), follow("none/dot/../pub/f")]).toEqual(
      new Array(4).fill(denied),
    );
    for (const file of ["own/ok", "own/ok2", "own/here/ok", "own/here/../pub/f"])
      expect(follow(file), file).toBeTypeOf("number");
    // What is allowed is reached, and its errors are its own.
    expect([g.read(g.fd("priv/topub/f", { rights: READ })), g.read(g.fd("own/../pub/f", { rights: READ }))]).toEqual([
      "pub/f",
      "pub/f",
    ]);
    expect([g.stat("own/none/x"), g.stat("own/f/x"), g.stat("pub/none/x"), g.stat("own/../..")]).toEqual([
      "NOENT",
      "NOTDIR",
      "NOENT",
      "PERM",
    ]);
  });

  it("cannot be changed without being allowed to", () => {
    const g = guest();
    for (const options of [{ rights: WRITE }, { oflags: TRUNC, rights: READ }, { rights: READ | WRITE }])
      expect(g.open("pub/f", options)).toBe(denied);
    for (const options of [{ oflags: CREAT }, { oflags: CREAT | EXCL, rights: READ }])
      expect(g.open("pub/new", options)).toBe(denied);
    expect([g.mkdir("pub/d"), g.unlink("pub/f"), g.rmdir("pub/sub"), g.symlink("x", "pub/l")]).toEqual(
      new Array(4).fill(denied),
    );
    expect(g.call("fd_filestat_set_times", g.fd("pub/f", { rights: READ }), 1n, 1n, 5)).toBe(denied);
    expect(g.open("own/new", { oflags: CREAT })).toBeTypeOf("number");
    expect(g.open("drop", { oflags: CREAT, rights: WRITE })).toBeTypeOf("number");
    expect([g.open("drop", { rights: READ }), g.unlink("drop")]).toEqual([denied, denied]);
  });

  it("are not reached by giving another name to what is there", () => {
    const g = guest();
    // Reading is allowed there, and all is allowed here: but what is there could be written to here.
    expect([g.rename("pub/f", "own/f2"), g.link("pub/f", "own/f2"), g.rename("priv", "own/p")]).toEqual([
      denied,
      denied,
      denied,
    ]);
    expect([g.rename("own/f", "pub/f2"), g.link("own/f", "pub/f2"), g.rename("own/f", "own/f3")]).toEqual([
      denied,
      denied,
      "SUCCESS",
    ]);
    // A directory goes with what is below it.
    const h = guestUnder([
      { path: "/own/**", allow: ["read", "write", "create", "remove"] },
      { path: "/pub", allow: ["read", "write", "create", "remove"] },
    ]);
    expect(h.rename("pub", "own/pub")).toBe(denied);
    expect([h.mkdir("own/d"), h.rename("own/d", "own/e")]).toEqual(["SUCCESS", "SUCCESS"]);
  });

  it("of handles go with what is moved", () => {
    const g = guest();
    g.mkdir("own/d");
    const fd = g.fd("own/d", { rights: READ });
    expect([g.rename("own/d", "own/e"), g.open("x", { base: fd, oflags: CREAT })]).toEqual([
      "SUCCESS",
      expect.any(Number),
    ]);
  });

  it("that begin with a star are names, and learnt as such", () => {
    const learner = new Learner();
    const first = guestUnder(undefined, { policy: undefined, audit: learner.take });
    const odd = ["own/**", "own/*x", "**", "own/a*", Uint8Array.of(0x2a, 0xff)];
    for (const file of odd) first.fd(file, { oflags: CREAT, rights: WRITE });
    const { paths } = JSON.parse(JSON.stringify(learner.policy())) as PolicyDocument;
    expect(paths!.map((rule) => rule.path)).toEqual([
      "/\\x2a*",
      "/\\x2a\\xff",
      "/own/\\x2a*",
      "/own/\\x2ax",
      "/own/a*",
    ]);
    const g = guestUnder(paths);
    for (const file of odd) expect(g.open(file, { oflags: CREAT, rights: WRITE }), String(file)).toBeTypeOf("number");
    for (const file of ["own/f", "secret", "own/x", "x", "own/\\x2ax"])
      expect([g.open(file, { rights: WRITE }), g.open(file, { oflags: CREAT, rights: WRITE })]).toEqual([
        denied,
        denied,
      ]);
  });

  it("that are not UTF-8 have rules of their own", () => {
    const g = guestUnder([{ path: "/a\\xff", allow: ["create", "write"] }]);
    const name = (byte: number): Uint8Array => Uint8Array.of(0x61, byte);
    expect([
      g.open(name(0xff), { oflags: CREAT, rights: WRITE }),
      g.open(name(0xfe), { oflags: CREAT, rights: WRITE }),
    ]).toEqual([expect.any(Number), denied]);
  });
});

describe("what is not in the policy", () => {
  const bare = (options: Partial<WasiOptions> = {}): Guest =>
    new Guest({ policy: parsePolicy({ version: 1 }), env: { A: "1", B: "2" }, args: ["x"], ...options });

  it("is denied: every call but proc_exit", () => {
    const guest = bare();
    for (const name of preview1Names) {
      if (name === "proc_exit") continue;
      expect(guest.call(name, ...calls[name].params.flatMap(() => [0, 0])), name).toBe("NOTCAPABLE");
    }
    expect(() => guest.call("proc_exit", 3)).toThrow(expect.objectContaining({ exitCode: 3 }));
  });

  it("is left out of the environment", () => {
    const names = (env: string[]): string => {
      const guest = bare({
        policy: parsePolicy({ version: 1, calls: ["environ_*"], env }),
        env: { LC_A: "", LD: "", H: "" },
      });
      expect(guest.call("environ_get", 64, 128)).toBe("SUCCESS");
      guest.call("environ_sizes_get", 16, 20);
      return guest.text(128, guest.u32(20)).replaceAll("\0", " ");
    };
    expect([names([]), names(["LC_*"]), names(["H", "L*"]), names(["*"])]).toEqual([
      "",
      "LC_A= ",
      "LC_A= LD= H= ",
      "LC_A= LD= H= ",
    ]);
  });

  it("is left out of the environment that a saved guest brings with it", () => {
    const first = new Guest({ env: { A: "1", B: "2" } });
    const guest = bare({ policy: parsePolicy({ version: 1, calls: ["environ_*"], env: ["A"] }), env: {} });
    guest.wasi.state.prepare(first.wasi.state.save()).commit();
    expect([guest.call("environ_sizes_get", 16, 20), guest.u32(16), guest.u32(20)]).toEqual(["SUCCESS", 1, 4]);
  });

  it("is neither time nor chance", () => {
    const policy = parsePolicy({ version: 1, calls: ["*"], clocks: ["monotonic"] });
    const guest = bare({ policy });
    expect([guest.call("clock_time_get", 1, 0n, 16), guest.call("clock_time_get", 0, 0n, 16)]).toEqual([
      "SUCCESS",
      "NOTCAPABLE",
    ]);
    expect([guest.call("clock_res_get", 0, 16), guest.call("random_get", 16, 4)]).toEqual(["NOTCAPABLE", "NOTCAPABLE"]);
    // Waiting for a clock is knowing it.
    guest.bytes.fill(0, 64, 112);
    expect([guest.call("poll_oneoff", 64, 256, 1, 16), guest.view.getUint16(256 + 8, true)]).toEqual([
      "SUCCESS",
      errno.NOTCAPABLE,
    ]);
  });

  it("is no mount: refused before the guest runs, and nothing stays open", () => {
    const mounts = [{ guest: "/a", fs: new MemoryFs() }];
    expect(() => bare({ mounts })).toThrow(expect.objectContaining({ code: "WT6017" }));
    const one = (access: string, level?: string): Policy =>
      parsePolicy({
        ...everything,
        mounts: [{ guest: "/a/", access, level }],
        paths: [{ path: "/**", allow: ["create"] }],
      });
    expect(bare({ mounts, policy: one("read-only") }).mkdir("x")).toBe("ROFS");
    expect(bare({ mounts, policy: one("read-write") }).mkdir("x")).toBe("SUCCESS");
    const weak = [{ guest: "/a", fs: new HostFs(makeTree(), { level: "nofollow" }) }];
    expect(() => bare({ mounts: weak, policy: one("read-write", "beneath") })).toThrow(
      /wants level 'beneath'.*has 'nofollow'/,
    );
    expect(bare({ mounts: weak, policy: one("read-write", "nofollow") }).mkdir("x")).toBe("SUCCESS");
  });
});

interface Schema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly pattern?: string;
}

/** As much of JSON Schema as ours uses. No object may have other properties than those that it names. */
function isValid(schema: Schema, value: unknown): boolean {
  const { type, properties = {}, required = [], items } = schema;
  if ("const" in schema && schema.const !== value) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (type === "array")
    return Array.isArray(value) && value.every((item) => items === undefined || isValid(items, item));
  if (type === "object") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const keys = Object.keys(value);
    const isKnown = keys.every((key) => key in properties && isValid(properties[key]!, value[key as keyof object]));
    return isKnown && required.every((key) => keys.includes(key));
  }
  if (type !== undefined && typeof value !== type) return false;
  const text = value as string;
  return type !== "string" || (text.length >= (schema.minLength ?? 0) && new RegExp(schema.pattern ?? "").test(text));
}

describe("the document", () => {
  const bad = (document: unknown): string => {
    try {
      parsePolicy(document);
      return "read";
    } catch (error) {
      expect(error).toMatchObject({ code: "WT6016" });
      return (error as Error).message;
    }
  };

  it.each([
    [undefined, "policy must be an object"],
    [[], "policy must be an object"],
    [{}, "policy.version must be 1"],
    [{ version: 2 }, "policy.version must be 1"],
    [{ version: 1, call: [] }, "policy.call must be left out"],
    [{ version: 1, calls: "fd_read" }, "calls must be an array"],
    [{ version: 1, calls: ["fd_raed"] }, "calls[0] must be the name of a host call"],
    [{ version: 1, calls: ["x*"] }, "calls[0]"],
    [{ version: 1, mounts: [{ guest: "/a" }] }, "mounts[0].access must be one of"],
    [{ version: 1, mounts: [{ guest: "", access: "read-only" }] }, "mounts[0].guest"],
    [{ version: 1, mounts: [{ guest: "/", access: "read-only", level: "strong" }] }, "mounts[0].level"],
    [{ version: 1, mounts: [{ guest: "/", access: "read-only", host: "/" }] }, "mounts[0].host must be left out"],
    [{ version: 1, paths: [{ path: "/a", allow: ["reed"] }] }, "paths[0].allow[0] must be one of stat, read"],
    [{ version: 1, paths: [{ path: "/a/../b", allow: [] }] }, "without '..'"],
    [{ version: 1, paths: [{ path: "/a/*", allow: [] }] }, "without '*'"],
    [{ version: 1, paths: [{ path: "**", allow: [] }] }, "without '*'"],
    [{ version: 1, env: [1] }, "env[0] must be a text"],
    [{ version: 1, clocks: ["sun"] }, "clocks[0] must be one of"],
    [{ version: 1, random: "yes" }, "random must be true or false"],
    [{ version: 1, network: { listen: ["8080"] } }, "network.listen[0] must be HOST:PORT"],
    [{ version: 1, network: { resolve: ["a..b"] } }, "network.resolve[0]"],
    [{ version: 1, network: { bind: [] } }, "network.bind must be left out"],
  ])("%j is refused", (document, message) => expect(bad(document)).toContain(message));

  it("is what the schema describes", () => {
    const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../docs/policy.schema.json"), "utf8"));
    const { properties } = schema;
    const sample = Object.fromEntries(Object.keys(properties).map((key) => [key, undefined]));
    expect(bad({ ...sample, version: 1 })).toBe("read");
    expect(properties.paths.items.properties.allow.items.enum).toEqual(pathOps);
    for (const level of properties.mounts.items.properties.level.enum)
      expect(bad({ version: 1, mounts: [{ guest: "/", access: "read-only", level }] })).toBe("read");
    expect(bad({ version: 1, clocks: properties.clocks.items.enum })).toBe("read");
    const networks = Object.keys(properties.network.properties);
    expect(bad({ version: 1, network: Object.fromEntries(networks.map((key) => [key, []])) })).toBe("read");
  });

  it("is as the schema says in all that a schema can say", () => {
    const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../docs/policy.schema.json"), "utf8"));
    const good = [
      { version: 1 },
      { $schema: "x", version: 1, calls: ["*", "fd_*", "path_open", "sock_accept"], random: true },
      { version: 1, mounts: [{ guest: "/", access: "read-only" }], paths: [{ path: "/a/**", allow: ["stat"] }] },
      { version: 1, env: ["A", "B*"], clocks: ["thread"], network: { listen: ["[::1]:1-9"], resolve: ["*.a.b"] } },
    ];
    for (const document of good) expect([bad(document), isValid(schema, document)]).toEqual(["read", true]);
    const wrong = [
      ...[undefined, null, [], "x", {}, { version: 2 }, { version: "1" }, { version: 1, call: [] }],
      ...[{ calls: "fd_read" }, { calls: [1] }, { calls: [""] }, { calls: ["f*d"] }, { calls: ["sock_accept/2"] }],
      ...[{ mounts: {} }, { mounts: [{ guest: "/a" }] }, { mounts: [{ guest: "", access: "read-only" }] }],
      ...[{ mounts: [{ guest: "/", access: "rw" }] }, { mounts: [{ guest: "/", access: "read-only", level: "x" }] }],
      ...[{ paths: [{ path: "", allow: [] }] }, { paths: [{ path: "/a", allow: ["reed"] }] }, { paths: [{}] }],
      ...[{ env: [1] }, { env: [""] }, { clocks: ["sun"] }, { random: "yes" }, { network: { bind: [] } }],
    ].map((fields, i) => (i < 8 ? fields : { version: 1, ...(fields as object) }));
    for (const document of wrong)
      expect([JSON.stringify(document), bad(document) === "read", isValid(schema, document)]).toEqual([
        JSON.stringify(document),
        false,
        false,
      ]);
  });

  it("has network rules", () => {
    expect(parseAddressRule("127.0.0.1:8080")).toEqual({ host: "127.0.0.1", ports: [8080, 8080] });
    expect(parseAddressRule("10.0.0.0/8:*")).toEqual({ host: "10.0.0.0/8", ports: [0, 65_535] });
    expect(parseAddressRule("[::1]:1-1023")).toEqual({ host: "[::1]", ports: [1, 1023] });
    expect(parseAddressRule("*.Example.com:443")).toEqual({ host: "*.example.com", ports: [443, 443] });
    expect(parseAddressRule("*:80")).toEqual({ host: "*", ports: [80, 80] });
    const none = [
      "",
      ":80",
      "x:",
      "x:65536",
      "x:9-1",
      "1.2.3.256:1",
      "1.2.3.4/33:1",
      "[:::]:1",
      "[1:2]:1",
      "a b:1",
      "*x.com:1",
      "x:1e3",
    ];
    expect(none.filter((text) => parseAddressRule(text) !== undefined)).toEqual([]);
    expect(["*", "*.a.b", "localhost", "A-1.x"].map(parseNameRule)).toEqual(["*", "*.a.b", "localhost", "a-1.x"]);
    expect(["-a", "a.", "1.2.3.4", "*.", "a*b"].filter((text) => parseNameRule(text) !== undefined)).toEqual([]);
  });
});

describe("learning", () => {
  /** Does a bit of everything; what it got is the same under a policy that allows it. */
  const program = (g: Guest): unknown[] => {
    g.bytes.fill(0, 64, 160);
    const made = g.fd("pub/made", { oflags: CREAT });
    const link = g.fd("pub/link", { rights: READ, follow: true });
    const root = g.fd(".", { rights: READ });
    const list = g.readdir(root);
    return [
      ...[g.call("fd_prestat_get", 3, 16), g.call("environ_sizes_get", 16, 20), g.call("environ_get", 64, 128)],
      ...[g.write(made, "x"), g.read(link), typeof list, g.mkdir("own/d"), g.rename("own/d", "own/e")],
      ...[
        g.open("x", { base: g.fd("own/e", { rights: READ }), oflags: CREAT }),
        g.unlink("own/f"),
        g.rename("pub/sub", "own/sub"),
      ],
      ...[
        g.read(g.fd("own/sub/g", { rights: READ })),
        g.link("secret", "own/s"),
        g.stat("none"),
        typeof g.stat("priv", true),
      ],
      ...[g.call("clock_time_get", 1, 0n, 16), g.call("random_get", 16, 4), g.setTimes("secret", 1n, 1n, 4)],
      ...[g.readlink("pub/near"), g.symlink("x", "own/l"), g.call("fd_close", made)],
    ];
  };
  const all: PolicyDocument["paths"] = [{ path: "/**", allow: ["read", "write", "create", "remove"] }];

  it("makes the smallest policy, and a run under it is the same", () => {
    const learner = new Learner();
    const env = { A: "1" };
    const first = guestUnder(all, { policy: undefined, audit: learner.take, env });
    const wanted = program(first);
    const document = JSON.parse(JSON.stringify(learner.policy())) as PolicyDocument;
    expect(wanted).toContain("priv/f");
    expect(document.env).toEqual(["A"]);
    expect([document.clocks, document.random, document.mounts]).toEqual([
      ["monotonic"],
      true,
      [{ guest: "/", access: "read-write", level: "virtual" }],
    ]);
    expect(document.calls).not.toContain("fd_pread");
    expect(document.paths).toContainEqual({ path: "/priv/f", allow: ["read"] });
    expect(document.paths).toContainEqual({ path: "/none", allow: ["stat"] });
    const again = new Learner();
    const second = guestUnder(all, { policy: parsePolicy(document), audit: again.take, env });
    expect(program(second)).toEqual(wanted);
    expect(again.policy()).toEqual(learner.policy());
  });

  it("is smallest: without any one part of it the run is another", () => {
    const learner = new Learner();
    const wanted = JSON.stringify(
      program(guestUnder(all, { policy: undefined, audit: learner.take, env: { A: "1" } })),
    );
    const document = learner.policy();
    const same = (changed: PolicyDocument): boolean => {
      try {
        return JSON.stringify(program(guestUnder(all, { policy: parsePolicy(changed), env: { A: "1" } }))) === wanted;
      } catch {
        return false;
      }
    };
    const without = <T>(list: readonly T[] = []): T[][] => list.map((_, i) => list.filter((__, j) => j !== i));
    const smaller: PolicyDocument[] = [
      ...without(document.calls).map((calls) => ({ ...document, calls })),
      ...without(document.paths).map((paths) => ({ ...document, paths })),
      ...(document.paths ?? []).flatMap((rule, i) =>
        without(rule.allow).map((allow) => ({
          ...document,
          paths: document.paths!.map((r, j) => (j === i ? { ...r, allow } : r)),
        })),
      ),
      { ...document, clocks: [] },
      { ...document, random: false },
      { ...document, mounts: [] },
    ];
    expect(smaller.length).toBeGreaterThan(50);
    expect(smaller.filter(same).map((s) => JSON.stringify([s.calls?.length, s.paths]))).toEqual([]);
  });
});

describe("the audit", () => {
  it("that cannot be written keeps what it is about from happening, however often it is tried", () => {
    let isFull = false;
    const audit = (): void => {
      if (isFull) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    };
    const all = [{ path: "/**", allow: pathOps }];
    const g = guestUnder(all, { audit, network: undefined });
    const file = g.fd("own/f");
    isFull = true;
    const tries = (): unknown[] => [
      ...[g.call("clock_time_get", 1, 0n, 16), g.call("random_get", 16, 4), g.mkdir("own/d"), g.unlink("own/f")],
      ...[g.open("own/f"), g.open("own/new", { oflags: CREAT }), g.write(file, "x"), g.call("sched_yield")],
    ];
    expect([tries(), tries()].flat()).toEqual(new Array(16).fill("NOSPC"));
    isFull = false;
    expect([g.stat("own/d"), g.stat("own/new"), g.stat("own/f")]).toMatchObject(["NOENT", "NOENT", { size: 5n }]);
    expect(g.call("clock_time_get", 1, 0n, 16)).toBe("SUCCESS");
  });

  it("tells of a listing when it is read, and not when it is dropped for another", () => {
    const events: string[] = [];
    const audit = (event: AuditEvent): void => void (event.kind === "path" && events.push(`${event.op} ${event.path}`));
    const files = Object.fromEntries(
      ["a", "b"].flatMap((dir) => Array.from({ length: 9 }, (_, i) => [`${dir}/${i}`, ""])),
    );
    const dirs = [{ host: makeTree(files), guest: "/" }];
    const g = new Guest({ dirs, audit, maxHostBytes: 2000 });
    const [a, b] = ["a", "b"].map((dir) => g.fd(dir, { rights: READ })) as [number, number];
    events.length = 0;
    expect([g.readdir(a), g.readdir(b), g.readdir(a, 5n)]).toMatchObject([{ used: 51 + 225 }, { used: 276 }, {}]);
    expect(events).toEqual(["read /a", "read /b", "read /a"]);
  });

  it("has every grant and denial about paths, and calls and clocks once", () => {
    const events: AuditEvent[] = [];
    const g = guestUnder([{ path: "/pub/**", allow: ["read"] }], { audit: (event) => events.push(event) });
    g.open("pub/f", { rights: READ });
    g.open("pub/f", { rights: READ });
    g.open("secret", { rights: READ });
    g.call("clock_time_get", 1, 0n, 16);
    g.call("clock_time_get", 1, 0n, 16);
    g.call("clock_time_get", 2, 0n, 16);
    const path = { kind: "path", op: "read", isSubtree: false, mount: "/" };
    expect(events).toEqual([
      { kind: "mount", guest: "/", access: "read-write", level: "virtual", granted: true },
      { kind: "call", call: "path_open", granted: true },
      { ...path, path: "/pub/f", granted: true },
      { ...path, path: "/pub/f", granted: true },
      { ...path, path: "/secret", granted: false },
      { kind: "call", call: "clock_time_get", granted: true },
      { kind: "clock", clock: "monotonic", granted: true },
      { kind: "clock", clock: "process", granted: false },
    ]);
  });
});
