// The words of the policy for people. The English of a rule stands beside them: that is what the log and every record keep.
import { duty } from "./compliance_duties.js";
import { h } from "./dom.js";
import { term } from "./terms.js";
import { moment, t } from "./words.js";

const said = {
  place: {
    EU: t("European Union"), UK: t("United Kingdom"), "US-IL": t("Illinois"), "US-CO": t("Colorado"), "US-TX": t("Texas"), "US-WA": t("Washington"),
    "US-CA": t("California"), "US-NY": t("New York"), "US-OTHER": t("another state of the USA"), KR: t("South Korea"), ROW: t("elsewhere"),
  },
  minor: { adult: t("adults"), "13_to_17": t("13 to 17"), under_13: t("under 13") },
  relation: { other_organisation: t("of another organisation"), same_organisation: t("of our own organisation") },
  fact: {
    minor: t("Age"), relation: t("Organisation"), exception_approved: t("Exception approved"), required_by_institution: t("Required by an institution"),
    issues_certificate: t("Leads to a certificate"), b2b: t("Between businesses"),
  },
  output: {
    turn_taking: t("turn-taking"), emotion: t("emotion words"), valence_arousal: t("valence and arousal"), engagement: t("engagement"), confusion: t("confusion"),
    frustration: t("frustration"), attention: t("attention"), stress: t("stress"), attitude: t("attitude"), deception: t("deception"), truthfulness: t("truthfulness"),
    personality: t("personality"), intent_to_quit: t("intent to leave a job"), protected_trait: t("protected traits"), diagnosis: t("diagnosis"),
  },
  consequence: { individual: t("a human looks at single people"), aggregate_only: t("only groups are told of"), solely_automated: t("a machine decides alone") },
  reviewer: { coach: t("a coach"), teacher: t("a teacher"), tutor: t("a tutor"), clinician: t("a clinician") },
  kind: {
    GATE: t("what the gate said"), CONSENT: t("an answer"), LEASE: t("leave to read a second"), RESULT: t("what was read"), LEASE_CLOSE: t("leave used up"),
    ACCESS: t("somebody looked"), EXPORT: t("data given out"), SUGGESTION: t("a suggestion"), OPT_OUT: t("a stop"), ERASURE: t("an erasure"), RETENTION: t("deleted in time"),
    KEY_ROTATION: t("a key replaced"), POLICY_LOAD: t("rules loaded"), MODEL_LOAD: t("models loaded"), CONFIG: t("settings"), RECOVERY: t("taken up after a fault"),
  },
  layer: { law: t("Law"), product: t("Charter"), deployer: t("Own rule") },
  effect: { allow: t("allows"), deny: t("refuses"), require: t("requires") },
  consent: {
    none: t("none asked; an objection counts"), explicit: t("explicit"), express_written: t("express, in writing"), written_release: t("a written release"),
    parental_verifiable: t("of a parent or guardian, verified"),
  },
  certainty: { read: t("the text itself"), secondary: t("summaries by others"), unverified: t("not verified") },
  yes: { yes: t("yes"), no: t("no") },
  kept: {
    result: t("readings"), event: t("events"), consent: t("statements of answers"), comment: t("comments"), scorecard: t("scorecards"), answers: t("answers"),
    seats: t("seats without data"), entries: t("entries of the log"), label: t("labels"),
  },
};

/** A word of the policy. */
export function word(kind, name) {
  if (name === "yes" || name === "no") return said.yes[name];
  return said[kind]?.[name] ?? term(kind, name);
}

/** Every rule that decided a case, as the API orders them: law first. */
export function verdicts(all) {
  return h("ol.verdicts", {}, all.map((one) => {
    const [layer, effect] = [one.layer, one.effect ?? one.verdict];
    return h(`li.verdict.${effect}`, {},
      h("p", {}, h("span.tag", {}, word("layer", layer)), " ", h("strong", {}, word("effect", effect)), " ", one.said ?? h("span", { lang: "en" }, one.reason)),
      one.said && h("p.quiet.small", { lang: "en" }, one.reason),
      h("p.quiet.small", {}, h("code", {}, one.rule ?? one.rule_id), " ", h("span", { lang: "en" }, one.citation),
        one.applies_from ? [" · ", h("span.when", {}, t("since {day}", { day: moment(one.applies_from, { dateStyle: "long", timeZone: "UTC" }) }))] : []));
  }));
}

/** What must be kept to where something is allowed. */
export function duties(one) {
  if (!one) return null;
  return h("dl.facts", {},
    h("dt", {}, t("Consent")), h("dd", {}, word("consent", one.consent)),
    h("dt", {}, t("Kept at most")), h("dd", {}, t("{count} days", { count: one.retention_days })),
    one.human_role ? [h("dt", {}, t("Who decides")), h("dd", {}, word("reviewer", one.human_role))] : [],
    one.aggregate_k ? [h("dt", {}, t("Smallest group")), h("dd", {}, String(one.aggregate_k))] : [],
    h("dt", {}, t("Duties")), h("dd", {}, h("ul.duties", {}, one.names.map((name) => h("li", {}, duty(name))))));
}

/** A table of plain rows: `columns` are `[heading, value of a row]`. */
export function table(name, columns, rows, empty) {
  if (!rows.length) return h("p.note", {}, empty);
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": name },
    h("table", {}, h("caption", {}, name), h("thead", {}, h("tr", {}, columns.map(([title]) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(([, value]) => h("td", {}, value(row))))))));
}

const KEPT_MS = 60_000;

/** Let the browser keep something as a file. */
export function keep(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // A browser that is busy takes the file up later.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
