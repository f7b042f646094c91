/**
 * The tap on a router that is not real, with media that are: ffmpeg sends encrypted RTP where mediasoup would.
 *
 * Prints the port it listens on; then takes one JSON command a line and answers each with a line:
 * {"produce": id, "participant": name, "kind": "audio" | "video", "codec": "opus" | "VP8" | "H264"}, {"close": id},
 * {"end": true}, {"cut": true} (send every tap away); the answer says how many senders run.
 */

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import { createTap } from "../src/index.mjs";
import { FakeConsumer, FakeRouter } from "./fake.mjs";

const SENT = {
  VP8: "-f lavfi -i testsrc2=size=320x180:rate=15 -c:v libvpx -deadline realtime -cpu-used 8 -b:v 200k -g 15 -threads 1",
  H264: "-f lavfi -i testsrc2=size=320x180:rate=15 -c:v libx264 -preset ultrafast -tune zerolatency -g 15 -threads 1",
  opus: "-f lavfi -i sine=frequency=440:sample_rate=48000 -ac 2 -c:a libopus -frame_duration 20",
};
/** @type {Map<FakeConsumer, import("node:child_process").ChildProcess>} */
const senders = new Map();

FakeConsumer.prototype.resume = async function () {
  const { ip, port } = this.transport.remote;
  const [codec] = this.rtpParameters.codecs;
  const what = SENT[/** @type {keyof typeof SENT} */ (codec.mimeType.split("/")[1])];
  const key = this.transport.srtpParameters.keyBase64;
  const words = [
    ...["-loglevel", "error", "-re", ...what.split(" "), "-f", "rtp", "-payload_type", String(codec.payloadType)],
    ...["-ssrc", String(this.rtpParameters.encodings[0].ssrc), "-srtp_out_suite", "AES_CM_128_HMAC_SHA1_80"],
    ...["-srtp_out_params", key, `srtp://${ip}:${port}`],
  ];
  senders.set(this, spawn("ffmpeg", words, { stdio: ["ignore", "ignore", "inherit"] }));
  this.observer.once("close", () => {
    senders.get(this)?.kill("SIGKILL");
    senders.delete(this);
  });
};

const router = new FakeRouter();
const tap = createTap({ token: "a token of some length", listenInfo: { ip: "127.0.0.1" } });
tap.tapRouter({ router, room: "rehearsal" });
const server = createServer((request, response) => void (tap.handle(request, response) || response.destroy()));
const transport = router.join();

/** @param {any} command */
function obey({ produce, participant, kind, codec, close, end, cut }) {
  if (produce) router.produce(transport, { id: produce, kind, mimeType: `${kind}/${codec}`, appData: { participant } });
  if (close) router.producers.get(close).close();
  if (end) router.close();
  if (cut) tap.close();
  return { senders: senders.size };
}

server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port }));
  createInterface({ input: process.stdin })
    .on("line", (line) => console.log(JSON.stringify(obey(JSON.parse(line)))))
    .on("close", () => {
      for (const sender of senders.values()) sender.kill("SIGKILL");
      process.exit(0);
    });
});
