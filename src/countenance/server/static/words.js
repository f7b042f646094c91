// The words of this page in its language; English is what the code itself says.
const known = JSON.parse(document.getElementById("words")?.textContent || "{}");
export const language = document.documentElement.lang || "en";
const rules = new Intl.PluralRules(language);

/** A translation; `{name}` in it is replaced by `values.name`. */
export function t(words, values = {}) {
  return filled(known[words]?.[0] ?? words, values);
}

/** A translation that depends on `values.count`. */
export function n(single, plural, values) {
  const found = known[single] ?? [single, plural];
  return filled(rules.select(values.count) === "one" ? found[0] : found.at(-1), values);
}

/** A number as this language writes it. */
export const number = (value, options) => new Intl.NumberFormat(language, options).format(value);

/** A moment in the viewer's own time zone. */
export const moment = (value, options = { dateStyle: "medium", timeStyle: "medium" }) =>
  new Intl.DateTimeFormat(language, options).format(new Date(value));

/** Seconds of a call as m:ss or h:mm:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
