/** One tap in a room: a transport and a consumer for each track that it asked for, and for no other. */

import { isIP } from "node:net";

import { Fault } from "./fault.mjs";

/** What the reader on the other side can decode. */
const READABLE = ["audio/opus", "video/vp8", "video/h264"];
const SUITE = "AES_CM_128_HMAC_SHA1_80";
/** Of that suite: 16 bytes of key and 14 of salt, as Base64. */
const KEY = /^[A-Za-z0-9+/]{40}$/;

/**
 * @typedef {object} Asked
 * @property {string} ip where the tap listens
 * @property {number} port
 * @property {string} key of what the tap sends, as Base64
 */

export class Visit {
  /** @type {Map<string, {transport: any, consumer: any}>} */
  #taken = new Map();
  /** @type {Set<string>} */
  #underway = new Set();
  #open = true;

  /** @param {import("./room.mjs").Room} room @param {object} listenInfo */
  constructor(room, listenInfo) {
    this.room = room;
    this.listenInfo = listenInfo;
  }

  /** How many tracks are taken now. */
  get size() {
    return this.#taken.size;
  }

  /** Make ready to send one producer's media, encrypted; nothing is sent before `resume`. */
  async take(/** @type {string} */ id, /** @type {unknown} */ body) {
    const asked = readAsked(body);
    const producer = this.room.producer(id);
    if (!producer) throw new Fault(404, "no such producer in this room");
    if (this.#taken.has(id) || this.#underway.has(id)) throw new Fault(409, "this producer is taken already");
    const rtpCapabilities = readable(this.room.router.rtpCapabilities);
    if (!this.room.router.canConsume({ producerId: id, rtpCapabilities }))
      throw new Fault(415, `${producer.rtpParameters.codecs[0].mimeType} is not read: offer Opus, VP8 or H264`);
    this.#underway.add(id);
    try {
      return await this.#connect(producer, asked, rtpCapabilities);
    } finally {
      this.#underway.delete(id);
    }
  }

  /** Let the media of a track flow, beginning with a key frame. */
  async resume(/** @type {string} */ id) {
    const { consumer } = this.#of(id);
    await consumer.resume();
    if (consumer.kind === "video") await consumer.requestKeyFrame();
  }

  /** Ask the sender of a picture track for one that needs no other. */
  async keyFrame(/** @type {string} */ id) {
    const { consumer } = this.#of(id);
    if (consumer.kind === "video") await consumer.requestKeyFrame();
  }

  /** Send nothing of a track any more; one that is not taken is no error. */
  leave(/** @type {string} */ id) {
    this.#taken.get(id)?.transport.close();
    this.#taken.delete(id);
  }

  /** Give back everything; the room goes on as it was. */
  close() {
    this.#open = false;
    for (const id of [...this.#taken.keys()]) this.leave(id);
  }

  /** @param {any} producer @param {Asked} asked @param {object} rtpCapabilities */
  async #connect(producer, asked, rtpCapabilities) {
    const transport = await this.room.router.createPlainTransport({
      listenInfo: this.listenInfo,
      rtcpMux: true,
      comedia: false,
      enableSrtp: true,
      srtpCryptoSuite: SUITE,
      appData: { countenance: true },
    });
    try {
      const srtpParameters = { cryptoSuite: SUITE, keyBase64: asked.key };
      await transport.connect({ ip: asked.ip, port: asked.port, srtpParameters });
      const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities, paused: true });
      if (consumer.type !== "simple" && consumer.kind === "video")
        await consumer.setPreferredLayers({ spatialLayer: 0, temporalLayer: 0 });
      // Whoever left meanwhile gets nothing.
      if (!this.#open || producer.closed) throw new Fault(410, "the tap or the producer is gone");
      this.#taken.set(producer.id, { transport, consumer });
      consumer.observer.once("close", () => this.leave(producer.id));
      return described(transport, consumer);
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  #of(/** @type {string} */ id) {
    const taken = this.#taken.get(id);
    if (!taken) throw new Fault(404, "this producer is not taken");
    return taken;
  }
}

/** @param {any} transport @param {any} consumer */
function described(transport, consumer) {
  const { codecs, encodings } = consumer.rtpParameters;
  const { mimeType, payloadType, clockRate, channels = 1 } = codecs[0];
  return {
    codec: { mimeType, payloadType, clockRate, channels },
    ssrc: encodings[0].ssrc,
    from: { ip: transport.tuple.localAddress ?? transport.tuple.localIp, port: transport.tuple.localPort },
    key: transport.srtpParameters.keyBase64,
  };
}

/** Of all that the router can send, the codecs that are read, without retransmission or header extensions. */
function readable(/** @type {any} */ capabilities) {
  const codecs = capabilities.codecs.filter((/** @type {any} */ codec) =>
    READABLE.includes(codec.mimeType.toLowerCase()),
  );
  return { codecs, headerExtensions: [] };
}

/** @returns {Asked} */
function readAsked(/** @type {unknown} */ body) {
  const { ip, port, key } = /** @type {any} */ (body ?? {});
  if (typeof ip !== "string" || !isIP(ip)) throw new Fault(400, "`ip` must be an IP address");
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Fault(400, "`port` must be a port");
  if (typeof key !== "string" || !KEY.test(key)) throw new Fault(400, "`key` must be 30 bytes in Base64");
  return { ip, port, key };
}
