// The product's own words for people: states, certainty, modalities, reasons, roles, purposes. No bare percentage leaves here.
import { language, t } from "./words.js";

const words = {
  modality: { face: t("Face"), voice: t("Voice"), text: t("Words"), telemetry: t("Turn-taking") },
  // Within a sentence.
  sense: { face: t("face"), voice: t("voice"), text: t("words"), telemetry: t("turn-taking") },
  state: {
    engaged: t("engaged"), disengaged: t("disengaged"), confused: t("confused"), frustrated: t("frustrated"),
    neutral: t("neutral"), happiness: t("happiness"), surprise: t("surprise"), sadness: t("sadness"), anger: t("anger"), disgust: t("disgust"), fear: t("fear"),
  },
  reason: {
    no_face: t("no face in the picture"), occluded: t("face covered"), low_light: t("not enough light"), silence: t("no speech"),
    low_asr: t("words not clear enough"), no_consent: t("no consent"), policy: t("not permitted"),
    disagreement: t("face, voice and words point different ways"), out_of_domain: t("outside what the models were made for"),
  },
  answer: { given: t("yes"), refused: t("no"), withdrawn: t("taken back"), expired: t("has ended") },
  event: {
    engagement_low: t("low engagement"), confusion_spike: t("signs of confusion"), frustration_spike: t("signs of frustration"),
  },
  role: {
    customer: t("customer"), prospect: t("prospect"), employee: t("employee"), agent: t("agent"), candidate: t("candidate"),
    student: t("student"), teacher: t("teacher"), learner_independent: t("independent learner"), patient: t("patient"),
    therapy_client: t("therapy client"), clinician: t("clinician"), panelist: t("panel member"), guest: t("guest"),
  },
  purpose: {
    sales_coaching: t("sales coaching"), support_qa: t("support quality"), education_engagement: t("education"),
    telehealth_support: t("telehealth"), psychotherapy: t("psychotherapy"), hiring: t("hiring"),
    workplace_monitoring: t("workplace monitoring"), self_training: t("training for oneself"), focus_group: t("focus group"), safety: t("safety"),
  },
  position: {
    coach: t("Coach"), tutor: t("Tutor"), teacher: t("Teacher"), clinician: t("Clinician"), supervisor: t("Supervisor"),
    compliance: t("Compliance officer"), operator: t("Operator"),
  },
};

const plain = (name) => String(name).replaceAll("_", " ").replaceAll(".", " ");

/** A name of the vocabulary in words: `term("reason", "low_light")`. */
export const term = (kind, name) => words[kind]?.[name] ?? plain(name);

/** Names of what is measured, on a page that brings them. */
const features = JSON.parse(document.getElementById("features")?.textContent || "{}");

/** A measured feature in words: `feature("cue.smile")`; `otherwise` where there are no words for it here. */
export const feature = (name, otherwise) => features[name] ?? otherwise ?? plain(name.slice(name.indexOf(".") + 1));

// As `server/places.py` says it.
const UNREADABLE = "the media of this call could not be read: the workers that tried have died";

/** Why nobody reads a call: in words of this page where it has some, else as the service says it. */
export const trouble = (problem) =>
  problem === UNREADABLE ? t("The media of this call could not be read. Other calls go on.") : problem;

/** How probable, as one word. */
export function likelihood(p) {
  if (p >= 0.75) return t("very likely");
  if (p >= 0.55) return t("probably");
  return p >= 0.35 ? t("possibly") : t("little sign of");
}

/** The width of a band in words. */
export function certainty(low, high) {
  // Numbers come with six decimals; what is left beyond them is of the subtraction alone.
  const width = Math.round((high - low) * 1e6) / 1e6;
  if (width <= 0.2) return t("high certainty");
  return width <= 0.4 ? t("medium certainty") : t("low certainty");
}

/** `probably frustrated, medium certainty`. */
export const estimate = (state, p, low, high) =>
  t("{likely} {state}, {certainty}", { likely: likelihood(p), state: term("state", state), certainty: certainty(low, high) });

/** Why something may not be read, and the language of these words: a deployer's own rule has only the words it was written in. */
export function refusal(ruling) {
  const rule = ruling?.rulings?.find((one) => one.verdict === "deny");
  if (!rule) return { words: t("not permitted"), citation: "", lang: language };
  return { words: rule.said ?? rule.reason, citation: rule.citation, lang: rule.said ? language : "en" };
}

/** What is said where nothing can be: always with its cause. */
export function notEnough(modality, reason) {
  const cause = [modality && term("modality", modality), term("reason", reason)].filter(Boolean).join(", ");
  return t("not enough signal: {cause}", { cause });
}
