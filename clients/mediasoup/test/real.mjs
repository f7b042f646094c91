/** A real router of an installed mediasoup: ffmpeg sends into it, and it sends to the taps. */

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
  /** @param {{participant?: string, kind: string, codec: string}} what */
  const produce = async ({ participant, kind, codec }) => {
    const transport = await router.createPlainTransport({ listenInfo, rtcpMux: false, comedia: true });
    const { kind: _, ...rest } = CODECS[codec];
    const sent = { codec, payloadType: 96, ssrc: ssrc++ };
    const rtpParameters = { codecs: [{ ...rest, payloadType: 96 }], encodings: [{ ssrc: sent.ssrc }] };
    const producer = await transport.produce({ kind, rtpParameters, appData: { participant } });
    const { tuple, rtcpTuple } = transport;
    const end = send({ ...sent, to: `rtp://127.0.0.1:${tuple.localPort}?rtcpport=${rtcpTuple.localPort}` });
    producer.observer.once("close", end);
    return producer;
  };
  return { router, produce, sent: () => [...consumers].filter((consumer) => !consumer.paused).length };
}
