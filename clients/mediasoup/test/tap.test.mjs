/** What a tap is told, what it may take, and that it leaves nothing behind. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { test } from "node:test";

import { createTap } from "../src/index.mjs";
import { FakeRouter } from "./fake.mjs";

const TOKEN = "a token of some length";
const WHERE = { ip: "127.0.0.1", port: 5004, key: Buffer.alloc(30, 1).toString("base64") };

/** A server with one room, and what a tap would do; everything is closed when the test ends. */
async function serving(/** @type {import("node:test").TestContext} */ context, options = {}, more = {}) {
  const router = new FakeRouter();
  const tap = createTap({ token: TOKEN, listenInfo: { ip: "127.0.0.1" }, ...options });
  const room = tap.tapRouter({ router, room: "lesson 42", ...more });
  const server = createServer((request, response) => {
    if (!tap.handle(request, response)) response.writeHead(418).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const leaving = new AbortController();
  context.after(() => {
    leaving.abort();
    tap.close();
    server.close();
    server.closeAllConnections();
  });
  const ask = (/** @type {string} */ path, init = {}, token = TOKEN) =>
    fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
  return { router, tap, room, ask, leaving };
}

/** @param {Awaited<ReturnType<typeof serving>>} server */
async function entering({ ask, leaving }, room = "lesson%2042") {
  const response = await ask(`/countenance/rooms/${room}`, { signal: leaving.signal });
  assert.equal(response.status, 200);
  const body = Readable.fromWeb(/** @type {any} */ (response.body));
  body.on("error", () => undefined);
  const lines = createInterface({ input: body })[Symbol.asyncIterator]();
  const listed = async () => {
    while (!("all" in (await next())));
  };
  const next = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
  };
  const hello = await next();
  assert.equal(hello.protocol, 1);
  const base = `/countenance/taps/${hello.tap}`;
  const take = (/** @type {string} */ id, body = {}) =>
    ask(`${base}/tracks/${id}`, { method: "PUT", body: JSON.stringify({ ...WHERE, ...body }) });
  const post = (/** @type {string} */ rest) => ask(`${base}/${rest}`, { method: "POST" });
  const leave = (/** @type {string} */ id) => ask(`${base}/tracks/${id}`, { method: "DELETE" });
  return { next, listed, take, post, leave };
}

test("a tap hears who publishes what, and of every change", async (context) => {
  const server = await serving(context);
  const kim = server.router.join();
  server.router.produce(kim, { id: "p1", appData: { participant: "kim" }, encodings: [{}, {}, {}] });
  const tap = await entering(server);
  const first = { id: "p1", participant: "kim", kind: "video", codec: "video/VP8", layered: true, paused: false };
  assert.deepEqual(await tap.next(), { producer: first });
  assert.deepEqual(await tap.next(), { all: 1 });
  const sound = server.router.produce(kim, { id: "p2", kind: "audio", mimeType: "audio/opus" });
  const second = { id: "p2", participant: null, kind: "audio", codec: "audio/opus", layered: false, paused: false };
  assert.deepEqual(await tap.next(), { producer: second });
  sound.observer.emit("pause");
  assert.deepEqual(await tap.next(), { paused: "p2" });
  sound.observer.emit("resume");
  assert.deepEqual(await tap.next(), { resumed: "p2" });
  sound.close();
  assert.deepEqual(await tap.next(), { gone: "p2" });
  server.router.close();
  assert.deepEqual(await tap.next(), { closed: true });
  assert.equal(await tap.next(), undefined);
});

const LEVELS = [{ uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", id: 1 }];
const VOICE = { kind: "audio", mimeType: "audio/opus", headerExtensions: LEVELS };

test("where the server allows it a tap hears who speaks, and of nobody whose packets do not say how loud they are", async (context) => {
  const server = await serving(context, {}, { speakers: { threshold: -40 } });
  const transport = server.router.join();
  const kim = server.router.produce(transport, { id: "kim", ...VOICE });
  server.router.produce(transport, { id: "mute", ...VOICE, headerExtensions: [] });
  server.router.produce(transport, { id: "seen", headerExtensions: LEVELS });
  const levels = /** @type {import("./fake.mjs").FakeObserver} */ (server.router.levels);
  assert.deepEqual(levels.options, { maxEntries: 100, threshold: -40, interval: 500 });
  const tap = await entering(server);
  await tap.listed();
  assert.deepEqual(await tap.next(), { speakers: { heard: ["kim"], loud: [] } });
  levels.hears("kim");
  levels.hears("kim");
  assert.deepEqual(await tap.next(), { speakers: { heard: ["kim"], loud: ["kim"] } });
  levels.hears();
  assert.deepEqual(await tap.next(), { speakers: { heard: ["kim"], loud: [] } });
  levels.hears("kim");
  assert.deepEqual(await tap.next(), { speakers: { heard: ["kim"], loud: ["kim"] } });
  kim.close();
  assert.deepEqual(await tap.next(), { gone: "kim" });
  assert.deepEqual(await tap.next(), { speakers: { heard: [], loud: [] } });
});

test("who speaks is told by nobody who was not asked to, and a router that cannot tell it serves on", async (context) => {
  const silent = await serving(context);
  silent.router.produce(silent.router.join(), { id: "kim", ...VOICE });
  assert.equal(silent.router.levels, null);
  const tap = await entering(silent);
  await tap.listed();
  silent.router.close();
  assert.deepEqual(await tap.next(), { closed: true });
  const warned = once(process, "warning");
  const broken = new FakeRouter();
  broken.createAudioLevelObserver = () => Promise.reject(new Error("no such request"));
  silent.tap.tapRouter({ router: broken, room: "broken", speakers: true });
  assert.match(String(await warned), /no such request/);
});

test("a producer is announced once, however it was found", async (context) => {
  const server = await serving(context);
  const transport = { observer: server.router.join().observer };
  server.room.watch(transport);
  const producer = server.router.produce(transport, { id: "p1" });
  server.room.add(producer);
  const tap = await entering(server);
  assert.equal((await tap.next()).producer.id, "p1");
  assert.deepEqual(await tap.next(), { all: 1 });
  producer.close();
  assert.deepEqual(await tap.next(), { gone: "p1" });
});

test("every room is listed to whoever has the token, and none is entered for it", async (context) => {
  const { router, ask } = await serving(context);
  router.produce(router.join(), { id: "p1" });
  const answer = await ask("/countenance/rooms");
  assert.deepEqual(await answer.json(), { rooms: [{ room: "lesson 42", producers: 1 }] });
  assert.equal((await ask("/countenance/rooms", {}, "another token, just as long")).status, 401);
  assert.equal((await ask("/countenance/rooms", { method: "POST" })).status, 404);
});

test("nothing is consumed before it is asked for, and nothing flows before the reader is ready", async (context) => {
  const server = await serving(context);
  const kim = server.router.join();
  server.router.produce(kim, { id: "p1", encodings: [{}, {}] });
  server.router.produce(kim, { id: "p2" });
  const tap = await entering(server);
  assert.equal(server.router.plain.length, 0);
  const taken = await tap.take("p1");
  assert.equal(taken.status, 201);
  const [transport] = server.router.plain;
  assert.equal(server.router.plain.length, 1);
  assert.equal(transport.options.enableSrtp, true);
  assert.deepEqual([transport.remote.ip, transport.remote.port], [WHERE.ip, WHERE.port]);
  assert.equal(transport.remote.srtpParameters.keyBase64, WHERE.key);
  assert.equal(transport.consumer?.options.paused, true);
  assert.deepEqual(transport.consumer?.asked, ["layers 0 0"]);
  assert.deepEqual(await taken.json(), {
    codec: { mimeType: "video/VP8", payloadType: 101, clockRate: 90000, channels: 1 },
    ssrc: 42000,
    from: { ip: "127.0.0.1", port: 41000 },
    key: transport.srtpParameters.keyBase64,
  });
  assert.equal((await tap.post("tracks/p1/resume")).status, 204);
  assert.equal((await tap.post("tracks/p1/keyframe")).status, 204);
  assert.deepEqual(transport.consumer?.asked, ["layers 0 0", "resume", "keyframe", "keyframe"]);
});

test("only codecs that are read are asked for, without retransmission or header extensions", async (context) => {
  const server = await serving(context);
  const kim = server.router.join();
  server.router.produce(kim, { id: "p1" });
  server.router.produce(kim, { id: "p9", mimeType: "video/VP9" });
  const tap = await entering(server);
  await tap.take("p1");
  const { codecs, headerExtensions } = server.router.plain[0].consumer?.options.rtpCapabilities;
  assert.deepEqual(
    codecs.map((/** @type {any} */ codec) => codec.mimeType),
    ["audio/opus", "video/VP8", "video/H264"],
  );
  assert.deepEqual(headerExtensions, []);
  const refused = await tap.take("p9");
  assert.equal(refused.status, 415);
  assert.match((await refused.json()).problem, /VP9/);
});

test("a track that is left is closed at once, and may be taken again", async (context) => {
  const server = await serving(context);
  server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  await tap.take("p1");
  assert.equal((await tap.take("p1")).status, 409);
  assert.equal((await tap.leave("p1")).status, 204);
  assert.equal(server.router.plain[0].closed, true);
  assert.equal((await tap.leave("p1")).status, 204);
  assert.equal((await tap.post("tracks/p1/resume")).status, 404);
  assert.equal((await tap.take("p1")).status, 201);
  assert.equal(server.router.plain[1].closed, false);
});

test("a producer that ends gives its transport back", async (context) => {
  const server = await serving(context);
  const producer = server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  await tap.take("p1");
  producer.close();
  assert.equal(server.router.plain[0].closed, true);
  assert.equal((await tap.take("p1")).status, 404);
});

test("two requests for one track at once give one transport", async (context) => {
  const server = await serving(context);
  server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  const answers = await Promise.all([tap.take("p1"), tap.take("p1"), tap.take("p1")]);
  assert.deepEqual(answers.map((one) => one.status).sort(), [201, 409, 409]);
  assert.equal(server.router.plain.length, 1);
});

test("a tap whose line breaks leaves nothing behind, and the room goes on", async (context) => {
  const server = await serving(context);
  server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  await tap.take("p1");
  const closed = once(/** @type {any} */ (server.router.plain[0].consumer).observer, "close");
  server.leaving.abort();
  await closed;
  assert.equal(server.router.plain[0].closed, true);
  assert.equal(server.router.producers.get("p1").closed, false);
});

test("a tap that says nothing any more is sent away; one that says it lives is not", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const server = await serving(context, { aliveMs: 1000, silenceMs: 2500 });
  server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  await tap.take("p1");
  context.mock.timers.tick(2000);
  await tap.listed();
  assert.deepEqual(await tap.next(), { alive: true });
  assert.equal((await tap.post("alive")).status, 204);
  context.mock.timers.tick(2000);
  assert.equal(server.router.plain[0].closed, false);
  context.mock.timers.tick(1000);
  assert.equal(server.router.plain[0].closed, true);
});

test("nobody enters without the token, and nothing is told to them", async (context) => {
  const { ask } = await serving(context);
  for (const path of ["/countenance/rooms/lesson%2042", "/countenance/rooms/none", "/countenance/taps/x/alive"])
    for (const token of ["", "another token of it", `${TOKEN} `.repeat(2)]) {
      const refused = await ask(path, {}, token);
      assert.equal(refused.status, 401);
      assert.deepEqual(Object.keys(await refused.json()), ["problem"]);
    }
});

test("a request that makes no sense is answered with what is wrong", async (context) => {
  const server = await serving(context);
  server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  const wrong = [
    { ip: "example.org" },
    { ip: 7 },
    { port: 0 },
    { port: 70000 },
    { port: "5" },
    { key: "short" },
    { key: null },
  ];
  for (const body of wrong) assert.equal((await tap.take("p1", body)).status, 400);
  assert.equal((await tap.take("p7")).status, 404);
  assert.equal((await tap.take("p1", { more: "x".repeat(5000) })).status, 413);
  assert.equal((await tap.post("tracks/p1/dance")).status, 404);
  assert.equal((await tap.post("tracks")).status, 404);
  assert.equal((await server.ask("/countenance/rooms/%E0%A4%A")).status, 400);
  assert.equal((await server.ask("/countenance/rooms/other")).status, 404);
  assert.equal((await server.ask("/elsewhere")).status, 418);
  assert.equal(server.router.plain.length, 0);
});

test("what mediasoup refuses is said, and its transport given back", async (context) => {
  const server = await serving(context);
  const producer = server.router.produce(server.router.join(), { id: "p1" });
  const tap = await entering(server);
  const { createPlainTransport } = server.router;
  server.router.createPlainTransport = async function (options) {
    const transport = await createPlainTransport.call(this, options);
    transport.consume = () => Promise.reject(new Error("no port left"));
    return transport;
  };
  const refused = await tap.take("p1");
  assert.equal(refused.status, 502);
  assert.match((await refused.json()).problem, /no port left/);
  assert.equal(server.router.plain[0].closed, true);
  assert.equal(producer.closed, false);
});

test("a tap needs a real token and an address, and a room one router", () => {
  assert.throws(() => createTap({ token: "short", listenInfo: { ip: "127.0.0.1" } }), /16 characters/);
  assert.throws(() => createTap(/** @type {any} */ ({ token: TOKEN })), /listenInfo/);
  const tap = createTap({ token: TOKEN, listenInfo: { ip: "127.0.0.1" } });
  tap.tapRouter({ router: new FakeRouter(), room: "one" });
  assert.throws(() => tap.tapRouter({ router: new FakeRouter(), room: "one" }), /already/);
  tap.close();
});
