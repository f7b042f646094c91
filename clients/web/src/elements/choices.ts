import { type Modality, type Notice, READ, type Ruling } from "../client/seat.ts";
import type { Words } from "../words/index.ts";
import { h, write } from "./dom.ts";
import { ticks } from "./notice.ts";

const SIGNED = ["express_written", "written_release"];
const GUARDIAN = "parental_verifiable";

/** Switches, one for each modality that is asked about, and the name where a yes must be signed. */
export class Choices {
  readonly node: HTMLFieldSetElement;
  readonly #on: Set<string>;
  readonly #words: Words;
  readonly #kinds: ReadonlyMap<string, string | null>;
  readonly #name: HTMLInputElement;
  readonly #signing: HTMLElement;

  /** `on`: what is switched on; it outlives this view when the language is changed. */
  constructor(notice: Notice, rulings: readonly Ruling[], on: Set<string>, words: Words) {
    const own = ticks(notice);
    this.#on = on;
    this.#words = words;
    this.#kinds = new Map(rulings.map((one) => [one.modality, one.consent]));
    this.#name = h("input", { type: "text", id: "name", autocomplete: "name", maxlength: 200 });
    this.#signing = h(
      "div",
      { class: "signing", hidden: true },
      h("label", { for: "name" }, words.consent.name),
      this.#name,
    );
    this.node = h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, h("h3", {}, own?.title ?? words.consent.choice)),
      h("p", { class: "soft" }, words.consent.hint),
      ...notice.modalities.map((one) => this.#row(one as Modality, own?.lines.get(one))),
      this.#signing,
      ...barredViews(rulings, words),
    );
    this.#sign();
  }

  /** What is switched on. */
  get chosen(): readonly string[] {
    return [...this.#on];
  }

  /** The name that was typed, where one is needed for what is on. */
  get name(): string | undefined {
    return this.#signing.hidden ? undefined : this.#name.value.trim();
  }

  /** Go to where the name is missing. */
  ask(): void {
    this.#name.setAttribute("aria-invalid", "true");
    this.#name.focus();
  }

  /** Whether a yes to this counts only with a name. */
  signed(modality: string): boolean {
    return SIGNED.includes(this.#kinds.get(modality) ?? "");
  }

  #row(modality: Modality, yes: string | undefined): HTMLElement {
    const others = this.#kinds.get(modality) === GUARDIAN;
    if (others) this.#on.delete(modality);
    const words = this.#words;
    const state = h(
      "span",
      { class: "state soft", "aria-hidden": "true" },
      this.#on.has(modality) ? words.on : words.off,
    );
    const input = h("input", {
      type: "checkbox",
      role: "switch",
      id: modality,
      disabled: others,
      "aria-describedby": others ? `${modality}-why` : null,
      onchange: () => {
        if (input.checked) this.#on.add(modality);
        else this.#on.delete(modality);
        write(state, input.checked ? words.on : words.off);
        this.#sign();
      },
    });
    input.checked = this.#on.has(modality);
    const why = others && h("p", { class: "soft", id: `${modality}-why` }, words.consent.guardian);
    const label = h(
      "label",
      { class: "row", for: modality },
      h("span", {}, yes ?? words.modality[modality]),
      state,
      input,
    );
    return h("div", { class: "choice", part: "choice" }, label, why);
  }

  #sign(): void {
    this.#signing.hidden = ![...this.#on].some((modality) => this.signed(modality));
  }
}

/** What law or charter refuse has no switch, and says why. */
export function barredViews(rulings: readonly Ruling[], words: Words): HTMLElement[] {
  const barred = rulings.filter((one) => READ.includes(one.modality as Modality) && !one.allowed);
  return barred.map((ruling) => {
    const rule = ruling.rulings.find((one) => one.verdict === "deny");
    const said = rule && (rule.said ? h("span", {}, rule.said) : h("span", { lang: "en" }, rule.reason));
    const why = rule && h("p", { class: "soft" }, said, h("span", { lang: "en" }, ` [${rule.citation}]`));
    const name = `${words.modality[ruling.modality as Modality]}: ${words.consent.barred}`;
    return h("div", { class: "choice barred", part: "barred" }, h("p", {}, name), why);
  });
}
