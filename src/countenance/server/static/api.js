// Asking the API as whoever this page says it is; the session cookie of that name goes along.
import { saidOf, UNREACHED } from "./api_words.js";

export const as = document.querySelector('meta[name="countenance-as"]')?.content ?? null;

/** What the service answers when something is wrong (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    const words = saidOf(body.type);
    super(words || body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.title = body.title ?? "";
    this.fix = words ? "" : body.fix ?? "";
    // In English, where the message is in another language.
    this.detail = words ? [body.detail, body.fix].filter(Boolean).join(" ") : "";
    this.body = body;
  }
}

/** The answer to a request as JSON (null where there is none); throws Problem. */
export async function api(path, { method = "GET", body, as: name = as, headers = {}, signal } = {}) {
  const sent = { accept: "application/json", ...headers };
  if (name) sent["x-countenance-as"] = name;
  if (body !== undefined) sent["content-type"] = "application/json";
  if (method === "POST") sent["idempotency-key"] ??= crypto.randomUUID();
  let answer;
  try {
    answer = await fetch(path, {
      method, headers: sent, signal, credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new Problem(0, UNREACHED);
  }
  const text = await answer.text();
  const said = text && /json/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : null;
  if (!answer.ok) throw new Problem(answer.status, said ?? {});
  return said;
}
