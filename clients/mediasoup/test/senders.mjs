/** ffmpeg as a camera and a microphone; every sender ends with this process, or after five minutes where it was killed. */

import { spawn } from "node:child_process";

const PICTURES = "-f lavfi -i testsrc2=size=SIZE:rate=15 -g 15 -threads 1";
const SENT = {
  VP8: `${PICTURES} -c:v libvpx -deadline realtime -cpu-used 8 -b:v 200k`,
  H264: `${PICTURES} -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -profile:v baseline`,
  opus: "-f lavfi -i sine=frequency=440:sample_rate=48000 -ac 2 -c:a libopus -frame_duration 20",
};
/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
process.on("exit", () => running.forEach((sender) => sender.kill("SIGKILL")));

/**
 * @param {{codec: string, payloadType: number, ssrc: number, to: string, size?: string, more?: string[]}} what
 * @returns {() => void} ends it
 */
export function send({ codec, payloadType, ssrc, to, size = "320x180", more = [] }) {
  const made = SENT[/** @type {keyof typeof SENT} */ (codec)].replace("SIZE", size);
  const words = ["-loglevel", "error", "-re", ...made.split(" ")];
  words.push("-t", "300", "-f", "rtp", "-payload_type", String(payloadType), "-ssrc", String(ssrc), ...more, to);
  const sender = spawn("ffmpeg", words, { stdio: ["ignore", "ignore", "inherit"] });
  running.add(sender);
  return () => {
    sender.kill("SIGKILL");
    running.delete(sender);
  };
}
