import { afterEach, expect, test, vi } from "vitest";
import { Api, filled } from "../src/client/api.ts";
import { ProblemError, UnreachableError } from "../src/client/problem.ts";

const PROBLEM = {
  type: "/problems/policy-refused",
  title: "Refused",
  status: 403,
  detail: "the law refuses it",
  instance: "/x",
  correlation_id: "c",
  docs: "/d",
  fix: "Ask nobody.",
};

afterEach(() => vi.unstubAllGlobals());

/** What was asked, and a service that answers the same to everything. */
function answering(body: unknown, init: ResponseInit = {}): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (address: URL, request: RequestInit) => {
    asked.push(new Request(address, request));
    return Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), init));
  });
  return asked;
}

test("a request carries the credential, its values and a key of its own", async () => {
  const asked = answering({ receipt_id: "r" }, { status: 201 });
  const api = new Api({ server: "https://calls.example", token: () => Promise.resolve("t") });
  const path = { call_id: "a/b", participant_id: "p" };
  const body = { modality: "face", status: "refused" } as const;
  const answer = await api.post("/v1/calls/{call_id}/participants/{participant_id}/consent", { path, body });
  await api.post("/v1/calls/{call_id}/participants/{participant_id}/consent", { path, body });
  expect(answer.receipt_id).toBe("r");
  const [first, second] = asked.map((one) => one.headers.get("Idempotency-Key"));
  expect(asked[0]!.url).toBe("https://calls.example/v1/calls/a%2Fb/participants/p/consent");
  expect(asked[0]!.headers.get("Authorization")).toBe("Bearer t");
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(second).not.toBe(first);
  expect(await asked[0]!.json()).toEqual(body);
});

test("a query takes lists and leaves out what is not set", async () => {
  const asked = answering([]);
  const api = new Api({ server: "https://calls.example", token: "t" });
  const path = { call_id: "c", participant_id: "p" };
  await api.delete("/v1/calls/{call_id}/participants/{participant_id}/consent", {
    path,
    query: { modality: ["face", "text"] },
  });
  await api.get("/v1/calls/{call_id}/participants/{participant_id}/notice", { path, query: {} });
  expect(new URL(asked[0]!.url).search).toBe("?modality=face&modality=text");
  expect(new URL(asked[1]!.url).search).toBe("");
});

test("an empty answer is nothing", async () => {
  answering(undefined, { status: 204 });
  const api = new Api({ server: "https://calls.example", token: "t" });
  const path = { call_id: "c", participant_id: "p" };
  expect(await api.delete("/v1/calls/{call_id}/participants/{participant_id}", { path })).toBeUndefined();
});

test("a problem says what is wrong and what to do next", async () => {
  answering(PROBLEM, { status: 403, headers: { "content-type": "application/problem+json" } });
  const api = new Api({ server: "https://calls.example", token: "t" });
  const error = await api.get("/v1/calls").catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(ProblemError);
  expect((error as ProblemError).slug).toBe("policy-refused");
  expect((error as ProblemError).message).toBe("the law refuses it. Ask nobody.");
});

test("an answer of something else, and none at all, are not problems of the service", async () => {
  const api = new Api({ server: "https://calls.example", token: "t" });
  answering("<html>", { status: 502 });
  await expect(api.get("/v1/calls")).rejects.toBeInstanceOf(UnreachableError);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(api.get("/v1/calls")).rejects.toBeInstanceOf(UnreachableError);
});

test("the credential goes to no other origin", async () => {
  const asked = answering({});
  const api = new Api({ server: "https://calls.example", token: "t" });
  await expect(api.send("https://elsewhere.example/v1")).rejects.toThrow("is not the service");
  await expect(api.send("//elsewhere.example/v1")).rejects.toThrow("is not the service");
  expect(asked).toEqual([]);
});

test("a path without a value is a mistake of the program", () => {
  expect(() => filled("/v1/calls/{call_id}", {})).toThrow("needs call_id");
});
