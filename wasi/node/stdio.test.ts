/** Standard streams of real processes: waiting, ends, full and broken pipes, terminals. */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { makeTree, removeTrees } from "./testing/guest.ts";
import { removeScripts, type StdinKind, start, writeScript } from "./testing/script.ts";

afterEach(removeTrees);
afterAll(removeScripts);

const sh = (command: string): { stdout: string; stderr: string; status: number | null } =>
  spawnSync("sh", ["-c", command], { encoding: "utf8" });

const node = process.execPath;

/** poll_oneoff for stdin and a clock of `ms`; says the types of the events. */
const poll = (ms: number): string => `
  bytes.fill(0, 2048, 2144);
  view.setUint8(2048 + 8, 1);
  view.setUint32(2096 + 16, 1, true); view.setBigUint64(2096 + 24, ${ms}000000n, true);
  call("poll_oneoff", 2048, 3072, 2, 16);
  say("polled " + Array.from({ length: view.getUint32(16, true) }, (_, i) => view.getUint8(3072 + i * 32 + 10)));`;

describe.each<StdinKind>(["pipe", "socket"])("stdin that is a %s", (kind) => {
  it("is waited for, and ends", async () => {
    const { child, sees, done } = start(
      `say("go"); say(read(64)); say(read(64)); say("[" + read(64) + "]"); say("[" + read(64) + "]");`,
      undefined,
      kind,
    );
    await sees("go");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.stdin?.write("first");
    await sees("first");
    child.stdin?.end("second");
    expect((await done).stderr).toBe("go\nfirst\nsecond\n[]\n[]\n");
  });

  it("can be waited for with a deadline, without losing anything", async () => {
    const { child, sees, done } = start(
      `${poll(30)} say("go"); ${poll(20_000)} say(read(2)); say(read(64)); ${poll(20_000)} say("[" + read(9) + "]");`,
      undefined,
      kind,
    );
    await sees("go");
    child.stdin?.write("input");
    await sees("put");
    child.stdin?.end();
    expect((await done).stderr).toBe("polled 0\ngo\npolled 1\nin\nput\npolled 1\n[]\n");
  });

  it("is read by a guest that never waits itself: Go's way", async () => {
    const body = `call("fd_fdstat_set_flags", 0, 4); let polls = 0, text = "";
      for (let r = read(64); r !== ""; r = read(64)) {
        if (r === "!AGAIN") { polls++; ${poll(20_000)} } else { text += r; say("got"); }
      }
      say(text + " after " + (polls < 10 ? "few" : polls));`;
    const { child, sees, done } = start(body, undefined, kind);
    child.stdin?.write("first ");
    await sees("got");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.stdin?.end("second");
    expect((await done).stderr).toMatch(/first second after few\n$/);
  });
});

describe("stdin", () => {
  it("of a socket that cannot be switched is read all the same", async () => {
    // In a process without /proc nothing can be opened again, nor the flags be seen.
    const body = `for (const name of ["openSync", "readFileSync"]) fs[name] = () => { throw Object.assign(new Error(), { code: "ENOENT" }); };
      Object.defineProperty(process, "stdin", { value: undefined });
      call("fd_fdstat_set_flags", 0, 4);
      say(read(64)); ${poll(20_000)} say(read(64)); ${poll(20_000)} say("[" + read(64) + "]"); say("[" + read(64) + "]");`;
    const { child, sees, done } = start(body, undefined, "socket");
    await sees("polled");
    child.stdin?.write("data");
    await sees("data");
    child.stdin?.end();
    expect((await done).stderr).toBe("!AGAIN\npolled 1\ndata\npolled 1\n[]\n[]\n");
  });

  it("of a socket is not left switched for those who share it", async () => {
    const script = writeScript(`${poll(1)} say(read(64));`);
    const flags = "grep flags: /proc/self/fdinfo/0 >&2";
    const child = spawn("sh", ["-c", `${flags}; ${node} ${script}; ${flags}`], { stdio: ["pipe", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (d: Buffer) => (stderr += d.toString()));
    child.stdin.end("x");
    await new Promise((resolve) => child.once("close", resolve));
    const [before, ...rest] = stderr.trimEnd().split("\n");
    expect(rest.slice(-2)).toEqual(["x", before]);
  });

  it("is not read further than the guest asked", () => {
    const { stdout, stderr } = sh(`printf 'abcdef' | (${node} ${writeScript("say(read(2))")}; cat)`);
    expect([stderr, stdout]).toEqual(["ab\n", "cdef"]);
  });

  it("of a file keeps the shared position", () => {
    const root = makeTree({ f: "0123456789" });
    const script = writeScript(`say(read(3)); ${poll(1000)} say(read(3));`);
    const { stdout, stderr } = sh(`(${node} ${script}; cat) < ${path.join(root, "f")}`);
    expect([stderr, stdout]).toEqual(["012\npolled 1\n345\n", "6789"]);
  });

  it.each(["<&-", "</dev/null"])("%s is at its end", (redirection) => {
    expect(sh(`${node} ${writeScript('say("[" + read(3) + "]")')} ${redirection}`).stderr).toBe("[]\n");
  });

  it("that does not wait by itself is waited for all the same", async () => {
    // Touching process.stdin makes libuv switch the pipe to O_NONBLOCK.
    const { child, sees, done } = start(`process.stdin.pause(); say("go"); say(read(64)); process.exit();`);
    await sees("go");
    await new Promise((resolve) => setTimeout(resolve, 30));
    child.stdin?.write("late");
    await sees("late");
    child.stdin?.end();
    expect((await done).stderr).toContain("late");
  });
});

describe("stdout", () => {
  it("to a full pipe that does not wait is waited for", async () => {
    // Touching process.stdout makes libuv switch the pipe to O_NONBLOCK.
    const { child, done } = start(`process.stdout.writable; bytes.fill(97, 1024, 1024 + (1 << 20));
      let left = 1 << 20; while (left > 0) { const n = write(1, left); if (typeof n === "string") { say(n); break; } left -= n; } say("all");`);
    child.stdin?.end();
    child.stdout?.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.stdout?.resume();
    const { stdout, stderr } = await done;
    expect([stdout.length, stderr]).toEqual([1 << 20, "all\n"]);
  });

  it("to a closed pipe is PIPE", () => {
    const body = 'let r; for (let i = 0; i < 100 && typeof r !== "string"; i++) r = write(1, 65536); say(r);';
    expect(sh(`${node} ${writeScript(body)} | true`).stderr).toBe("PIPE\n");
  });

  it("to a full device is NOSPC", () => {
    expect(sh(`${node} ${writeScript("say(write(1, 10))")} > /dev/full`).stderr).toBe("NOSPC\n");
  });
});

describe("the type of a stream", () => {
  const types = writeScript(
    'say([0, 1, 2].map((fd) => { call("fd_fdstat_get", fd, 128); return view.getUint8(128) + ":" + (view.getBigUint64(136, true) & 36n); }).join(" "));',
  );
  it.each([
    [`${node} ${types} < /dev/null > /dev/null`, "0:0 0:0 0:0"],
    [`: | ${node} ${types} | cat`, "0:0 0:0 0:0"],
    [`${node} ${types} < ${types} > /dev/null`, "4:0 0:0 0:0"],
  ])("in %s", (command, expected) => {
    expect(sh(command).stderr).toBe(`${expected}\n`);
  });

  it("is a file for a file", () => {
    const file = path.join(makeTree(), "out");
    sh(`${node} ${types} 2> ${file}`);
    expect(fs.readFileSync(file, "utf8")).toMatch(/ 4:0\n$/);
  });

  it.runIf(fs.existsSync("/usr/bin/script"))("is a character device, without seeking, for a terminal", () => {
    expect(sh(`script -qec "${node} ${types}" /dev/null < /dev/null`).stdout).toContain("2:0 2:0 2:0");
  });
});

describe("escape sequences", () => {
  it("pass unless told otherwise, and are made visible when told", () => {
    const body = 'Buffer.from("\\x1b[31mred").copy(Buffer.from(memory.buffer), 1024); write(1, 8);';
    expect(sh(`${node} ${writeScript(body)}`).stdout).toBe("\x1b[31mred");
    expect(sh(`${node} ${writeScript(body, "{ neutraliseEscapes: true }")}`).stdout).toBe("^[[31mred");
    expect(sh(`${node} ${writeScript(body, '{ neutraliseEscapes: "terminal" }')}`).stdout).toBe("\x1b[31mred");
  });

  it.runIf(fs.existsSync("/usr/bin/script"))("are made visible on a terminal", () => {
    const body = 'Buffer.from("\\x1b[31mred").copy(Buffer.from(memory.buffer), 1024); write(1, 8);';
    const file = writeScript(body, '{ neutraliseEscapes: "terminal" }');
    expect(sh(`script -qec "${node} ${file}" /dev/null < /dev/null`).stdout).toContain("^[[31mred");
  });
});
