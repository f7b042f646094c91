import type { paths } from "../generated/rest.ts";
import type { Answered, Asked, Method, PathOf } from "./operations.ts";
import { errorOf, unreached } from "./problem.ts";

/** A bearer credential, or what gets a fresh one; a function is asked again for every request. */
export type Token = string | (() => string | Promise<string>);

/** Who asks: by a credential, or, on the service's own pages, as one of the sessions of this browser. */
export type Credential = { readonly token: Token } | { readonly session: string };

export type ApiOptions = Credential & {
  /** Where the service is, such as `https://calls.example.org`; the page's own origin when left out. */
  readonly server?: string | undefined;
};

const SESSION = "X-Countenance-As";

interface Values {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

type Rest<V> = object extends V ? [asked?: V] : [asked: V];

/** The HTTP API, typed by its own description. Errors are ProblemError and UnreachableError. */
export class Api {
  readonly #server: string;
  readonly #credential: Credential;

  constructor(options: ApiOptions) {
    this.#server = new URL(options.server || "/", globalThis.location?.href).href;
    this.#credential = options;
  }

  get<P extends PathOf<"get">>(path: P, ...asked: Rest<Asked<paths[P]["get"]>>): Promise<Answered<paths[P]["get"]>> {
    return this.#json("get", path, asked[0]);
  }

  /** Carries an `Idempotency-Key`: what the network does twice is done once. */
  post<P extends PathOf<"post">>(
    path: P,
    ...asked: Rest<Asked<paths[P]["post"]>>
  ): Promise<Answered<paths[P]["post"]>> {
    return this.#json("post", path, asked[0]);
  }

  put<P extends PathOf<"put">>(path: P, ...asked: Rest<Asked<paths[P]["put"]>>): Promise<Answered<paths[P]["put"]>> {
    return this.#json("put", path, asked[0]);
  }

  delete<P extends PathOf<"delete">>(
    path: P,
    ...asked: Rest<Asked<paths[P]["delete"]>>
  ): Promise<Answered<paths[P]["delete"]>> {
    return this.#json("delete", path, asked[0]);
  }

  /** Any request with the credential; throws unless it succeeded. */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if ("session" in this.#credential) headers.set(SESSION, this.#credential.session);
    else headers.set("Authorization", `Bearer ${await fresh(this.#credential.token)}`);
    const asked: RequestInit = { ...init, headers, cache: "no-store", credentials: "same-origin" };
    const address = this.url(path);
    const response = await reached(fetch(address, asked), address);
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  /** The address of a path of the service; the credential goes to no other origin. */
  url(path: string): URL {
    const address = new URL(path, this.#server);
    if (address.origin !== new URL(this.#server).origin) throw new TypeError(`${address.origin} is not the service`);
    return address;
  }

  /** The credential as a subprotocol: a page can set no headers on a WebSocket. */
  async subprotocol(): Promise<string> {
    return "session" in this.#credential ? `as.${this.#credential.session}` : fresh(this.#credential.token);
  }

  async #json<T>(method: Method, path: string, asked: Values = {}): Promise<T> {
    const headers = new Headers({ Accept: "application/json" });
    if (asked.body !== undefined) headers.set("Content-Type", "application/json");
    if (method === "post") headers.set("Idempotency-Key", unguessable());
    const init: RequestInit = { method: method.toUpperCase(), headers, signal: asked.signal ?? null };
    if (asked.body !== undefined) init.body = JSON.stringify(asked.body);
    const response = await this.send(filled(path, asked.path) + queryOf(asked.query), init);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

/** `/v1/calls/{call_id}` with its values. */
export function filled(path: string, values: Readonly<Record<string, unknown>> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (values[name] === undefined) throw new TypeError(`${path} needs ${name}`);
    return encodeURIComponent(String(values[name]));
  });
}

function queryOf(values: Readonly<Record<string, unknown>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query.size === 0 ? "" : `?${query}`;
}

async function fresh(token: Token): Promise<string> {
  return typeof token === "string" ? token : await token();
}

async function reached(asking: Promise<Response>, address: URL): Promise<Response> {
  try {
    return await asking;
  } catch (fault) {
    if (fault instanceof TypeError) throw unreached(address, fault);
    throw fault;
  }
}

function unguessable(): string {
  // `crypto.randomUUID` exists in secure contexts alone.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
