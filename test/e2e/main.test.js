// End-to-end tests: real publishers and real viewers of one server, two tests at a time. Each test has
// stream names of its own.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe } from "node:test";

import { launch } from "./harness/browser.js";
import { makeClips } from "./harness/ffmpeg.js";
import { Server } from "./harness/server.js";
import accessTests from "./tests/access.js";
import badInputTests from "./tests/bad-input.js";
import broadcastTests from "./tests/broadcasts.js";
import consoleTests from "./tests/console.js";
import demoTests from "./tests/demo.js";
import hallTests from "./tests/halls.js";
import libraryTests from "./tests/library.js";
import lifeTests from "./tests/life.js";
import matrixTests from "./tests/matrix.js";
import pageTests from "./tests/pages.js";
import portalTests from "./tests/portal.js";
import pullTests from "./tests/pull.js";
import sendingTests from "./tests/sending.js";
import signinTests from "./tests/signin.js";
import soundTests from "./tests/sound.js";
import syncTests from "./tests/sync.js";
import tcpTests from "./tests/tcp.js";
import waitingTests from "./tests/waiting.js";
import whipTests from "./tests/whip.js";

/**
 * What all tests share.
 * @typedef {object} Stage
 * @property {Server} server
 * @property {import("playwright-core").Browser} browser
 * @property {import("./harness/ffmpeg.js").Clips} clips
 */

const stage = /** @type {Stage} */ ({});
let dir = "";

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "xianfeng-clips-"));
  [stage.clips, stage.server, stage.browser] = await Promise.all([makeClips(dir), Server.start(), launch()]);
});

after(async () => {
  await stage.browser?.close();
  const code = await stage.server?.stop();
  await rm(dir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the server ended with ${code}, want 0\n${stage.server?.log.slice(-4000)}`);
});

describe("xianfeng", { concurrency: 2, timeout: 600_000 }, () => {
  matrixTests(stage);
  whipTests(stage);
  soundTests(stage);
  tcpTests(stage);
  syncTests(stage);
  sendingTests(stage);
  pullTests(stage);
  lifeTests(stage);
  accessTests(stage);
  pageTests(stage);
  broadcastTests(stage);
  portalTests(stage);
  demoTests(stage);
  badInputTests(stage);
  waitingTests(stage);
  signinTests(stage);
  consoleTests(stage);
  libraryTests(stage);
  hallTests(stage);
});
