/** Rules about addresses: what they mean, and that what is near is not meant. */
import { describe, expect, it } from "vitest";
import { addressText, ipText, parseIp, unmapped } from "./net/address.ts";
import { allowsAddress, allowsLookup, parseAddressRule } from "./network-rules.ts";

const allows = (rule: string, ip: string, port = 80, names: readonly string[] = []): boolean =>
  allowsAddress([parseAddressRule(rule)!], { ip: parseIp(ip)!, port }, names);

describe("addresses", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["::ffff:1.2.3.4", "::ffff:102:304"],
    ["fe80::1%eth0", "fe80::1"],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
  ])("%s is %s", (text, expected) => expect(ipText(parseIp(text)!)).toBe(expected));
  it.each(["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "::1::", "1:2:3:4:5:6:7", "g::", "12345::", "::1.2.3", ":::"])(
    "%s is none",
    (text) => expect(parseIp(text)).toBeUndefined(),
  );
  it("have a port behind them", () => {
    expect(addressText({ ip: parseIp("::1")!, port: 80 })).toBe("[::1]:80");
    expect(ipText(unmapped(parseIp("::ffff:10.0.0.1")!))).toBe("10.0.0.1");
  });
});

describe("a rule", () => {
  it.each([
    ["127.0.0.1:80", "127.0.0.1", 80, true],
    ["127.0.0.1:80", "127.0.0.2", 80, false],
    ["127.0.0.1:80", "127.0.0.1", 81, false],
    ["127.0.0.1:80-90", "127.0.0.1", 90, true],
    ["127.0.0.1:80", "::ffff:127.0.0.1", 80, true],
    ["10.0.0.0/8:*", "10.255.0.1", 1, true],
    ["10.0.0.0/8:*", "11.0.0.1", 1, false],
    ["10.128.0.0/9:*", "10.127.255.255", 1, false],
    ["10.128.0.0/9:*", "10.128.0.0", 1, true],
    ["0.0.0.0/0:*", "169.254.169.254", 80, true],
    ["[fe80::/10]:*", "fe80::1", 1, true],
    ["[::1]:*", "::1", 1, true],
    ["[::1]:*", "127.0.0.1", 1, false],
    ["*:*", "8.8.8.8", 53, true],
    // What configures machines is not meant by any.
    ["*:*", "169.254.169.254", 80, false],
    ["*:*", "::ffff:169.254.169.254", 80, false],
    ["*:*", "fe80::1", 80, false],
    // Nor through a translator.
    ["*:*", "64:ff9b::169.254.169.254", 80, false],
    ["*:*", "64:ff9b::a9fe:1", 80, false],
    ["*:*", "64:ff9b::8.8.8.8", 80, true],
    ["*:*", "64:ff9b::1:169.254.169.254", 80, true],
    ["*:*", "64:ff9b:1::169.254.169.254", 80, false],
    ["*:*", "64:ff9b:1:a9fe:a9:fe00::", 80, false],
    ["*:*", "64:ff9b:1:77a9:fe:a9fe::", 80, false],
    ["*:*", "64:ff9b:1:7777:a9:fea9:fe00:0", 80, false],
    ["*:*", "64:ff9b:1:808:8:800::", 80, true],
    ["*:*", "64:ff9b:2::169.254.169.254", 80, true],
    ["*:*", "2002:a9fe:a9fe::1", 80, false],
    ["*:*", "2002:808:808::1", 80, true],
    ["*:*", "::169.254.169.254", 80, false],
    ["*:*", "::ffff:0:169.254.169.254", 80, false],
    // But where it is written.
    ["[64:ff9b::/96]:*", "64:ff9b::169.254.169.254", 80, true],
    // A rule of IPv4 is not about what is translated.
    ["10.0.0.0/8:*", "64:ff9b::10.0.0.1", 80, false],
  ])("%s, %s port %i: %s", (rule, ip, port, expected) => expect(allows(rule, ip, port)).toBe(expected));

  it("about a name is about what was looked up by it, and never about what is inside", () => {
    expect(allows("*.example.com:443", "93.184.216.34", 443, ["www.example.com"])).toBe(true);
    expect(allows("*.example.com:443", "93.184.216.34", 443, ["example.org"])).toBe(false);
    expect(allows("*.example.com:443", "93.184.216.34", 443)).toBe(false);
    expect(allows("*.example.com:443", "64:ff9b::5db8:d822", 443, ["www.example.com"])).toBe(true);
    for (const ip of [
      "127.0.0.1",
      "10.0.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "::1",
      "fc00::1",
      "0.0.0.0",
      "64:ff9b::10.0.0.1",
      "64:ff9b::127.0.0.1",
      "64:ff9b:1::8.8.8.8",
      "2002:a00:1::",
      "::127.0.0.1",
    ])
      expect(allows("*.example.com:443", ip, 443, ["www.example.com"]), ip).toBe(false);
  });

  it("about look-ups takes a name, or all below it", () => {
    expect(allowsLookup(["*.example.com"], "WWW.example.com")).toBe(true);
    expect(allowsLookup(["*.example.com"], "example.com")).toBe(false);
    expect(allowsLookup(["*.example.com"], "badexample.com")).toBe(false);
    expect(allowsLookup(["example.com"], "example.com")).toBe(true);
    expect(allowsLookup(["*"], "anything")).toBe(true);
  });
});
