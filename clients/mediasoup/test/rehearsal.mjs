/**
 * A server with one tapped room, on a router that is not real, with media that are: ffmpeg sends encrypted RTP where
 * mediasoup would. With COUNTENANCE_MEDIASOUP (a folder with `node_modules/mediasoup`) the router is real too.
 *
 * Prints the port it listens on; then takes one JSON command a line and answers each with a line:
 * {"produce": id, "participant": name, "kind": "audio" | "video", "codec": "opus" | "VP8" | "H264", "layers"?: [sizes]},
 * {"close": id}, {"end": true}, {"cut": true} (send every tap away), {"loud": [ids]} (these speak now); the answer says how
 * many streams are sent to taps. Layers are for the real router alone, and `loud` for the one that is not.
 */

import { createServer } from "node:http";
import { createInterface } from "node:readline";

import { createTap } from "../src/index.mjs";

const folder = process.env.COUNTENANCE_MEDIASOUP;
const { router, produce, sent } = folder
  ? await (await import("./real.mjs")).stage(folder)
  : (await import("./played.mjs")).stage();
const tap = createTap({ token: "a token of some length", listenInfo: { ip: "127.0.0.1" } });
tap.tapRouter({ router, room: "rehearsal", speakers: true });
const server = createServer((request, response) => void (tap.handle(request, response) || response.destroy()));
/** @type {Map<string, any>} */
const producers = new Map();

/** @param {any} command */
async function obey({ produce: id, participant, kind, codec, layers, close, end, cut, loud }) {
  if (id) producers.set(id, await produce({ id, participant, kind, codec, layers }));
  if (close) producers.get(close).close();
  if (loud) router.levels.hears(...loud);
  if (end) router.close();
  if (cut) tap.close();
  return { senders: sent() };
}

server.listen(0, "127.0.0.1", async () => {
  console.log(JSON.stringify({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port }));
  for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await obey(JSON.parse(line))));
  process.exit(0);
});
