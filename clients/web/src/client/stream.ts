import type { Api } from "./api.ts";
import { filled } from "./api.ts";
import { type CallEvent, type Envelope, told } from "./events.ts";
import { ENDED, FORBIDDEN, type Line, lineTo } from "./line.ts";
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

const EVENTS = "/v1/calls/{call_id}/events";
const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * The events of a call, over a line that comes back where it broke off.
 *
 * A tab in the background goes on hearing. A page that is left closes its line and says `away`; a page that comes
 * back out of the browser's memory takes up where it was. Where there is no page, as in Node, nothing of that happens.
 */
export class EventStream {
  readonly #api: Api;
  readonly #options: StreamOptions;
  readonly #leaving = new AbortController();
  #line: Line | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #state: StreamState = { name: "closed" };
  #last: string | undefined;

  constructor(api: Api, options: StreamOptions) {
    this.#api = api;
    this.#options = options;
    this.#last = options.after;
    if (globalThis.document !== undefined) this.#withPage(this.#leaving.signal);
    this.#connect();
  }

  #withPage(signal: AbortSignal): void {
    addEventListener("pagehide", () => this.#away(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#now(), { signal });
    addEventListener("online", () => this.#now(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#now(), { signal });
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

  #connect(): void {
    this.#to({ name: "connecting" });
    let opened = false;
    const line = lineTo(this.#api, this.#address(), {
      opened: () => {
        opened = true;
        this.#to({ name: "open" });
      },
      event: (envelope) => this.#take(envelope),
      closed: (code, reason) => void this.#closed(line, code, reason, opened),
    });
    this.#line = line;
  }

  #address(): URL {
    const { call, types, samples } = this.#options;
    const address = this.#api.url(filled(EVENTS, { call_id: call }));
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

  async #closed(line: Line, code: number, reason: string, opened: boolean): Promise<void> {
    if (line !== this.#line) return;
    this.#line = undefined;
    if (code === ENDED) return this.#finish({ name: "ended" });
    if (opened && code !== FORBIDDEN) return this.#again(reason || "the line broke");
    // Why a socket was not opened is hidden from pages; over HTTP the same address says it.
    const fault = await this.#refusal();
    if (final(this.#state) || this.#state.name === "away") return;
    if (fault instanceof ProblemError && fault.problem.status < 429) this.#finish({ name: "refused", error: fault });
    else this.#again(fault?.message || reason || "the service was not reached");
  }

  async #refusal(): Promise<Error | undefined> {
    const address = this.#address();
    const asking = new AbortController();
    const headers = { Accept: "text/event-stream" };
    try {
      await this.#api.send(address.pathname + address.search, { headers, signal: asking.signal });
      return undefined;
    } catch (fault) {
      return fault instanceof Error ? fault : undefined;
    } finally {
      asking.abort();
    }
  }

  #again(why: string): void {
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures++);
    const retry_ms = Math.round(longest * (0.5 + Math.random() / 2));
    this.#timer = setTimeout(() => this.#connect(), retry_ms);
    this.#to({ name: "waiting", retry_ms, why });
  }

  /** Somebody looks, or the network is back: there is nothing to wait for. */
  #now(): void {
    if (this.#state.name !== "waiting" && this.#state.name !== "away") return;
    clearTimeout(this.#timer);
    this.#connect();
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
    const line = this.#line;
    this.#line = undefined;
    line?.close();
  }

  #to(state: StreamState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }
}

function final(state: StreamState): boolean {
  return state.name === "refused" || state.name === "ended" || state.name === "closed";
}
