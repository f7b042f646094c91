import { h, write } from "./dom.ts";

const EVERY_MS = 5_000;

/** Says to screen readers what has changed: politely, at most once in five seconds, the last word wins. */
export class Announcer {
  readonly node = h("p", { class: "unseen", role: "status" });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: string | undefined;

  say(text: string): void {
    this.#waiting = text;
    if (this.#timer === undefined) this.#now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#waiting = undefined;
  }

  #now(): void {
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    write(this.node, this.#waiting);
    this.#waiting = undefined;
    this.#timer = setTimeout(() => this.#now(), EVERY_MS);
  }
}
