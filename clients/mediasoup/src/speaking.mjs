/** Who speaks in a room, as mediasoup tells it by the loudness that each packet carries (RFC 6464): no sound is decoded. */

const LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const HEARD = { maxEntries: 100, threshold: -50, interval: 500 };

export class Speaking {
  /** Producers whose packets say how loud they are. @type {Set<string>} */
  #heard = new Set();
  /** @type {Set<string>} */
  #loud = new Set();
  /** @type {any} */
  #observer;

  /** @param {() => void} changed called when somebody begins or ends, comes or goes */
  constructor(changed) {
    this.changed = changed;
  }

  /**
   * Begin to listen on a router; `options` are those of mediasoup's AudioLevelObserver.
   * @param {any} router @param {object} options @param {Iterable<any>} producers that are there already
   */
  async begin(router, options, producers) {
    const observer = await router.createAudioLevelObserver({ ...HEARD, ...options });
    observer.on("volumes", (/** @type {{producer: any}[]} */ volumes) =>
      this.#say(volumes.map((one) => one.producer.id)),
    );
    observer.on("silence", () => this.#say([]));
    this.#observer = observer;
    for (const producer of producers) this.add(producer);
    this.changed();
  }

  /** What is known, by ids of producers; undefined before anybody listens. */
  now() {
    return this.#observer && { heard: [...this.#heard], loud: [...this.#loud] };
  }

  /** Listen to a producer too, where its packets say how loud they are. */
  add(/** @type {any} */ producer) {
    const extensions = producer.rtpParameters.headerExtensions ?? [];
    if (!this.#observer || producer.closed || producer.kind !== "audio") return;
    if (!extensions.some((/** @type {any} */ one) => one.uri === LEVEL)) return;
    this.#heard.add(producer.id);
    // It may have closed on the way: then it is not heard either.
    this.#observer.addProducer({ producerId: producer.id }).catch(() => this.remove(producer.id));
    this.changed();
  }

  /** It has ended. */
  remove(/** @type {string} */ id) {
    this.#loud.delete(id);
    if (this.#heard.delete(id)) this.changed();
  }

  #say(/** @type {string[]} */ ids) {
    const loud = ids.filter((id) => this.#heard.has(id));
    if (loud.length === this.#loud.size && loud.every((id) => this.#loud.has(id))) return;
    this.#loud = new Set(loud);
    this.changed();
  }
}
