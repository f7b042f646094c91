/** As much of mediasoup's interface as the tap uses, without media. */

import { EventEmitter } from "node:events";

const KEY = Buffer.alloc(30, 7).toString("base64");
const CODECS = [
  { kind: "audio", mimeType: "audio/opus", preferredPayloadType: 100, clockRate: 48000, channels: 2 },
  { kind: "video", mimeType: "video/VP8", preferredPayloadType: 101, clockRate: 90000 },
  { kind: "video", mimeType: "video/rtx", preferredPayloadType: 102, clockRate: 90000 },
  { kind: "video", mimeType: "video/H264", preferredPayloadType: 103, clockRate: 90000 },
  { kind: "video", mimeType: "video/VP9", preferredPayloadType: 105, clockRate: 90000 },
];

export class FakeRouter {
  observer = new EventEmitter();
  rtpCapabilities = { codecs: CODECS, headerExtensions: [{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid" }] };
  /** @type {Map<string, any>} */
  producers = new Map();
  /** @type {FakeTransport[]} */
  plain = [];
  /** @type {FakeObserver | null} */
  levels = null;
  ports = 41000;

  /** A participant's transport, as the server makes it when somebody joins. */
  join() {
    const transport = { observer: new EventEmitter() };
    this.observer.emit("newtransport", transport);
    return transport;
  }

  /** @param {any} transport @param {{id: string, kind?: string, mimeType?: string, encodings?: object[], appData?: object, headerExtensions?: object[]}} what */
  produce(
    transport,
    { id, kind = "video", mimeType = "video/VP8", encodings = [{}], appData = {}, headerExtensions = [] },
  ) {
    const producer = new FakeProducer(id, kind, mimeType, encodings, appData, headerExtensions);
    this.producers.set(id, producer);
    producer.observer.on("close", () => this.producers.delete(id));
    transport.observer.emit("newproducer", producer);
    return producer;
  }

  /** @param {any} asked */
  canConsume({ producerId, rtpCapabilities }) {
    const producer = this.producers.get(producerId);
    const wanted = producer?.rtpParameters.codecs[0].mimeType;
    return rtpCapabilities.codecs.some((/** @type {any} */ codec) => codec.mimeType === wanted);
  }

  /** @param {any} options */
  async createPlainTransport(options) {
    const transport = new FakeTransport(this, options);
    this.plain.push(transport);
    return transport;
  }

  /** @param {any} options */
  async createAudioLevelObserver(options) {
    this.levels = new FakeObserver(this, options);
    return this.levels;
  }

  close() {
    this.observer.emit("close");
  }
}

export class FakeObserver extends EventEmitter {
  /** @type {Set<string>} */
  heard = new Set();

  /** @param {FakeRouter} router @param {any} options */
  constructor(router, options) {
    super();
    this.router = router;
    this.options = options;
  }

  /** @param {{producerId: string}} which */
  async addProducer({ producerId }) {
    if (!this.router.producers.has(producerId)) throw new Error(`Producer with id "${producerId}" not found`);
    this.heard.add(producerId);
  }

  /** These are loud at this moment, the loudest first; nobody: silence. */
  hears(/** @type {string[]} */ ...ids) {
    const volumes = ids.map((id) => ({ producer: this.router.producers.get(id), volume: -30 }));
    if (volumes.length) this.emit("volumes", volumes);
    else this.emit("silence");
  }
}

export class FakeProducer {
  observer = new EventEmitter();
  closed = false;
  paused = false;

  /** @param {string} id @param {string} kind @param {string} mimeType @param {object[]} encodings @param {object} appData @param {object[]} headerExtensions */
  constructor(id, kind, mimeType, encodings, appData, headerExtensions) {
    Object.assign(this, { id, kind, appData, rtpParameters: { codecs: [{ mimeType }], encodings, headerExtensions } });
  }

  close() {
    this.closed = true;
    this.observer.emit("close");
  }
}

export class FakeTransport {
  closed = false;
  srtpParameters = { cryptoSuite: "AES_CM_128_HMAC_SHA1_80", keyBase64: KEY };
  /** @type {any} */
  remote = null;
  /** @type {FakeConsumer | null} */
  consumer = null;

  /** @param {FakeRouter} router @param {any} options */
  constructor(router, options) {
    this.router = router;
    this.options = options;
    this.tuple = { localAddress: options.listenInfo.ip, localPort: router.ports++ };
  }

  /** @param {any} remote */
  async connect(remote) {
    this.remote = remote;
  }

  /** @param {any} options */
  async consume(options) {
    const producer = this.router.producers.get(options.producerId);
    if (!producer) throw new Error(`Producer with id "${options.producerId}" not found`);
    this.consumer = new FakeConsumer(this, producer, options);
    return this.consumer;
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.consumer?.end();
  }
}

export class FakeConsumer {
  observer = new EventEmitter();
  closed = false;
  /** @type {string[]} */
  asked = [];

  /** @param {FakeTransport} transport @param {any} producer @param {any} options */
  constructor(transport, producer, options) {
    const { mimeType } = producer.rtpParameters.codecs[0];
    const codec = CODECS.find((one) => one.mimeType === mimeType);
    this.transport = transport;
    this.options = options;
    this.kind = producer.kind;
    this.type = producer.rtpParameters.encodings.length > 1 ? "simulcast" : "simple";
    this.rtpParameters = {
      codecs: [
        { mimeType, payloadType: codec?.preferredPayloadType, clockRate: codec?.clockRate, channels: codec?.channels },
      ],
      encodings: [{ ssrc: 1000 + transport.tuple.localPort }],
    };
    producer.observer.on("close", () => this.end());
  }

  end() {
    if (this.closed) return;
    this.closed = true;
    this.observer.emit("close");
  }

  async resume() {
    this.asked.push("resume");
  }

  async requestKeyFrame() {
    this.asked.push("keyframe");
  }

  /** @param {{spatialLayer: number, temporalLayer: number}} layers */
  async setPreferredLayers({ spatialLayer, temporalLayer }) {
    this.asked.push(`layers ${spatialLayer} ${temporalLayer}`);
  }
}
