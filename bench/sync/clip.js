// The programme that is measured: every picture carries its number in black and white squares.

import { spawn } from "node:child_process";

export const width = 320;
export const height = 180;
export const fps = 25;
export const cell = 32; // pixels; the code is two rows of eight
export const count = 1500; // pictures until the numbers begin again

const numberBits = 12;

/** The sixteen squares of a number: twelve bits, and their check. @param {number} n */
export function code(n) {
  const check = (n ^ (n >> 4) ^ (n >> 8) ^ 0b1010) & 15;
  return n | (check << numberBits);
}

/** The number of sixteen squares, −1 if they are none. @param {number} bits */
export function decode(bits) {
  const n = bits & (2 ** numberBits - 1);
  return code(n) === bits ? n : -1;
}

/** One picture as yuv420p. @param {number} n */
function picture(n) {
  const frame = Buffer.alloc((width * height * 3) / 2, 128);
  frame.fill(60, 0, width * height);
  const bits = code(n);
  for (let i = 0; i < 16; i++) {
    const [x, y] = [(i % 8) * cell, (i >> 3) * cell];
    for (let row = 0; row < cell; row++) frame.fill((bits >> i) & 1 ? 235 : 16, (y + row) * width + x, (y + row) * width + x + cell);
  }
  const bar = (n % fps) * Math.floor(width / fps); // something that people can see move
  for (let row = 2 * cell + 20; row < height - 20; row++) frame.fill(200, row * width + bar, row * width + bar + 10);
  return frame;
}

/** Makes the clip: H.264 with a key frame every 2 s, and Opus. @param {string} file @param {number} [pictures] */
export async function makeClip(file, pictures = count) {
  const args = ["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", String(fps), "-i", "pipe:0"];
  args.push("-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", String(pictures / fps), "-ac", "2");
  args.push("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline", "-g", String(2 * fps), "-keyint_min", String(2 * fps), "-sc_threshold", "0", "-crf", "26", "-c:a", "libopus", "-b:a", "32k", file);
  const child = spawn("ffmpeg", args, { stdio: ["pipe", "ignore", "inherit"] });
  const ended = new Promise((done, failed) => child.once("error", failed).once("close", (c) => (c === 0 ? done(undefined) : failed(new Error(`ffmpeg ended with ${c}`)))));
  child.stdin.on("error", () => {}); // the exit code says it
  for (let n = 0; n < pictures; n++) {
    if (!child.stdin.write(picture(n))) await new Promise((more) => child.stdin.once("drain", more));
  }
  child.stdin.end();
  await ended;
}
