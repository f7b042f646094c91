import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "../src/client/api.ts";
import type { CallEvent } from "../src/client/events.ts";
import { EventStream, type StreamState } from "../src/client/stream.ts";
import { fakeSockets, FakeSocket } from "./sockets.ts";

const SAMPLE = "io.countenance.signal.sample.v1";
let events: CallEvent[];
let states: StreamState[];
let stream: EventStream;
let probe: () => Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  fakeSockets();
  events = [];
  states = [];
  probe = () => Promise.reject(new TypeError("Failed to fetch"));
  vi.stubGlobal("fetch", () => probe());
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function opened(more: object = {}): Promise<FakeSocket> {
  const api = new Api({ server: "https://calls.example", token: "t" });
  stream = new EventStream(api, {
    call: "c",
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    ...more,
  });
  await settled();
  FakeSocket.last.open();
  return FakeSocket.last;
}

function settled(ms = 0): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(ms);
}

function named(): string[] {
  return states.map((state) => state.name);
}

test("it asks for what it was told to, with the credential as second subprotocol", async () => {
  const socket = await opened({ after: "000000000007", types: ["engagement_low"], samples: true });
  expect(socket.url.href).toBe(
    "wss://calls.example/v1/calls/c/events?after=000000000007&types=engagement_low&samples=true",
  );
  expect(socket.protocols).toEqual(["cloudevents.json", "t"]);
  expect(named()).toEqual(["connecting", "open"]);
});

test("events are told apart, and one that is not known is no error", async () => {
  const socket = await opened();
  socket.tell(SAMPLE, "1");
  socket.tell("io.countenance.signal.engagement_low.started.v1", "2");
  socket.tell("io.countenance.consent.changed.v1", "3");
  socket.tell("io.countenance.of.tomorrow.v2", "4");
  socket.tell("io.countenance.media.lost.v1", "5");
  expect(events.map((event) => event.kind)).toEqual(["sample", "started", "consent", "other", "lost"]);
  expect(events[1]).toMatchObject({ name: "engagement_low" });
  expect(stream.last).toBe("5");
});

test("a line that breaks is taken up after the last event, later each time until something is heard", async () => {
  (await opened()).tell(SAMPLE, "000000000005");
  FakeSocket.last.end(1006);
  expect(states.at(-1)).toMatchObject({ name: "waiting", retry_ms: 500 });
  await settled(500);
  expect(FakeSocket.last.url.searchParams.get("after")).toBe("000000000005");
  FakeSocket.last.open();
  FakeSocket.last.end(1013, "too slow");
  expect(states.at(-1)).toMatchObject({ name: "waiting", retry_ms: 1000, why: "too slow" });
  await settled(1000);
  FakeSocket.last.open();
  FakeSocket.last.tell(SAMPLE, "000000000006");
  FakeSocket.last.end(1012);
  expect(states.at(-1)).toMatchObject({ retry_ms: 500 });
});

test("it never waits longer than a quarter of a minute", async () => {
  await opened();
  for (let n = 0; n < 12; n++) {
    FakeSocket.last.end(1006);
    await settled(15_000);
  }
  expect(Math.max(...states.map((state) => (state.name === "waiting" ? state.retry_ms : 0)))).toBe(15_000);
});

test("the end of the call is the end", async () => {
  (await opened()).end(1000);
  expect(stream.state.name).toBe("ended");
  await settled(60_000);
  expect(FakeSocket.all.length).toBe(1);
});

test("a refusal says why, and is not tried again", async () => {
  const problem = { type: "/problems/reviewer-required", status: 403, detail: "no", fix: "Ask a coach." };
  const headers = { "content-type": "application/problem+json" };
  probe = () => Promise.resolve(new Response(JSON.stringify(problem), { status: 403, headers }));
  const api = new Api({ server: "https://calls.example", token: "t" });
  stream = new EventStream(api, { call: "c", onEvent: () => {}, onState: (state) => states.push(state) });
  await settled();
  FakeSocket.last.end(1006);
  await settled(60_000);
  expect(states.at(-1)).toMatchObject({ name: "refused", error: { problem: { detail: "no" } } });
  expect(FakeSocket.all.length).toBe(1);
});

test("a service that is not there is waited for", async () => {
  const api = new Api({ server: "https://calls.example", token: "t" });
  stream = new EventStream(api, { call: "c", onEvent: () => {} });
  await settled();
  FakeSocket.last.end(1006);
  await settled(500);
  expect(FakeSocket.all.length).toBe(2);
});

test("a tab in the background goes on hearing", async () => {
  const socket = await opened();
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  document.dispatchEvent(new Event("visibilitychange"));
  socket.tell(SAMPLE, "1");
  expect(events.length).toBe(1);
  expect(stream.state.name).toBe("open");
});

test("a page that is left says so, and takes up where it was when the browser brings it back", async () => {
  (await opened()).tell(SAMPLE, "000000000009");
  dispatchEvent(new Event("pagehide"));
  expect(stream.state.name).toBe("away");
  expect(FakeSocket.last.closed).toBe(true);
  await settled(60_000);
  expect(FakeSocket.all.length).toBe(1);
  dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await settled();
  expect(FakeSocket.last.url.searchParams.get("after")).toBe("000000000009");
});

test("when the network is back, nothing is waited for", async () => {
  (await opened()).end(1006);
  dispatchEvent(new Event("online"));
  await settled();
  expect(FakeSocket.all.length).toBe(2);
});

test("what was closed stays closed", async () => {
  await opened();
  stream.close();
  dispatchEvent(new Event("online"));
  await settled(60_000);
  expect(named()).toEqual(["connecting", "open", "closed"]);
});
