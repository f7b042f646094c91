import type { Api } from "./api.ts";
import { filled } from "./api.ts";
import { type CallEvent, type Envelope, told } from "./events.ts";
import { ProblemError } from "./problem.ts";

/**
 * How a stream stands. `waiting`: the line is down and is tried again in `retry_ms`; `away`: the page was left and is
 * kept by the browser; `refused`, `ended` and `closed` are final.
 */
export type StreamState =
  | { readonly name: "connecting" }
  | { readonly name: "open" }
  | { readonly name: "waiting"; readonly retry_ms: number; readonly why: string }
  | { readonly name: "away" }
  | { readonly name: "refused"; readonly error: Error }
  | { readonly name: "ended" }
  | { readonly name: "closed" };

export interface StreamOptions {
  readonly call: string;
  /** The `sequence` of the last event you have; "0" for all of them; only what is new when left out. */
  readonly after?: string | undefined;
  /** Types of events, in full or short (`engagement_low`); all of them when left out. */
  readonly types?: readonly string[];
  /** Also the sample of every second. */
  readonly samples?: boolean;
  readonly onEvent: (event: CallEvent) => void;
  readonly onState?: (state: StreamState) => void;
}

const PROTOCOL = "cloudevents.json";
const EVENTS = "/v1/calls/{call_id}/events";
const ENDED = 1000;
const FORBIDDEN = 1008;
const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * The events of a call, over a WebSocket that comes back where it broke off.
 *
 * A tab in the background goes on hearing. A page that is left closes its socket and says `away`; a page that comes
 * back out of the browser's memory takes up where it was.
 */
export class EventStream {
  readonly #api: Api;
  readonly #options: StreamOptions;
  readonly #leaving = new AbortController();
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #state: StreamState = { name: "closed" };
  #last: string | undefined;

  constructor(api: Api, options: StreamOptions) {
    this.#api = api;
    this.#options = options;
    this.#last = options.after;
    const { signal } = this.#leaving;
    addEventListener("pagehide", () => this.#away(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#now(), { signal });
    addEventListener("online", () => this.#now(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#now(), { signal });
    void this.#connect();
  }

  get state(): StreamState {
    return this.#state;
  }

  /** The `sequence` of the last event, to go on from in another page. */
  get last(): string | undefined {
    return this.#last;
  }

  close(): void {
    if (!final(this.#state)) this.#finish({ name: "closed" });
  }

  async #connect(): Promise<void> {
    this.#to({ name: "connecting" });
    let socket: WebSocket;
    try {
      const credential = await this.#api.subprotocol();
      if (this.#state.name !== "connecting") return;
      socket = new WebSocket(this.#address(), [PROTOCOL, credential]);
    } catch (fault) {
      this.#again(String(fault));
      return;
    }
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#to({ name: "open" });
    };
    socket.onmessage = (message) => this.#take(JSON.parse(String(message.data)) as Envelope);
    socket.onclose = (event) => void this.#closed(socket, event, opened);
  }

  #address(): URL {
    const { call, types, samples } = this.#options;
    const address = this.#api.url(filled(EVENTS, { call_id: call }));
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    if (this.#last !== undefined) address.searchParams.set("after", this.#last);
    if (types?.length) address.searchParams.set("types", types.join(","));
    if (samples) address.searchParams.set("samples", "true");
    return address;
  }

  #take(envelope: Envelope): void {
    this.#failures = 0;
    if (envelope.sequence !== undefined) this.#last = envelope.sequence;
    this.#options.onEvent(told(envelope));
  }

  async #closed(socket: WebSocket, event: CloseEvent, opened: boolean): Promise<void> {
    if (socket !== this.#socket || final(this.#state) || this.#state.name === "away") return;
    this.#socket = undefined;
    if (event.code === ENDED) return this.#finish({ name: "ended" });
    if (opened && event.code !== FORBIDDEN) return this.#again(event.reason || "the line broke");
    // Why a socket was not opened is hidden from pages; over HTTP the same address says it.
    const error = await this.#refusal();
    if (final(this.#state)) return;
    if (error === undefined) this.#again(event.reason || "the service was not reached");
    else this.#finish({ name: "refused", error });
  }

  async #refusal(): Promise<ProblemError | undefined> {
    const address = this.#address();
    const asking = new AbortController();
    const headers = { Accept: "text/event-stream" };
    try {
      await this.#api.send(address.pathname + address.search, { headers, signal: asking.signal });
      return undefined;
    } catch (fault) {
      return fault instanceof ProblemError && fault.problem.status < 429 ? fault : undefined;
    } finally {
      asking.abort();
    }
  }

  #again(why: string): void {
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures++);
    const retry_ms = Math.round(longest * (0.5 + Math.random() / 2));
    this.#timer = setTimeout(() => void this.#connect(), retry_ms);
    this.#to({ name: "waiting", retry_ms, why });
  }

  /** Somebody looks, or the network is back: there is nothing to wait for. */
  #now(): void {
    if (this.#state.name !== "waiting" && this.#state.name !== "away") return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  #away(): void {
    if (final(this.#state)) return;
    this.#drop();
    this.#to({ name: "away" });
  }

  #finish(state: StreamState): void {
    this.#leaving.abort();
    this.#drop();
    this.#to(state);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #to(state: StreamState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }
}

function final(state: StreamState): boolean {
  return state.name === "refused" || state.name === "ended" || state.name === "closed";
}
