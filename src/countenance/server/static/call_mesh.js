// Media between the people themselves: one connection to each of the others, set up over the relay of the service.
import { as } from "./api.js";

const [ENDED, FORBIDDEN] = [1000, 1008];
const [FIRST_MS, LONGEST_MS] = [500, 15000];

/**
 * Everybody connected to everybody. Who comes in speaks first; both may renegotiate (perfect negotiation). A relay that
 * breaks off breaks no connection: those that stand go on, and the relay is taken up again.
 */
export class Mesh {
  #options;
  #peers = new Map();
  #socket = null;
  #timer = 0;
  #failures = 0;
  #over = false;
  #page = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #state = { camera: true, microphone: true };

  constructor(options) {
    this.#options = options;
    this.#connect();
  }

  /** Tell everybody whether camera and microphone are on. */
  tell(state) {
    Object.assign(this.#state, state);
    this.#send(null, { state: this.#state });
  }

  /** Go, and say so. */
  leave() {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#send(null, { bye: true });
    for (const id of [...this.#peers.keys()]) this.#gone(id);
    this.#socket?.close();
  }

  #connect() {
    const address = new URL(`/v1/calls/${this.#options.call}/meeting`, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.#socket = new WebSocket(address, ["cloudevents.json", `as.${as}`]));
    socket.onopen = () => {
      this.#failures = 0;
      this.#options.onLine("open");
    };
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data)).catch((fault) => console.info(`meeting: ${fault}`));
    socket.onclose = (event) => {
      if (this.#over || socket !== this.#socket) return;
      if (event.code === ENDED || event.code === FORBIDDEN) return this.#options.onLine("ended");
      this.#options.onLine("waiting");
      this.#timer = setTimeout(() => this.#connect(), Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures++));
    };
  }

  #send(to, data) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ to, data: { page: this.#page, ...data } }));
  }

  async #hear(message) {
    if (message.type === "here") return this.#here(message.people);
    if (message.type === "came") return this.#came(message.person);
    if (message.type === "left") return this.#left(message.id);
    if (message.type === "said") return this.#said(message.from, message.data);
  }

  /** We are the newcomer, or the relay is back: whoever is not connected is called. */
  #here(people) {
    for (const { id, name } of people) {
      this.#options.onCame(id, name);
      if (!this.#peers.has(id)) this.#peer(id, true);
    }
    this.tell({});
  }

  #came({ id, name }) {
    this.#options.onCame(id, name);
    this.tell({});
  }

  /** Their page is no longer at the relay; what stands between us need not end with it. */
  #left(id) {
    const peer = this.#peers.get(id);
    if (peer?.connection.connectionState === "connected") peer.leaving = true;
    else this.#gone(id);
  }

  #gone(id) {
    this.#peers.get(id)?.connection.close();
    this.#peers.delete(id);
    this.#options.onGone(id);
  }

  async #said(from, data) {
    if (data.bye) return this.#gone(from);
    if (data.state) this.#options.onState(from, data.state);
    if (!data.description && !data.candidate) return;
    let peer = this.#peers.get(from);
    if (peer && data.page && peer.page && peer.page !== data.page) {
      // They have loaded their page anew: what was connected is gone.
      peer.connection.close();
      this.#peers.delete(from);
      peer = undefined;
    }
    peer ??= this.#peer(from, false);
    peer.page = data.page ?? peer.page;
    peer.leaving = false;
    await (data.description ? this.#described(from, peer, data.description) : this.#candidate(peer, data.candidate));
  }

  async #described(id, peer, description) {
    const { connection } = peer;
    const collision = description.type === "offer" && (peer.making || connection.signalingState !== "stable");
    peer.ignoring = collision && !(this.#options.participant < id);
    if (peer.ignoring) return;
    await connection.setRemoteDescription(description);
    for (const candidate of peer.early.splice(0)) await connection.addIceCandidate(candidate);
    if (description.type !== "offer") return;
    await this.#attach(connection);
    await connection.setLocalDescription();
    this.#send(id, { description: connection.localDescription });
  }

  async #candidate(peer, candidate) {
    if (!peer.connection.remoteDescription) return void peer.early.push(candidate);
    try {
      await peer.connection.addIceCandidate(candidate);
    } catch (fault) {
      if (!peer.ignoring) throw fault;
    }
  }

  #peer(id, calling) {
    const connection = new RTCPeerConnection({ iceServers: this.#options.ice });
    const peer = { connection, making: false, ignoring: false, leaving: false, page: null, early: [], media: new MediaStream() };
    this.#peers.set(id, peer);
    connection.onnegotiationneeded = async () => {
      peer.making = true;
      try {
        await connection.setLocalDescription();
        this.#send(id, { description: connection.localDescription });
      } finally {
        peer.making = false;
      }
    };
    connection.onicecandidate = ({ candidate }) => candidate && this.#send(id, { candidate });
    connection.ontrack = ({ track }) => {
      peer.media.addTrack(track);
      this.#options.onMedia(id, peer.media);
    };
    connection.onconnectionstatechange = () => this.#connection(id, peer);
    if (calling) for (const kind of ["audio", "video"]) this.#offered(connection, kind);
    return peer;
  }

  #connection(id, peer) {
    if (this.#peers.get(id) !== peer) return;
    const state = peer.connection.connectionState;
    if (peer.leaving && state !== "connected") this.#gone(id);
    else if (state === "failed") peer.connection.restartIce();
  }

  /** Both kinds from the beginning, with a track or without: nothing need be negotiated anew later. */
  #offered(connection, kind) {
    const track = this.#track(kind);
    connection.addTransceiver(track ?? kind, { direction: "sendrecv" });
  }

  async #attach(connection) {
    for (const transceiver of connection.getTransceivers()) {
      if (transceiver.stopped || transceiver.sender.track) continue;
      const track = this.#track(transceiver.receiver.track.kind);
      if (!track) continue;
      transceiver.direction = "sendrecv";
      await transceiver.sender.replaceTrack(track);
    }
  }

  #track(kind) {
    return this.#options.stream.getTracks().find((one) => one.kind === kind);
  }
}
