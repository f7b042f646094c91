import type { Suggestion, PromptAction } from "../client/coaching.ts";
import type { Words } from "../words/index.ts";
import { h } from "./dom.ts";

export type Decision = Exclude<PromptAction, "seen" | "edited">;

const SEEN_MS = 1_000;
const USUAL_MS = 20_000;
/** A clock of this computer that runs late must not keep a card for long. */
const LONGEST_MS = 60_000;
export const KEYS: Readonly<Record<string, Decision>> = { a: "accepted", d: "dismissed", s: "snoozed" };

export interface OnCard {
  readonly decide: (what: Decision) => void;
  /** It was visible for a second. */
  readonly seen: () => void;
  /** Its time is over. */
  readonly over: () => void;
}

/** One suggestion, for as long as it holds. */
export class Card {
  readonly node: HTMLElement;
  readonly prompt: Suggestion;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #watching: IntersectionObserver | undefined;

  constructor(prompt: Suggestion, words: Words, on: OnCard) {
    this.prompt = prompt;
    this.node = cardView(prompt, words.coach, on.decide);
    this.#timers.push(setTimeout(on.over, Math.max(0, Card.left(prompt))));
    let waiting: ReturnType<typeof setTimeout> | undefined;
    this.#watching = new IntersectionObserver(([entry]) => {
      clearTimeout(waiting);
      if (!entry?.isIntersecting) return;
      waiting = setTimeout(() => document.hidden || on.seen(), SEEN_MS);
      this.#timers.push(waiting);
    });
    this.#watching.observe(this.node);
  }

  /** For how many milliseconds it may still be shown. */
  static left(prompt: Suggestion): number {
    return prompt.expires_at === null ? USUAL_MS : Math.min(Date.parse(prompt.expires_at) - Date.now(), LONGEST_MS);
  }

  close(): void {
    this.#timers.forEach(clearTimeout);
    this.#watching?.disconnect();
    this.node.remove();
  }
}

function cardView(prompt: Suggestion, words: Words["coach"], decide: (what: Decision) => void): HTMLElement {
  const key = (text: string, what: Decision, letter: string): HTMLElement =>
    h(
      "button",
      { type: "button", "aria-keyshortcuts": letter, part: what, onclick: () => decide(what) },
      `${text} `,
      h("kbd", { "aria-hidden": "true" }, letter),
    );
  const evidence =
    prompt.evidence !== null && h("li", {}, h("a", { href: prompt.evidence, part: "evidence" }, words.evidence));
  return h(
    "section",
    { class: "card sheet", part: "card", "aria-labelledby": "card-text" },
    h("p", { class: "soft" }, words.suggestion),
    h("p", { class: "text", id: "card-text", lang: prompt.language }, `${prompt.reason}: ${prompt.text}`),
    h(
      "details",
      {},
      h("summary", {}, words.why),
      h("ul", { class: "why" }, ...prompt.why.slice(0, 3).map((one) => h("li", {}, one.words)), evidence),
    ),
    h(
      "div",
      { class: "ways" },
      key(words.accept, "accepted", "A"),
      key(words.dismiss, "dismissed", "D"),
      key(words.snooze, "snoozed", "S"),
    ),
    h("p", { class: "soft" }, words.keys),
  );
}
