// Publishes camera and microphone to the built-in media server by WHIP (RFC 9725), and again where they are lost.
import { type Api, filled } from "../client/api.ts";
import { ProblemError } from "../client/problem.ts";
import { EventStream } from "../client/stream.ts";
import { passes, wait } from "./retrying.ts";
import { Session } from "./session.ts";

/** `mending`: what is sent arrives no more, and is being sent anew; `failed` and `closed` are final. */
export type PublisherState = "connecting" | "live" | "mending" | "failed" | "closed";

export interface PublishOptions {
  readonly call: string;
  readonly participant: string;
  readonly stream: MediaStream;
  readonly onState?: (state: PublisherState, error?: Error) => void;
  /**
   * Whether to listen for `media.lost`, by which the service says that a session is gone: a browser would notice it only
   * after many seconds. `false` where the page hears the events of the call anyway, and says `lost`.
   */
  readonly follow?: boolean;
}

const WHIP = "/v1/calls/{call_id}/whip/{participant_id}";
/** How long a publisher that begins waits for a service that has no room, or no worker, at this moment. */
const PATIENCE_MS = 10_000;

/** Somebody's media on their way to the service. Nothing of them is decoded there without this person's yes. */
export class Publisher {
  readonly #api: Api;
  readonly #options: PublishOptions;
  /** What is sent of each kind now; null: nothing, though it may be again. */
  readonly #sent = new Map<string, MediaStreamTrack | null>();
  /** Sessions that the service has no more. */
  readonly #gone = new Set<string>();
  #session: Session | undefined;
  #events: EventStream | undefined;
  #state: PublisherState = "connecting";

  private constructor(api: Api, options: PublishOptions) {
    this.#api = api;
    this.#options = options;
    for (const track of options.stream.getTracks()) this.#sent.set(track.kind, track);
  }

  /** Begin; resolves when the service has answered the offer. Where it is busy it is asked again for ten seconds. */
  static async begin(api: Api, options: PublishOptions): Promise<Publisher> {
    const made = new Publisher(api, options);
    await made.#patiently(PATIENCE_MS);
    if (options.follow ?? true) made.#follow();
    return made;
  }

  get state(): PublisherState {
    return this.#state;
  }

  /** The connection as it is now, for statistics. */
  get connection(): RTCPeerConnection | undefined {
    return this.#session?.connection;
  }

  /** Send another camera or microphone in the place of the first, or nothing of that kind. */
  async replace(kind: "audio" | "video", track: MediaStreamTrack | null): Promise<void> {
    if (!this.#sent.has(kind)) throw new TypeError(`there was no ${kind} when this publisher began`);
    this.#sent.set(kind, track);
    await this.#session?.send(kind, track);
  }

  /** What `media.lost` said: where it is the session in use, another one is begun at once. */
  lost(session: string): void {
    this.#gone.add(session);
    if (this.#session) this.#look(this.#session);
  }

  /** Hang up: the service hears it at once. */
  async close(): Promise<void> {
    this.#to("closed");
    const session = this.#session;
    this.#session = undefined;
    await session?.end();
  }

  async #offer(): Promise<void> {
    const address = filled(WHIP, { call_id: this.#options.call, participant_id: this.#options.participant });
    const session = await Session.open(this.#api, address, this.#sent);
    if (this.#state === "closed") return session.end();
    this.#session = session;
    // It may have been replaced while the service was asked, and a track that was taken out must not come back.
    for (const [kind, track] of this.#sent) await session.send(kind, track);
    session.connection.onconnectionstatechange = () => this.#look(session);
    // It may have been connected, or lost, while the last candidates were on their way.
    this.#look(session);
  }

  #look(session: Session): void {
    if (this.#session !== session || final(this.#state)) return;
    const state = session.connection.connectionState;
    // A connection whose other end died goes on looking well for a while.
    if (this.#gone.has(session.id) || state === "failed") void this.#mend(session);
    else if (state === "connected") this.#to("live");
  }

  /** First an ICE restart; where the session is gone, another one. */
  async #mend(broken: Session): Promise<void> {
    if (broken.mending) return;
    broken.mending = true;
    this.#to("mending");
    if (await this.#restarts(broken)) {
      broken.mending = false;
      if (broken.connection.connectionState === "connected") this.#to("live");
    } else await this.#anew(broken);
  }

  async #restarts(broken: Session): Promise<boolean> {
    if (this.#gone.has(broken.id)) return false;
    try {
      await broken.restart();
    } catch {
      // Whatever the reason is, the next offer meets it again and names it.
      return false;
    }
    return !this.#gone.has(broken.id);
  }

  async #anew(broken: Session): Promise<void> {
    for (let tries = 0; this.#state === "mending"; tries++) {
      broken.connection.close();
      try {
        return await this.#offer();
      } catch (fault) {
        if (fault instanceof ProblemError && !passes(fault)) return this.#to("failed", fault);
        await sleep(wait(tries, fault));
      }
    }
  }

  async #patiently(patienceMs: number): Promise<void> {
    const until = Date.now() + patienceMs;
    for (let tries = 0; ; tries++) {
      try {
        return await this.#offer();
      } catch (fault) {
        const ms = wait(tries, fault);
        if (!passes(fault) || Date.now() + ms > until) throw fault;
        await sleep(ms);
      }
    }
  }

  #follow(): void {
    this.#events = new EventStream(this.#api, {
      call: this.#options.call,
      // Also what was said since the session began: its id is told to nobody twice.
      after: "0",
      types: ["media.lost"],
      onEvent: (event) => event.kind === "lost" && this.lost(event.envelope.data.session),
    });
  }

  #to(state: PublisherState, error?: Error): void {
    if (this.#state === "closed" || this.#state === state) return;
    this.#state = state;
    if (final(state)) this.#events?.close();
    this.#options.onState?.(state, error);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function final(state: PublisherState): boolean {
  return state === "failed" || state === "closed";
}
