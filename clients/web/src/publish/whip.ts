// Publishes camera and microphone to the built-in media server by WHIP (RFC 9725).
import { type Api, filled } from "../client/api.ts";
import { ProblemError } from "../client/problem.ts";
import { fragment, iceServers, restarted } from "./fragments.ts";

/** `mending`: the connection broke and is being made anew; `failed` and `closed` are final. */
export type PublisherState = "connecting" | "live" | "mending" | "failed" | "closed";

export interface PublishOptions {
  readonly call: string;
  readonly participant: string;
  readonly stream: MediaStream;
  readonly onState?: (state: PublisherState, error?: Error) => void;
}

const WHIP = "/v1/calls/{call_id}/whip/{participant_id}";
const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const GATHER_MS = 2_000;
const TRIES = 6;
const FIRST_MS = 500;

/** Somebody's media on their way to the service. Nothing of them is decoded there without this person's yes. */
export class Publisher {
  readonly #api: Api;
  readonly #options: PublishOptions;
  /** What is sent of each kind now; null: nothing, though it may be again. */
  readonly #sent = new Map<string, MediaStreamTrack | null>();
  #session: Session | undefined;
  #state: PublisherState = "connecting";

  private constructor(api: Api, options: PublishOptions) {
    this.#api = api;
    this.#options = options;
    for (const track of options.stream.getTracks()) this.#sent.set(track.kind, track);
  }

  /** Begin; resolves when the service has answered the offer. */
  static async begin(api: Api, options: PublishOptions): Promise<Publisher> {
    const made = new Publisher(api, options);
    await made.#offer();
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
    const transceiver = this.connection?.getTransceivers().find((one) => one.receiver.track.kind === kind);
    await transceiver?.sender.replaceTrack(track);
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
    const { connection } = session;
    const look = (): void => {
      if (this.#session !== session) return;
      if (connection.connectionState === "connected") this.#to("live");
      if (connection.connectionState === "failed") void this.#mend(session);
    };
    connection.onconnectionstatechange = look;
    // It may have been connected while the last candidates were on their way.
    look();
  }

  /** First an ICE restart; where the session is gone, another one. */
  async #mend(broken: Session): Promise<void> {
    this.#to("mending");
    try {
      await broken.restart();
      if (broken.connection.connectionState === "connected") this.#to("live");
      return;
    } catch {
      // Whatever the reason is, the offer below meets it again and names it.
    }
    for (let tries = 0; this.#state === "mending"; tries++) {
      broken.connection.close();
      try {
        return await this.#offer();
      } catch (fault) {
        const lasting = fault instanceof ProblemError && fault.problem.status < 429;
        if (lasting || tries === TRIES) return this.#to("failed", fault as Error);
        await new Promise((done) => setTimeout(done, FIRST_MS * 2 ** tries));
      }
    }
  }

  #to(state: PublisherState, error?: Error): void {
    if (this.#state === "closed" || this.#state === state) return;
    this.#state = state;
    this.#options.onState?.(state, error);
  }
}

/** One WHIP session: a connection and the resource that stands for it at the service. */
class Session {
  readonly connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  readonly #api: Api;
  #address = "";
  #etag = "";
  #answer = "";
  #waiting: string[] = [];
  #sending = false;
  #gathered = false;

  private constructor(api: Api) {
    this.#api = api;
  }

  static async open(api: Api, address: string, sent: ReadonlyMap<string, MediaStreamTrack | null>): Promise<Session> {
    const session = new Session(api);
    const { connection } = session;
    const streams = [new MediaStream()];
    for (const [kind, track] of sent) connection.addTransceiver(track ?? kind, { direction: "sendonly", streams });
    connection.onicecandidate = (event) => session.#found(event.candidate);
    try {
      await session.#begin(address);
    } catch (fault) {
      connection.close();
      throw fault;
    }
    return session;
  }

  async #begin(address: string): Promise<void> {
    const { connection } = this;
    const offer = await connection.createOffer();
    const body = offer.sdp!;
    const response = await this.#api.send(address, { method: "POST", headers: { "Content-Type": SDP }, body });
    this.#address = new URL(response.headers.get("Location") ?? "", this.#api.url(address)).href;
    this.#etag = response.headers.get("ETag") ?? "";
    this.#answer = await response.text();
    const servers = iceServers(response.headers.get("Link"));
    if (servers.length > 0) connection.setConfiguration({ ...connection.getConfiguration(), iceServers: servers });
    // Only now are candidates gathered: a browser asks the servers that it knows at this moment, and no others later.
    await connection.setLocalDescription(offer);
    await connection.setRemoteDescription({ type: "answer", sdp: this.#answer });
    await this.#trickle();
  }

  /** New credentials for the same session; throws where the service has it no more. */
  async restart(): Promise<void> {
    const { connection } = this;
    // New candidates wait until the service knows whose they are.
    this.#sending = true;
    this.#gathered = false;
    this.#waiting = [];
    try {
      const complete = gathered(connection);
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
      await complete;
      const { sdp } = connection.localDescription!;
      const response = await this.#patch(fragment(sdp, this.#waiting.splice(0), this.#gathered), "*");
      this.#etag = response.headers.get("ETag") ?? this.#etag;
      this.#answer = restarted(this.#answer, await response.text());
      await connection.setRemoteDescription({ type: "answer", sdp: this.#answer });
    } finally {
      this.#sending = false;
    }
    await this.#trickle();
  }

  async end(): Promise<void> {
    this.connection.close();
    try {
      await this.#api.send(this.#address, { method: "DELETE", keepalive: true });
    } catch (fault) {
      // The service may have heard the connection end before it was told.
      if (!(fault instanceof ProblemError && fault.problem.status === 404)) throw fault;
    }
  }

  #found(candidate: RTCIceCandidate | null): void {
    if (candidate?.candidate) this.#waiting.push(candidate.candidate);
    else this.#gathered = true;
    if (this.#answer !== "") void this.#trickle();
  }

  /** What has been found since the offer; one request at a time, so that they arrive in order. */
  async #trickle(): Promise<void> {
    const { sdp } = this.connection.localDescription!;
    if (this.#sending || this.connection.connectionState === "connected") return;
    this.#sending = true;
    try {
      while (this.#waiting.length > 0) {
        await this.#patch(fragment(sdp, this.#waiting.splice(0), this.#gathered), this.#etag);
      }
    } catch {
      // Candidates that did not arrive cost a path, not the call: when no path is left, the connection fails and is mended.
    } finally {
      this.#sending = false;
    }
  }

  #patch(body: string, tag: string): Promise<Response> {
    const headers = { "Content-Type": FRAGMENT, "If-Match": tag };
    return this.#api.send(this.#address, { method: "PATCH", headers, body });
  }
}

/** When all candidates of the next description are known, or enough time has passed for those that matter. */
function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, GATHER_MS);
    // The state is still `complete` from the last time; only its change says anything.
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      done();
    };
  });
}
