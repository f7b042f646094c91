import { Coaching, type CoachingNow, type Suggestion } from "../client/coaching.ts";
import type { Words } from "../words/index.ts";
import { Card, type Decision, KEYS } from "./card.ts";
import { h, write } from "./dom.ts";

export interface Listening {
  /** A suggestion is shown. */
  readonly shown: (prompt: Suggestion) => void;
  readonly decided: (prompt: Suggestion, what: Decision) => void;
  readonly failed: (fault: unknown) => void;
  /** Where the focus goes when the card that held it is gone. */
  readonly home: () => HTMLElement;
}

/** The place of the one suggestion: at most one, never past its time, and what is left of the budget. */
export class Suggesting {
  readonly slot = h("div");
  readonly budget = h("p", { class: "soft", part: "budget", hidden: true });
  readonly #coaching: Coaching;
  readonly #words: Words;
  readonly #listening: Listening;
  #card: Card | undefined;

  constructor(coaching: Coaching, words: Words, listening: Listening) {
    this.#coaching = coaching;
    this.#words = words;
    this.#listening = listening;
  }

  /** How things stand, as the service says when it is asked. */
  stands(now: CoachingNow): void {
    this.#left(now.budget?.left);
    if (now.quiet) write(this.budget, this.#words.coach.quiet);
    if (now.prompt) this.suggest(now.prompt);
  }

  suggest(prompt: Suggestion): void {
    if (Card.left(prompt) <= 0 || this.#card?.prompt.prompt_id === prompt.prompt_id) return;
    this.close();
    const { prompt_id } = prompt;
    this.#card = new Card(prompt, this.#words, {
      decide: (what) => void this.#decide(what),
      // That it was seen is worth knowing and not worth a complaint.
      seen: () => void this.#coaching.act(prompt_id, "seen").catch(() => undefined),
      over: () => this.close(),
    });
    this.slot.replaceChildren(this.#card.node);
    this.#left(prompt.budget_left);
    this.#listening.shown(prompt);
  }

  /** Its fate is known, perhaps from another page of the same coach. */
  resolved(prompt_id: string): void {
    if (this.#card?.prompt.prompt_id === prompt_id) this.close();
  }

  close(): void {
    const card = this.#card;
    if (card === undefined) return;
    const held = card.node.contains((card.node.getRootNode() as ShadowRoot).activeElement);
    this.#card = undefined;
    card.close();
    if (held) this.#listening.home().focus();
  }

  /** A, D and S, while the panel has the focus; WCAG 2.1.4 asks for that of keys that are letters. */
  key(event: KeyboardEvent): void {
    const what = KEYS[event.key.toLowerCase()];
    if (what === undefined || event.ctrlKey || event.metaKey || event.altKey || this.#card === undefined) return;
    event.preventDefault();
    void this.#decide(what);
  }

  async #decide(what: Decision): Promise<void> {
    const prompt = this.#card?.prompt;
    if (prompt === undefined) return;
    this.close();
    this.#listening.decided(prompt, what);
    try {
      await this.#coaching.act(prompt.prompt_id, what);
    } catch (fault) {
      this.#listening.failed(fault);
    }
  }

  #left(count: number | undefined): void {
    this.budget.hidden = count === undefined;
    if (count !== undefined) write(this.budget, this.#words.coach.left(count));
  }
}
