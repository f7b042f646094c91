// Who spoke how much: measured from the times of speech, and nothing else.
import { h } from "./dom.js";
import { clock, number, t } from "./words.js";

/** A table of the conversation, or a sentence where there is none. */
export function talk(data) {
  const measured = data.people.filter((one) => one.told?.talk);
  if (!data.summary) return h("p.quiet", {}, t("The measures of this call are not remembered any more."));
  if (!measured.length) return h("p.quiet", {}, t("Nobody's turns could be measured: nobody was heard, or nobody agreed."));
  const questions = (one) => data.lines.filter((line) => line.participant_id === one.id).reduce((sum, line) => sum + (line.text.match(/\?/g) ?? []).length, 0);
  const us = (value) => (value === null || value === undefined ? "–" : t("{count} s", { count: number(value / 1e6, { maximumFractionDigits: 1 }) }));
  const monologue = (one) => (one.longest_monologue ? clock((one.longest_monologue.end_us - one.longest_monologue.start_us) / 1e6) : "–");
  const rows = [
    [t("Share of the talking"), (one) => share(one.told.talk.talk_share)],
    [t("Time spoken"), (one) => clock(one.told.talk.talk_us / 1e6)],
    [t("Longest stretch without the other"), (one) => monologue(one.told.talk)],
    [t("Wait before answering (median)"), (one) => us(one.told.talk.response.median_us)],
    [t("Times cut in"), (one) => number(one.told.talk.interruptions)],
    [t("Questions asked, by question marks"), (one) => (data.beside?.transcript_kept ? number(questions(one)) : "–")],
    [t("Words a minute"), (one) => (one.told.talk.words_per_minute === null ? "–" : number(one.told.talk.words_per_minute, { maximumFractionDigits: 0 }))],
  ];
  return h("div", {},
    h("div.talk-bar", { "aria-hidden": "true" }, measured.map((one, index) => part(one, index))),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("Measures of the conversation") },
      h("table", {}, h("caption", {}, t("Measures of the conversation")),
        h("thead", {}, h("tr", {}, h("td", {}), measured.map((one) => h("th", { scope: "col" }, one.name)))),
        h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), measured.map((one) => h("td.number", {}, value(one)))))))),
    h("p.quiet.small", {}, t("Of who spoke when; it infers nothing about anybody. {silence} of silence in all.", { silence: clock((data.summary.dead_air_us ?? 0) / 1e6) })));
}

const share = (value) => number(value, { style: "percent", maximumFractionDigits: 0 });

function part(one, index) {
  const made = h(`span.talk-part.talk-${index % 4}`, {}, `${one.name} ${share(one.told.talk.talk_share)}`);
  made.style.flexGrow = String(Math.max(0.02, one.told.talk.talk_share));
  return made;
}
