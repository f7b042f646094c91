// Everything the API gives of one call, put in the order of its media time.
import { api } from "./api.js";
import { term } from "./terms.js";
import { language, t } from "./words.js";

const SAMPLE = "io.countenance.signal.sample.v1";
const second = (us) => us / 1e6;

/** The call, its people with their readings, and what stands beside them. A part that may not be seen is null. */
export async function load(callId) {
  const base = `/v1/calls/${encodeURIComponent(callId)}`;
  const asked = `?language=${language}`;
  const call = await api(`${base}${asked}`);
  const [summary, beside, comments, ...read] = await Promise.all([
    optional(`${base}/summary${asked}`), optional(`${base}/review`), optional(`${base}/comments`),
    ...call.participants.map((one) => readings(`${base}/participants/${one.participant_id}/readings`)),
  ]);
  const people = call.participants.map((one, index) => person(one, call.participants, read[index], summary));
  const ends = people.flatMap((one) => one.samples.map((sample) => sample.end_s));
  const lines = (beside?.transcript ?? []).map((one) => ({ ...one, start_s: second(one.start_us), end_s: second(one.end_us) }));
  const duration_s = second(summary?.call.duration_us ?? 0) || Math.max(1, ...ends, ...lines.map((one) => one.end_s));
  return { base, call, summary, people, lines, duration_s, beside, comments: comments?.items ?? [] };
}

/** Null where the API says no: what is missing is said on the page, part by part. */
async function optional(path) {
  try {
    return await api(path);
  } catch (problem) {
    if (problem.status === 404 || problem.status === 403) return null;
    throw problem;
  }
}

async function readings(path) {
  const found = [];
  let cursor = null;
  do {
    const some = await optional(`${path}?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    if (some === null) return null;
    found.push(...some.items);
    cursor = some.next;
  } while (cursor);
  return found;
}

function person(one, all, items, summary) {
  const alike = all.filter((other) => other.role === one.role);
  const number = alike.length > 1 ? ` ${alike.indexOf(one) + 1}` : "";
  const name = one.name ?? `${term("role", one.role)}${number}`;
  const said = (items ?? []).flatMap((item) => item.data?.readings ?? []);
  const samples = said.filter((reading) => reading.type === SAMPLE).map((reading) => sample(reading.data));
  samples.sort((a, b) => a.start_s - b.start_s);
  const told = summary?.participants.find((each) => each.participant_id === one.participant_id) ?? null;
  return {
    id: one.participant_id, name, role: one.role, modalities: one.modalities?.length ? one.modalities : ruled(told), items, samples,
    episodes: episodes(said.filter((reading) => reading.type !== SAMPLE), one.participant_id),
    told,
  };
}

/** What the gate said, as the summary keeps it: a service that was started anew remembers no more of a call that is over. */
const ruled = (told) => (told?.modalities ?? []).map(({ modality, ruling }) => ({ modality, allowed: ruling.effect !== "deny", rulings: ruling.verdicts }));

function sample(data) {
  return {
    start_s: second(data.window.start_us), end_s: second(data.window.end_us), taxonomy: data.taxonomy, label: data.label,
    labels: data.labels ?? {}, reason: data.abstain?.reason ?? null, modalities: data.modalities,
  };
}

/** The two halves of each event put together; the end may be missing. */
function episodes(halves, who) {
  const found = new Map();
  for (const { type, data } of halves) {
    const [, , , name, phase] = type.split(".");
    const known = found.get(data.signal_id) ?? { id: data.signal_id, name, who, end_s: null };
    if (phase === "ended") known.end_s = second(data.window.end_us);
    else Object.assign(known, { start_s: second(data.window.start_us), label: data.label, p: data.probability, interval: data.interval, evidence: data.evidence ?? [] });
    found.set(data.signal_id, known);
  }
  return [...found.values()].filter((one) => one.start_s !== undefined).sort((a, b) => a.start_s - b.start_s);
}

/** The labels that can be shown as a curve, by taxonomy; the product's own states first. */
export function states(people) {
  const found = new Map();
  for (const { samples } of people)
    for (const one of samples) for (const name of Object.keys(one.labels)) found.set(`${one.taxonomy}/${name}`, { taxonomy: one.taxonomy, name });
  return [...found.values()].sort((a, b) => Number(b.taxonomy.startsWith("engagement")) - Number(a.taxonomy.startsWith("engagement")));
}

/** One value with its band per sample, null where there was no reading. */
export function rows(one, state) {
  return one.samples.filter((sample) => sample.taxonomy === state.taxonomy).map((sample) => {
    const estimate = sample.labels[state.name];
    return {
      start_s: sample.start_s, end_s: sample.end_s, p: estimate?.probability ?? null,
      low: estimate?.interval[0] ?? null, high: estimate?.interval[1] ?? null,
      why: sample.reason ? term("reason", sample.reason) : t("no reading"),
    };
  });
}

/** Stretches without a reading, each with its reason. */
export function gaps(found) {
  const joined = [];
  for (const row of found.filter((each) => each.p === null)) {
    const last = joined.at(-1);
    if (last && last.why === row.why && row.start_s - last.end_s < 0.01) last.end_s = row.end_s;
    else joined.push({ ...row });
  }
  return joined;
}
