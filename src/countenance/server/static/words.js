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

/** The language as it is written where the viewer lives: day before month in London, after it in New York. */
const region = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;

/** A number as this language writes it. */
export const number = (value, options) => new Intl.NumberFormat(region, options).format(value);

/** A moment in the viewer's own time zone. */
export const moment = (value, options = { dateStyle: "medium", timeStyle: "medium" }) =>
  new Intl.DateTimeFormat(region, options).format(new Date(value));

/** How long something has lasted, in whole minutes: `12 min`, `1 hr 5 min`. */
export function lasting(seconds) {
  const minutes = Math.max(0, Math.floor(seconds / 60));
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  const unit = (value, name) => number(value, { style: "unit", unit: name, unitDisplay: "short" });
  return [h && unit(h, "hour"), (m || !h) && unit(m, "minute")].filter(Boolean).join(" ");
}

const conjunction = new Intl.ListFormat(region, { type: "conjunction" });

/** `face, voice and words`. */
export const listed = (words) => conjunction.format(words);

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name within other words: one that is written from right to left disturbs nothing around it. */
export const apart = (name) => (RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name);

/** `Ana, Ben and Cleo`; of many people the first few, and how many more there are. */
export function gathered(names, most = 3) {
  const shown = names.length > most + 1 ? names.slice(0, most) : names;
  const more = names.length - shown.length;
  const words = shown.map(apart);
  return listed(more ? [...words, n("{count} other", "{count} others", { count: more })] : words);
}

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
