/** One router as a room: who publishes what in it, told to every tap that listens. */

import { Speaking } from "./speaking.mjs";

/**
 * @typedef {object} Announced
 * @property {string} id the producer's
 * @property {string | null} participant whose it is, as your own server calls them; null when nobody said
 * @property {"audio" | "video"} kind
 * @property {string} codec for example `video/VP8`
 * @property {boolean} layered whether a lower layer can be asked for
 * @property {boolean} paused
 */

export class Room {
  /** @type {Map<string, any>} */
  #producers = new Map();
  /** @type {Set<(event: object) => void>} */
  #listeners = new Set();
  #watched = new WeakSet();
  #open = true;
  #speaking = new Speaking(() => this.#tellSpeakers());

  /** @param {{router: any, who: (producer: any) => string | null | undefined}} options */
  constructor({ router, who }) {
    this.router = router;
    this.who = who;
    router.observer.on("newtransport", (/** @type {any} */ transport) => this.watch(transport));
    router.observer.on("close", () => this.close());
  }

  /** Announce what is produced on a transport from now on; done by itself for transports made after the tap. */
  watch(/** @type {any} */ transport) {
    if (this.#watched.has(transport)) return;
    this.#watched.add(transport);
    transport.observer.on("newproducer", (/** @type {any} */ producer) => this.add(producer));
  }

  /**
   * Tell who speaks, too; `options` are those of mediasoup's AudioLevelObserver. Done by itself where `speakers` is set.
   * @param {object} [options]
   */
  async hear(options = {}) {
    await this.#speaking.begin(this.router, options, this.#producers.values());
  }

  /** Announce a producer; done by itself for those of a watched transport. */
  add(/** @type {any} */ producer) {
    if (!this.#open || producer.closed || this.#producers.has(producer.id)) return;
    this.#producers.set(producer.id, producer);
    producer.observer.on("close", () => this.#remove(producer.id));
    producer.observer.on("pause", () => this.#tell({ paused: producer.id }));
    producer.observer.on("resume", () => this.#tell({ resumed: producer.id }));
    this.#tell({ producer: this.#announced(producer) });
    this.#speaking.add(producer);
  }

  /** How many producers there are. */
  get size() {
    return this.#producers.size;
  }

  /** @returns {any} the producer of this id, or undefined */
  producer(/** @type {string} */ id) {
    return this.#producers.get(id);
  }

  /**
   * Hear of everything that is there, of `all` when that was it, and of every change; `closed` when the room closes.
   * @param {(event: object) => void} listener
   * @returns {() => void} stops it
   */
  follow(listener) {
    for (const producer of this.#producers.values()) listener({ producer: this.#announced(producer) });
    listener({ all: this.#producers.size });
    const speakers = this.#speaking.now();
    if (speakers) listener({ speakers });
    if (!this.#open) listener({ closed: true });
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The call is over. */
  close() {
    if (!this.#open) return;
    this.#open = false;
    this.#producers.clear();
    this.#tell({ closed: true });
  }

  #remove(/** @type {string} */ id) {
    if (!this.#producers.delete(id)) return;
    this.#tell({ gone: id });
    this.#speaking.remove(id);
  }

  #tellSpeakers() {
    if (this.#open) this.#tell({ speakers: this.#speaking.now() });
  }

  #tell(/** @type {object} */ event) {
    for (const listener of this.#listeners) listener(event);
  }

  /** @returns {Announced} */
  #announced(/** @type {any} */ producer) {
    const { codecs, encodings = [] } = producer.rtpParameters;
    return {
      id: producer.id,
      participant: this.who(producer) ?? null,
      kind: producer.kind,
      codec: codecs[0].mimeType,
      layered: encodings.length > 1 || /[LS][2-9]|T[2-9]/.test(encodings[0]?.scalabilityMode ?? ""),
      paused: producer.paused,
    };
  }
}
