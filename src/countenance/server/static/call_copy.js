// One's own copy for the service, small: only tracks of what may be read leave this browser, and no others.
import { t } from "./words.js";

const SMALL = { width: 320, height: 180, frameRate: 10 };

/** Publishes by WHIP what is wanted; a track that is not wanted is taken out of its sender, not only muted. */
export class Copy {
  #options;
  #publisher = null;
  #tracks = {};
  #wanted = { video: false, audio: false };
  #work = Promise.resolve();
  #closed = false;

  /** `onFault`: nothing arrives for good; `onLine`: `waiting` while it is being sent anew, and `open`. */
  constructor(options) {
    this.#options = options;
  }

  /** What may be sent from now on. */
  send(wanted) {
    this.#wanted = wanted;
    this.#work = this.#work.then(() => this.#settle()).catch(this.#options.onFault);
    return this.#work;
  }

  /** The service says that a session is gone: where it is this one, another is begun. */
  lost(session) {
    // One that is only beginning is known by its id when it has begun.
    this.#work = this.#work.then(() => this.#publisher?.lost(session));
  }

  /** Hang up; the service hears it. */
  async close() {
    this.#closed = true;
    this.#wanted = { video: false, audio: false };
    await this.#work;
    await this.#publisher?.close().catch(() => {});
    for (const track of Object.values(this.#tracks)) track.stop();
  }

  async #settle() {
    const { video, audio } = this.#wanted;
    if (!this.#closed && !this.#publisher && (video || audio)) await this.#begin();
    for (const [kind, track] of Object.entries(this.#tracks)) {
      const on = this.#wanted[kind] && !this.#closed;
      await this.#publisher.replace(kind, on ? track : null);
      track.enabled = on && this.#original(kind).enabled;
    }
  }

  async #begin() {
    const { call, participant, session, stream, onFault, onLine } = this.#options;
    if (stream.getTracks().length === 0) return;
    const { Api, Publisher } = await import("./vendor/countenance.js").catch(() => {
      throw new Error(t("This installation was made without the parts that npm brings."));
    });
    const copies = new MediaStream();
    for (const original of stream.getTracks()) {
      const track = original.clone();
      // Until it is known to be wanted it is black, or silent.
      track.enabled = false;
      original.addEventListener("muting", () => (track.enabled = original.enabled && this.#wanted[original.kind]));
      if (track.kind === "video") await track.applyConstraints(SMALL).catch(() => {});
      this.#tracks[track.kind] = track;
      copies.addTrack(track);
    }
    this.#publisher = await Publisher.begin(new Api({ session }), {
      call, participant, stream: copies,
      follow: false,
      onState: (state, error) => {
        onLine(state === "mending" ? "waiting" : "open");
        if (state === "failed") onFault(error ?? new Error(""));
      },
    });
  }

  #original(kind) {
    return this.#options.stream.getTracks().find((one) => one.kind === kind);
  }
}
