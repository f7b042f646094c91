/** Lets Countenance read what people have permitted of the calls on your mediasoup server, and nothing else. */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import { Fault } from "./fault.mjs";
import { Room } from "./room.mjs";
import { Visit } from "./visit.mjs";

export { Room } from "./room.mjs";

/** Version of what is spoken with the tap. */
export const PROTOCOL = 1;
const ALIVE_MS = 5_000;
/** A tap that said nothing for so long is gone, and what it took is given back. */
const SILENCE_MS = 20_000;
const MOST_TAPS = 100;
const LARGEST_BODY = 4096;

/**
 * @typedef {object} Options
 * @property {string} token what a tap must show; at least 16 characters
 * @property {{protocol?: "udp", ip: string, announcedAddress?: string}} listenInfo where media are sent from
 * @property {string} [path] under which the tap asks; `/countenance`
 * @property {number} [aliveMs]
 * @property {number} [silenceMs]
 */

/** One per server: give its `handle` the requests under its path, and each router to `tapRouter`. */
export function createTap(/** @type {Options} */ options) {
  return new Tap(options);
}

class Tap {
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  /** @type {Map<string, {visit: Visit, seen: number, tell: (event: object) => void, end: () => void}>} */
  #visits = new Map();

  /** @param {Options} options */
  constructor({ token, listenInfo, path = "/countenance", aliveMs = ALIVE_MS, silenceMs = SILENCE_MS }) {
    if (typeof token !== "string" || token.length < 16) throw new TypeError("`token` needs at least 16 characters");
    if (typeof listenInfo?.ip !== "string") throw new TypeError("`listenInfo.ip` says where media are sent from");
    this.#secret = digest(token);
    this.listenInfo = { protocol: "udp", ...listenInfo };
    this.path = path.replace(/\/$/, "");
    this.silenceMs = silenceMs;
    this.timer = setInterval(() => this.#lookAround(), aliveMs);
    this.timer.unref();
  }

  #secret;

  /**
   * Make a router readable as a room; best called right after the router was made.
   * @param {{router: any, room: string, who?: (producer: any) => string | null | undefined, speakers?: boolean | object}}
   *   options `who` says whose a producer is; without it that is `producer.appData.participant`. `speakers`: whether taps
   *   are told who speaks; an object holds options of mediasoup's AudioLevelObserver
   */
  tapRouter({ router, room, who = (producer) => producer.appData?.participant, speakers = false }) {
    if (this.#rooms.has(room)) throw new TypeError(`the room ${JSON.stringify(room)} is tapped already`);
    const made = new Room({ router, who });
    this.#rooms.set(room, made);
    router.observer.on("close", () => this.#rooms.delete(room));
    // Where mediasoup will not listen, nothing is known of who speaks, and everything else goes on.
    if (speakers) made.hear(speakers === true ? {} : speakers).catch((error) => process.emitWarning(error));
    return made;
  }

  /**
   * Answer a request if it is one of a tap.
   * @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response
   * @returns {boolean} whether it was
   */
  handle(request, response) {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (!pathname.startsWith(`${this.path}/`)) return false;
    this.#answer(request, response, pathname.slice(this.path.length + 1)).catch((error) => refuse(response, error));
    return true;
  }

  /** Send every tap away; the rooms go on as they were. */
  close() {
    clearInterval(this.timer);
    for (const { end } of [...this.#visits.values()]) end();
  }

  /**
   * @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response
   * @param {string} path
   */
  async #answer(request, response, path) {
    const shown = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!timingSafeEqual(digest(shown), this.#secret)) throw new Fault(401, "the token is missing or not the one");
    const [what, name, tracks, id, verb = ""] = path.split("/").map(decode);
    if (what === "rooms" && !name && request.method === "GET") return send(response, 200, { rooms: this.#listed() });
    if (what === "rooms" && name && tracks === undefined && request.method === "GET")
      return this.#enter(name, response);
    const visit = what === "taps" ? this.#visits.get(name) : undefined;
    if (!visit) throw new Fault(404, "no such room, tap or request");
    visit.seen = Date.now();
    const step = `${request.method} ${tracks ?? ""}${verb && `/${verb}`}`;
    if (step === "POST alive") return send(response, 204);
    if (step === "PUT tracks") return send(response, 201, await visit.visit.take(id, await readBody(request)));
    if (step === "POST tracks/resume") return send(response, 204, await visit.visit.resume(id));
    if (step === "POST tracks/keyframe") return send(response, 204, await visit.visit.keyFrame(id));
    if (step === "DELETE tracks") return send(response, 204, visit.visit.leave(id));
    throw new Fault(404, "no such request");
  }

  /** Every room there is, and how many producers are in it. */
  #listed() {
    return [...this.#rooms].map(([name, room]) => ({ room: name, producers: room.size }));
  }

  /** Begin a visit: what the room says is written line by line until either side ends it. */
  #enter(/** @type {string} */ name, /** @type {import("node:http").ServerResponse} */ response) {
    const room = this.#rooms.get(name);
    if (!room) throw new Fault(404, "no such room");
    if (this.#visits.size >= MOST_TAPS) throw new Fault(503, "too many taps");
    const id = randomBytes(16).toString("hex");
    const visit = new Visit(room, this.listenInfo);
    const tell = (/** @type {object} */ event) => response.write(`${JSON.stringify(event)}\n`);
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    tell({ tap: id, protocol: PROTOCOL });
    const end = () => {
      stop();
      this.#visits.delete(id);
      visit.close();
      response.end();
    };
    const stop = room.follow((event) => {
      tell(event);
      if ("closed" in event) queueMicrotask(end);
    });
    this.#visits.set(id, { visit, seen: Date.now(), tell, end });
    response.on("close", end);
  }

  /** Each side tells the other that it lives, and takes silence for the end. */
  #lookAround() {
    for (const { seen, tell, end } of [...this.#visits.values()])
      if (Date.now() - seen > this.silenceMs) end();
      else tell({ alive: true });
  }
}

function decode(/** @type {string} */ part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Fault(400, "the path is not valid");
  }
}

function digest(/** @type {string} */ text) {
  return createHash("sha256").update(text).digest();
}

/** @param {import("node:http").IncomingMessage} request @returns {Promise<unknown>} */
async function readBody(request) {
  let text = "";
  for await (const piece of request) {
    text += piece;
    if (text.length > LARGEST_BODY) throw new Fault(413, "the body is too large");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault(400, "the body is not JSON");
  }
}

/** @param {import("node:http").ServerResponse} response @param {number} status @param {object | void} [body] */
function send(response, status, body) {
  if (body === undefined) return void response.writeHead(status).end();
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** @param {import("node:http").ServerResponse} response @param {unknown} error */
function refuse(response, error) {
  const status = error instanceof Fault ? error.status : 502;
  const problem = error instanceof Fault ? error.message : `mediasoup refuses: ${error}`;
  if (response.headersSent) return void response.end();
  send(response, status, { problem });
}
