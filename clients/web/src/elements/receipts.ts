import type { Answer, Modality } from "../client/seat.ts";
import type { Language, Words } from "../words/index.ts";
import { h } from "./dom.ts";

/** Answers as they stand, each with its receipt. */
export function answersView(
  answers: readonly Answer[],
  words: Words,
  language: Language,
  fetched: (answer: Answer) => void,
): HTMLElement {
  const rows = answers.map((answer) => {
    const on = answer.status === "given";
    const name = words.modality[answer.modality as Modality];
    const until = on && answer.expires ? `, ${words.consent.until(dayOf(answer.expires, language))}` : "";
    const label = `${words.consent.save}: ${name}`;
    return h(
      "li",
      {},
      h("strong", {}, `${name}: ${on ? words.on : words.off}${until}`),
      h("span", { class: "soft" }, `${words.consent.receipt} `, h("code", {}, answer.receipt_id)),
      h(
        "button",
        { type: "button", class: "plain", "aria-label": label, onclick: () => fetched(answer) },
        words.consent.save,
      ),
    );
  });
  return h("ul", { class: "answers" }, ...rows);
}

/** Hand a value to the person as a file. */
export function save(value: unknown, name: string): void {
  const address = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: "application/json" }));
  h("a", { href: address, download: name }).click();
  // The browser has taken hold of it by the next turn.
  setTimeout(() => URL.revokeObjectURL(address));
}

export function dayOf(moment: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(moment));
}

export function timeOf(moment: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(moment);
}
