import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Announcer } from "../src/elements/announcer.ts";
import { arrange, h, write } from "../src/elements/dom.ts";
import "../src/index.ts";
import { fakeSockets } from "./sockets.ts";

beforeEach(() => {
  vi.useFakeTimers();
  fakeSockets();
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function asked(): string[] {
  const found: string[] = [];
  vi.stubGlobal("fetch", (address: URL) => {
    found.push(address.pathname);
    return Promise.reject(new TypeError("Failed to fetch"));
  });
  return found;
}

test("an element that lacks something asks nobody, and begins once when it has all of it", async () => {
  const found = asked();
  const made = document.createElement("countenance-consent");
  document.body.append(made);
  await vi.advanceTimersByTimeAsync(0);
  expect(found).toEqual([]);
  Object.assign(made, { call: "c", participant: "p", token: "t", language: "de" });
  await vi.advanceTimersByTimeAsync(0);
  expect(found).toEqual(["/v1/calls/c/participants/p", "/v1/calls/c/participants/p/consent"]);
  expect(made.shadowRoot!.querySelector("[role=alert]")!.textContent).toContain("Der Dienst war nicht erreichbar.");
});

test("properties that were set before the browser knew the element count", async () => {
  const found = asked();
  const early = document.createElement("countenance-consent");
  for (const [name, value] of Object.entries({ call: "c", participant: "p", token: "t" })) {
    Object.defineProperty(early, name, { value, configurable: true, writable: true, enumerable: true });
  }
  document.body.append(early);
  await vi.advanceTimersByTimeAsync(0);
  expect(found.length).toBe(2);
  expect(early.getAttribute("call")).toBe("c");
  expect(early.hasAttribute("token")).toBe(false);
});

test("an element that is taken out of the page lets go of its line", async () => {
  asked();
  const { FakeSocket } = await import("./sockets.ts");
  const made = Object.assign(document.createElement("countenance-coach"), { call: "c", token: "t" });
  document.body.append(made);
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.last.open();
  made.remove();
  expect(FakeSocket.last.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.all.length).toBe(1);
});

test("announcements come at most every five seconds, and the last word wins", () => {
  const announcer = new Announcer();
  announcer.say("one");
  announcer.say("two");
  announcer.say("three");
  expect(announcer.node.textContent).toBe("one");
  vi.advanceTimersByTime(4_999);
  expect(announcer.node.textContent).toBe("one");
  vi.advanceTimersByTime(1);
  expect(announcer.node.textContent).toBe("three");
  vi.advanceTimersByTime(10_000);
  announcer.say("four");
  expect(announcer.node.textContent).toBe("four");
});

test("what stands where it should is not moved, and text that is the same is not written again", () => {
  const [a, b, c] = [h("li", {}, "a"), h("li", {}, "b"), h("li", {}, "c")];
  const list = h("ul", {}, a, b);
  const moved = vi.spyOn(list, "insertBefore");
  arrange(list, [a, b, c]);
  expect(moved).toHaveBeenCalledTimes(1);
  arrange(list, [c]);
  expect([...list.children]).toEqual([c]);
  const text = c.firstChild;
  write(c, "c");
  expect(c.firstChild).toBe(text);
});

test("text never becomes markup", () => {
  expect(h("p", { title: "<b>" }, "<img src=x>").children.length).toBe(0);
});
