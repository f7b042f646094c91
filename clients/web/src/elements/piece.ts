import { Api, type Credential, type Token } from "../client/api.ts";
import { DIRECTION, type Language, languageOf, type Words, wordsOf } from "../words/index.ts";
import { type Child, h, sheet } from "./dom.ts";
import { BASE } from "./look.ts";

// A page may be rendered where there is no document; it must still be able to import this.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);
let shared: CSSStyleSheet | undefined;

/**
 * What the elements have in common: where the service is, whose call, in which language, and a life between being put
 * into a page and taken out of it. Everything may be set as attribute or property, the token as property alone.
 */
export abstract class Piece extends Base {
  static readonly observedAttributes: readonly string[] = ["server", "call", "participant", "language", "session"];
  protected readonly root: ShadowRoot;
  #token: Token | undefined;
  #running: AbortController | undefined;
  #due = false;

  constructor(css: string) {
    super();
    this.root = this.attachShadow({ mode: "open" });
    shared ??= sheet(BASE);
    this.root.adoptedStyleSheets = [shared, sheet(css)];
  }

  get server(): string {
    return this.getAttribute("server") ?? "";
  }
  set server(value: string) {
    this.setAttribute("server", value);
  }
  get call(): string {
    return this.getAttribute("call") ?? "";
  }
  set call(value: string) {
    this.setAttribute("call", value);
  }
  get participant(): string {
    return this.getAttribute("participant") ?? "";
  }
  set participant(value: string) {
    this.setAttribute("participant", value);
  }
  /** `en`, `de`, `es` or `fr`; that of the page, else of the browser, when not set. */
  get language(): Language {
    const around = this.closest<HTMLElement>("[lang]")?.lang;
    return languageOf(this.getAttribute("language"), around, ...(navigator.languages ?? []));
  }
  set language(value: string) {
    this.setAttribute("language", value);
  }
  /** On the service's own pages: as whom this page asks. */
  get session(): string {
    return this.getAttribute("session") ?? "";
  }
  set session(value: string) {
    this.setAttribute("session", value);
  }
  set token(value: Token) {
    this.#token = value;
    this.#renew();
  }

  connectedCallback(): void {
    // What was set before the browser knew the element hides what stands in its class.
    for (const name of ["server", "call", "participant", "language", "session", "token"] as const) {
      const early = Object.getOwnPropertyDescriptor(this, name);
      if (early === undefined) continue;
      delete (this as Record<string, unknown>)[name];
      (this as Record<string, unknown>)[name] = early.value;
    }
    this.#renew();
  }

  disconnectedCallback(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.#renew();
  }

  /** Begin, with all that is needed; `over` says when it ends. */
  protected abstract start(api: Api, over: AbortSignal): void;

  /** Whether all that this element needs has been set. */
  protected get ready(): boolean {
    return this.call !== "" && this.participant !== "";
  }

  protected get words(): Words {
    return wordsOf(this.language);
  }

  /** The outermost part: what stands in it is in the language of this element, not in that of the page. */
  protected frame(name: string, ...children: Child[]): HTMLElement {
    return h("div", { class: name, part: name, lang: this.language, dir: DIRECTION }, ...children);
  }

  /** What this is, always in sight, and where it is told at length. */
  protected reminder(api: Api): HTMLElement {
    const link = h(
      "a",
      { href: api.url("/how-to-read").href, target: "_blank", rel: "noopener" },
      this.words.howToRead,
    );
    return h("p", { class: "soft", part: "reminder" }, this.words.notFeelings, " ", link);
  }

  /** An event for the page: `tell("answered")` is `countenance-answered`. */
  protected tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(`countenance-${name}`, { detail, bubbles: true, composed: true }));
  }

  #credential(): Credential | undefined {
    if (this.#token !== undefined) return { token: this.#token };
    return this.session === "" ? undefined : { session: this.session };
  }

  /** Once, after everything that is set in one go. */
  #renew(): void {
    if (this.#due || !this.isConnected) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#running?.abort();
      this.#running = undefined;
      const credential = this.#credential();
      if (!this.isConnected || credential === undefined || !this.ready) return;
      this.#running = new AbortController();
      this.start(new Api({ server: this.server, ...credential }), this.#running.signal);
    });
  }
}

/** Make an element known to the page, once. */
export function define(name: string, piece: CustomElementConstructor): void {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, piece);
}
