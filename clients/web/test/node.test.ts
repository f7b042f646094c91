// @vitest-environment node
// Where there is neither a page nor a WebSocket, as in Node 20: the same events by server-sent events.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "../src/client/api.ts";
import { EventStream, type StreamState } from "../src/client/stream.ts";

const SAMPLE = { type: "io.countenance.signal.sample.v1", data: {} };
let asked: URL[];
let states: StreamState[];
let heard: (string | undefined)[];
let stream: EventStream;
let line: ReadableStreamDefaultController<Uint8Array>;

beforeEach(() => {
  [asked, states, heard] = [[], [], []];
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  vi.stubGlobal("WebSocket", undefined);
  vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
    asked.push(url);
    expect(new Headers(init.headers).get("accept")).toBe("text/event-stream");
    return Promise.resolve(new Response(new ReadableStream({ start: (own) => void (line = own) })));
  });
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened(): Promise<void> {
  stream = new EventStream(new Api({ server: "https://calls.example", token: "t" }), {
    call: "c",
    onEvent: (event) => heard.push(event.envelope.sequence),
    onState: (state) => states.push(state),
  });
  await vi.advanceTimersByTimeAsync(0);
}

/** Text as the network brings it: in pieces that end anywhere. */
async function tell(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 7) line.enqueue(bytes.subarray(at, at + 7));
  await vi.advanceTimersByTimeAsync(0);
}

function frame(sequence: string): string {
  return `id: ${sequence}\ndata: ${JSON.stringify({ ...SAMPLE, sequence, note: "é" })}\n\n`;
}

test("without a page and without sockets, events come all the same", async () => {
  await opened();
  await tell(`${frame("000000000001")}: still here\n\n${frame("000000000002")}`);
  expect(heard).toEqual(["000000000001", "000000000002"]);
  await tell("event: end\ndata: {}\n\n");
  expect(states.map((state) => state.name)).toEqual(["connecting", "open", "ended"]);
});

test("a line that breaks off is taken up after the last event, with what was said of it", async () => {
  await opened();
  await tell(`${frame("000000000007")}: the service is stopping\n\n`);
  line.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(states.at(-1)).toEqual({ name: "waiting", retry_ms: 500, why: "the service is stopping" });
  await vi.advanceTimersByTimeAsync(500);
  expect(asked.at(-1)!.searchParams.get("after")).toBe("000000000007");
});

test("what was closed hears nothing more", async () => {
  await opened();
  stream.close();
  await tell(frame("000000000001")).catch(() => undefined);
  expect([heard, stream.state.name]).toEqual([[], "closed"]);
});
