import { certainty, modalityWord, only, reason, said, type Sample, senses, type Use } from "../reading/estimate.ts";
import type { Language, Words } from "../words/index.ts";
import { h, write } from "./dom.ts";

/** One person as others see them: word, band, and what is read of them. */
export class PersonView {
  readonly node: HTMLElement;
  readonly #words: Words;
  readonly #language: Language;
  readonly #word = h("p", { class: "word", part: "word" });
  readonly #only = h("p", { class: "soft", hidden: true });
  readonly #range = h("span", { class: "range" });
  readonly #mark = h("span", { class: "mark" });
  readonly #band = h("div", { class: "band", part: "band", role: "img", hidden: true }, this.#range, this.#mark);
  readonly #chips = h("ul", { class: "chips" });
  readonly #name = h("h2", { class: "name" });

  constructor(words: Words, language: Language) {
    this.#words = words;
    this.#language = language;
    this.node = h(
      "li",
      { class: "person", part: "person" },
      this.#name,
      this.#word,
      this.#only,
      this.#band,
      this.#chips,
    );
  }

  named(name: string): void {
    write(this.#name, name);
  }

  /** Nothing is read of them, by law or by their own choice. */
  unread(why: string): string {
    write(this.#word, why);
    this.#word.classList.add("unsure");
    this.#band.hidden = this.#only.hidden = true;
    this.#chips.replaceChildren();
    return why;
  }

  /** What was read of them last; what it says, in words. `stale`: nothing new has come since. */
  shown(sample: Sample, stale: boolean): string {
    const words = this.#words;
    const text = stale ? words.reading.because(words.reading.stale) : said(sample, words);
    const sure = !stale && sample.interval !== null && sample.label !== null && sample.abstain === undefined;
    write(this.#word, text);
    this.#word.classList.toggle("unsure", !sure);
    const from = sure ? only(sample, words, this.#language) : undefined;
    this.#only.hidden = from === undefined;
    write(this.#only, from ?? "");
    this.#band.hidden = !sure;
    if (sure) this.#draw(sample.interval!, sample.probability!);
    this.#chips.replaceChildren(...senses(sample).map(([name, use]) => this.#chip(name, use)));
    return text;
  }

  #draw([low, high]: readonly [number, number], probability: number): void {
    const level = certainty([low, high]);
    this.#range.style.insetInlineStart = `${100 * low}%`;
    this.#range.style.inlineSize = `${100 * (high - low)}%`;
    this.#mark.style.insetInlineStart = `${100 * probability}%`;
    this.#band.dataset["certainty"] = String(level);
    const words = this.#words.reading;
    this.#band.setAttribute("aria-label", words.band(this.#name.textContent ?? "", words.certainty[level]!));
  }

  #chip(name: string, use: Use): HTMLElement {
    const words = this.#words;
    const barred = use.reason === "no_consent" || use.reason === "policy";
    const state = use.used ? "on" : barred ? "off" : "none";
    const word = { on: words.on, off: words.off, none: words.coach.signal }[state];
    const why = use.reason === undefined || use.used ? "" : `, ${reason(use.reason, words)}`;
    return h("li", { class: `chip ${state}`, part: "chip" }, `${modalityWord(name, words)}: ${word}${why}`);
  }
}
