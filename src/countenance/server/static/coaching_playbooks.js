// The rules of a playbook, in any of its languages.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { language, n, t } from "./words.js";

const TAGS = {
  clarity: t("clarity"), support: t("support"), frustration: t("frustration"), history: t("history"), medication: t("medication"),
  encouragement: t("encouragement"), talk: t("talk"), engagement: t("engagement"), safety: t("safety"), churn: t("churn"), check: t("check"),
  pause: t("pause"), price: t("price"), objection: t("objection"), close: t("close"),
};

/** Fill both choices of playbooks, and show the rules of the one chosen in `place`. */
export async function playbooks(filter, chosen, spoken, place) {
  const { items } = await api(`/v1/playbooks?language=${language}`);
  for (const one of items) {
    filter.append(new Option(one.title, one.name));
    chosen.append(new Option(`${one.title} (${one.name})`, one.name));
  }

  async function show() {
    const book = await api(`/v1/playbooks/${chosen.value}?language=${spoken.value}`);
    place.lang = spoken.value;
    fill(place, book.rules.map((one) => rule(one, book.called)));
  }

  chosen.addEventListener("change", show);
  spoken.addEventListener("change", show);
  if (items.length) await show();
}

function rule(one, called) {
  // Places for what is measured in a call stay open.
  const reason = one.reason.replace("{who}", called).split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? h("em.quiet", {}, "…") : part));
  return h("li.card.rule-card", {},
    h("h3", {}, one.text), h("p.small", {}, reason),
    h("p.chips", { lang: language },
      h(`span.chip.${one.enabled ? "on" : "off"}`, {}, one.enabled ? t("on") : t("off")),
      one.urgent && h("span.tag.warn", {}, t("urgent")),
      one.about === "call" && h("span.tag", {}, t("rests on nobody's readings")),
      one.cooldown_s && h("span.tag", {}, n("at most every {count} second", "at most every {count} seconds", { count: one.cooldown_s })),
      one.tags.map((tag) => h("span.tag", {}, TAGS[tag] ?? tag.replaceAll("_", " ")))));
}
