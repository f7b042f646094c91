// One publication by WHIP (RFC 9725), from its offer to its end.
import type { Api } from "../client/api.ts";
import { ProblemError } from "../client/problem.ts";
import { fragment, iceServers, restarted } from "./fragments.ts";

const SDP = "application/sdp";
const FRAGMENT = "application/trickle-ice-sdpfrag";
const GATHER_MS = 2_000;

/** One WHIP session: a connection and the resource that stands for it at the service. */
export class Session {
  readonly connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  /** Whether it is being mended. */
  mending = false;
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

  /** As `media.lost` names it. */
  get id(): string {
    return this.#address.slice(this.#address.lastIndexOf("/") + 1);
  }

  /** Send this of a kind from now on; null: nothing. */
  async send(kind: string, track: MediaStreamTrack | null): Promise<void> {
    const { sender } = this.connection.getTransceivers().find((one) => one.receiver.track.kind === kind) ?? {};
    if (sender && sender.track !== track) await sender.replaceTrack(track);
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
