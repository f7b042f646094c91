import type { Api } from "./api.ts";
import type { Envelope } from "./events.ts";

/** What a line tells: `opened` once, then events, then `closed` once; nothing after it was closed from this side. */
export interface Hearing<M = Envelope> {
  readonly opened: () => void;
  readonly event: (message: M) => void;
  /** `code` as WebSockets have it. */
  readonly closed: (code: number, reason: string) => void;
}

/** One connection that brings events. */
export interface Line {
  close(): void;
}

export const ENDED = 1000;
export const FORBIDDEN = 1008;
const BROKEN = 1006;
const PROTOCOL = "cloudevents.json";

/** A WebSocket; server-sent events, which are there for events alone, where there are none, as in Node 20. */
export function lineTo<M = Envelope>(api: Api, address: URL, hearing: Hearing<M>, protocol = PROTOCOL): Line {
  if (globalThis.WebSocket === undefined) return byRequest(api, address, hearing);
  return bySocket(api, address, hearing, protocol);
}

function bySocket<M>(api: Api, http: URL, hearing: Hearing<M>, protocol: string): Line {
  const address = new URL(http);
  address.protocol = http.protocol === "https:" ? "wss:" : "ws:";
  let socket: WebSocket | undefined;
  let over = false;
  const closed = (code: number, reason: string): void => {
    if (!over) hearing.closed(code, reason);
    over = true;
  };
  const open = (credential: string): void => {
    if (over) return;
    socket = new WebSocket(address, [protocol, credential]);
    socket.onopen = () => over || hearing.opened();
    socket.onmessage = (message) => over || hearing.event(JSON.parse(String(message.data)) as M);
    socket.onclose = (event) => closed(event.code, event.reason);
  };
  const failed = (fault: unknown): void => closed(BROKEN, String(fault));
  api.subprotocol().then(open).catch(failed);
  return {
    close: () => {
      over = true;
      socket?.close();
    },
  };
}

function byRequest<M>(api: Api, address: URL, hearing: Hearing<M>): Line {
  const asking = new AbortController();
  const { signal } = asking;
  // What the page does with an event is its own affair: where it throws, the line goes on.
  const tell = (event: M): void => queueMicrotask(() => signal.aborted || hearing.event(event));
  const read = async (): Promise<[code: number, reason: string]> => {
    const headers = { Accept: "text/event-stream" };
    const { body } = await api.send(address.pathname + address.search, { headers, signal });
    if (body === null) return [ENDED, ""];
    hearing.opened();
    return listen(body, tell);
  };
  read().then(
    ([code, reason]) => signal.aborted || hearing.closed(code, reason),
    (fault) => signal.aborted || hearing.closed(BROKEN, String(fault)),
  );
  return { close: () => asking.abort() };
}

/** Until the body ends: whether that is the end of the call, and what was said of it. */
async function listen<M>(
  body: ReadableStream<Uint8Array>,
  tell: (event: M) => void,
): Promise<[code: number, reason: string]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let remark = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return [BROKEN, remark];
    const frames = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = frames.pop()!;
    for (const frame of frames) {
      if (frame.startsWith("event: end")) return [ENDED, ""];
      const data = frame.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) tell(JSON.parse(data.slice(6)) as M);
      else remark = frame.slice(2);
    }
  }
}
