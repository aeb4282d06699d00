// A viewer's place: a network namespace that a pair of virtual Ethernet devices joins to the server's,
// where packets can be lost, blocked and slowed down. Needs root.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** @param {string} program @param {string[]} args */
async function command(program, ...args) {
  try {
    return (await run(program, args)).stdout;
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}: ${/** @type {any} */ (error).stderr || error}`);
  }
}

let made = 0;

export class Namespace {
  /** @param {string} name @param {string} net the first three numbers of its addresses @param {string} dir */
  constructor(name, net, dir) {
    this.name = name;
    this.outer = `${name}o`; // the server's end
    this.inner = `${name}i`; // the viewer's end
    this.server = `${net}.1`;
    this.viewer = `${net}.2`;
    this.dir = dir;
    /** a program for playwright to start as if it were the browser */
    this.chromium = path.join(dir, "chromium");
  }

  static async make() {
    const number = made++;
    const name = `xf${process.pid}n${number}`;
    // 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
    const ns = new Namespace(name, `198.18.${(process.pid + number) % 256}`, await mkdtemp(path.join(tmpdir(), "xianfeng-netns-")));
    await writeFile(ns.chromium, `#!/bin/sh\nexec ip netns exec ${name} "\${CHROMIUM:-/usr/bin/chromium}" "$@"\n`, { mode: 0o700 });
    await command("ip", "netns", "add", name);
    // An IPv6 address that appears a second later is a change of network to Chromium, which then drops its requests.
    const ipv6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6";
    await ns.inside("sh", "-c", `[ ! -e ${ipv6} ] || echo 1 >${ipv6}`);
    await command("ip", "link", "add", ns.outer, "type", "veth", "peer", "name", ns.inner, "netns", name);
    await command("ip", "addr", "add", `${ns.server}/24`, "dev", ns.outer);
    await command("ip", "link", "set", ns.outer, "up");
    await ns.inside("ip", "addr", "add", `${ns.viewer}/24`, "dev", ns.inner);
    await ns.inside("ip", "link", "set", ns.inner, "up");
    await ns.inside("ip", "link", "set", "lo", "up");
    return ns;
  }

  /** Runs a program in it. @param {string} program @param {string[]} args */
  inside(program, ...args) {
    return command("ip", "netns", "exec", this.name, program, ...args);
  }

  /** Loses a share of the UDP packets, on their way in and out. @param {number} share */
  async lose(share) {
    for (const chain of ["INPUT", "OUTPUT"]) {
      await this.inside("iptables", "-A", chain, "-p", "udp", "-m", "statistic", "--mode", "random", "--probability", String(share), "-j", "DROP");
    }
  }

  /** Lets no UDP through, as some firewalls do. */
  async blockUDP() {
    for (const chain of ["INPUT", "OUTPUT"]) await this.inside("iptables", "-A", chain, "-p", "udp", "-j", "DROP");
  }

  /**
   * Makes the line to the viewer a slow one that holds back so many ms of packets and loses the others.
   * @param {string} rate @param {number} queue
   */
  async slow(rate, queue) {
    await command("tc", "qdisc", "add", "dev", this.outer, "root", "tbf", "rate", rate, "burst", "5kb", "latency", `${queue}ms`);
  }

  /** What the slow line did. @returns {Promise<{ packets: number, drops: number }>} */
  async line() {
    const [tbf] = JSON.parse(await command("tc", "-s", "-j", "qdisc", "show", "dev", this.outer));
    return { packets: tbf.packets, drops: tbf.drops };
  }

  /** Makes the largest packet smaller. @param {number} mtu */
  async narrow(mtu) {
    await command("ip", "link", "set", this.outer, "mtu", String(mtu));
    await this.inside("ip", "link", "set", this.inner, "mtu", String(mtu));
  }

  async close() {
    await command("ip", "netns", "del", this.name).catch(() => {});
    await command("ip", "link", "del", this.outer).catch(() => {}); // gone with its peer, as a rule
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** How many fragments the kernel has made of what the server sent. */
export async function fragments() {
  const [names, values] = (await readFile("/proc/net/snmp", "utf8")).split("\n").filter((line) => line.startsWith("Ip:")).map((line) => line.split(" "));
  return Number(values[names.indexOf("FragCreates")]);
}

/** Why there can be no namespaces here, or "". */
export async function obstacle() {
  /** @type {Namespace | undefined} */
  let ns;
  try {
    ns = await Namespace.make();
    await ns.lose(0.5);
    await ns.slow("5mbit", 100);
    return "";
  } catch (error) {
    return String(error);
  } finally {
    await ns?.close();
  }
}
