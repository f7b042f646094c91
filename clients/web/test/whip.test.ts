import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "../src/client/api.ts";
import { ProblemError, UnreachableError } from "../src/client/problem.ts";
import { wait } from "../src/publish/retrying.ts";
import { Publisher } from "../src/publish/whip.ts";

const BUSY = { type: "/problems/overloaded", title: "Busy", status: 503, detail: "no worker", fix: "Try again." };
const GONE = { type: "/problems/media-unreadable", title: "No", status: 409, detail: "it cannot be read", fix: "End." };
const PROBLEM = "application/problem+json";

/** A connection that never finds a path: what is tested is the offer. */
class Connection {
  readonly closed = vi.fn();
  connectionState = "new";
  localDescription = { sdp: "" };
  addTransceiver = vi.fn();
  getTransceivers = (): never[] => [];
  createOffer = (): Promise<object> => Promise.resolve({ type: "offer", sdp: "v=0" });
  setLocalDescription = (): Promise<void> => Promise.resolve();
  setRemoteDescription = (): Promise<void> => Promise.resolve();
  close(): void {
    this.closed();
  }
}

let asked: number[] = [];

/** A service that answers these one after another, the last of them for ever. */
function answering(...answers: (() => Response)[]): Api {
  vi.stubGlobal("fetch", () => {
    asked.push(Date.now());
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1]!());
  });
  return new Api({ server: "https://calls.example", token: "t" });
}

function refusing(problem: object, headers: Record<string, string> = {}): () => Response {
  const status = (problem as { status: number }).status;
  return () => new Response(JSON.stringify(problem), { status, headers: { "Content-Type": PROBLEM, ...headers } });
}

const accepted = (): Response => new Response("v=0", { status: 201, headers: { Location: "/whip/s_1", ETag: "e" } });

function begun(api: Api): Promise<Publisher> {
  const stream = { getTracks: () => [{ kind: "video" }] } as unknown as MediaStream;
  return Publisher.begin(api, { call: "c", participant: "p", stream, follow: false });
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  asked = [];
  vi.stubGlobal("RTCPeerConnection", Connection);
  vi.stubGlobal("MediaStream", class {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a service between two workers is asked again when it says", async () => {
  const publisher = begun(answering(refusing(BUSY, { "Retry-After": "3" }), refusing(BUSY), accepted));
  await vi.runAllTimersAsync();
  expect((await publisher).state).toBe("connecting");
  expect(asked).toEqual([0, 3000, 4000]);
});

test("one that stays busy is given up after ten seconds, with what it said", async () => {
  const publisher = begun(answering(refusing(BUSY))).catch((fault: unknown) => fault);
  await vi.runAllTimersAsync();
  expect(await publisher).toBeInstanceOf(ProblemError);
  expect(asked).toEqual([0, 500, 1500, 3500, 7500]);
});

test("a wait that is longer than anybody waits is not begun", async () => {
  const publisher = begun(answering(refusing(BUSY, { "Retry-After": "3600" }))).catch((fault: unknown) => fault);
  await vi.runAllTimersAsync();
  expect(await publisher).toBeInstanceOf(ProblemError);
  expect(asked).toEqual([0]);
});

test("a refusal that will stand, and a service that is none, are said at once", async () => {
  await expect(begun(answering(refusing(GONE)))).rejects.toThrow("it cannot be read");
  await expect(begun(answering(() => new Response("", { status: 502 })))).rejects.toThrow(UnreachableError);
  expect(asked).toEqual([0, 0]);
});

test("a day and time to come back at is understood, and what is neither is left alone", async () => {
  const at = new Date(60_000).toUTCString();
  for (const [said, ms] of [
    [at, 60_000],
    ["soon", 500],
  ] as const) {
    const fault: unknown = await answering(refusing(BUSY, { "Retry-After": said }))
      .send("/x")
      .catch((one: unknown) => one);
    expect(wait(0, fault)).toBe(ms);
  }
});
