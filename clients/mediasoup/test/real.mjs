/** A real router of an installed mediasoup: ffmpeg sends into it, and it sends to the taps. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createRequire } from "node:module";

import { send } from "./senders.mjs";

const H264 = { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 };
/** @type {Record<string, any>} */
const CODECS = {
  opus: { kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2 },
  VP8: { kind: "video", mimeType: "video/VP8", clockRate: 90000 },
  H264: { kind: "video", mimeType: "video/H264", clockRate: 90000, parameters: H264 },
};
let ssrc = 1000;

/** @param {string} folder with `node_modules/mediasoup` */
export async function stage(folder) {
  const mediasoup = createRequire(`${folder}/`)("mediasoup");
  const worker = await mediasoup.createWorker({ logLevel: "error" });
  const router = await worker.createRouter({ mediaCodecs: Object.values(CODECS) });
  /** @type {Set<any>} */
  const consumers = new Set();
  router.observer.on("newtransport", (/** @type {any} */ transport) =>
    transport.observer.on("newconsumer", (/** @type {any} */ consumer) => {
      consumers.add(consumer);
      consumer.observer.once("close", () => consumers.delete(consumer));
    }),
  );
  const listenInfo = { protocol: "udp", ip: "127.0.0.1" };
  /** @param {{participant?: string, kind: string, codec: string, layers?: string[]}} what */
  const produce = async ({ participant, kind, codec, layers = ["320x180"] }) => {
    const transport = await router.createPlainTransport({ listenInfo, rtcpMux: true, comedia: true });
    const { kind: _, ...rest } = CODECS[codec];
    const sent = layers.map((size) => ({ codec, payloadType: 96, ssrc: ssrc++, size }));
    const encodings = sent.map((one) => ({ ssrc: one.ssrc }));
    const rtpParameters = { codecs: [{ ...rest, payloadType: 96 }], encodings };
    const producer = await transport.produce({ kind, rtpParameters, appData: { participant } });
    const { port, close } = await together(transport.tuple.localPort);
    const ends = [close, ...sent.map((one) => send({ ...one, to: `rtp://127.0.0.1:${port}?rtcpport=${port}` }))];
    producer.observer.once("close", () => ends.forEach((end) => end()));
    // Every layer arrives before anybody takes one.
    while (producer.score.length < layers.length) await once(producer.observer, "score");
    return producer;
  };
  return { router, produce, sent: () => [...consumers].filter((consumer) => !consumer.paused).length };
}

/** What comes to one port goes on from one: a transport hears one sender, and each layer is sent by its own. */
async function together(/** @type {number} */ to) {
  const socket = createSocket("udp4");
  socket.on("message", (datagram) => socket.send(datagram, to, "127.0.0.1"));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: socket.address().port, close: () => void socket.close() };
}
