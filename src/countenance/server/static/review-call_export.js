// The call as a file: exactly what the API gave. Words are left out, for people were told that they are not kept.
import { as, Problem } from "./api.js";
import { language } from "./words.js";

const COLUMNS = ["participant_id", "role", "start_us", "end_us", "taxonomy", "label", "probability", "low", "high", "abstain"];

/** The call, its summary, readings and comments as one value. */
export function asJson(data) {
  const readings = Object.fromEntries(data.people.filter((one) => one.items).map((one) => [one.id, one.items]));
  return JSON.stringify({ call: data.call, summary: data.summary, readings, comments: data.comments }, null, 2);
}

/** One line for each label of each second. */
export function asCsv(data) {
  const lines = [COLUMNS.join(",")];
  for (const person of data.people)
    for (const item of person.items ?? [])
      for (const { type, data: one } of item.data?.readings ?? []) {
        if (!type.includes(".sample.")) continue;
        const start = [person.id, person.role, one.window.start_us, one.window.end_us, one.taxonomy];
        const labels = Object.entries(one.labels ?? {});
        if (!labels.length) lines.push([...start, "", "", "", "", one.abstain?.reason ?? ""].join(","));
        for (const [name, { probability, interval }] of labels) lines.push([...start, name, probability, ...interval, ""].join(","));
      }
  return `${lines.join("\r\n")}\r\n`;
}

/** The same on paper, as the service sets it in the language of this page. */
export async function asPdf(data) {
  const answer = await fetch(`${data.base}/summary.pdf?language=${language}`, { headers: as ? { "x-countenance-as": as } : {} });
  if (!answer.ok) throw new Problem(answer.status, await answer.json());
  return answer.blob();
}

/** Let the browser save a text, or what came as bytes, as a file. */
export function save(name, kind, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
