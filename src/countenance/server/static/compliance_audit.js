// The log: checked here with the verifier that anybody can run, and searched.
import { api, as } from "./api.js";
import { keep, table, word } from "./compliance_words.js";
import { failed, fill, h } from "./dom.js";
import { moment, n, number, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const SHOWN = 20;
const [FIRST, MOST] = [25, 100];

export async function begin() {
  byId("verify").addEventListener("click", verify);
  byId("search").addEventListener("submit", async (event) => {
    event.preventDefault();
    await search(new FormData(event.target));
  });
  await search(new FormData());
}

/** The files of the log as the API serves them; null where there is none. */
async function read(path) {
  const answer = await fetch(`/v1/audit/${path}`, { headers: as ? { "x-countenance-as": as } : {} });
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
}

async function verify() {
  const [button, progress, verdict] = ["verify", "progress", "verdict"].map(byId);
  button.disabled = true;
  progress.hidden = verdict.hidden = false;
  fill(verdict, h("p", {}, t("Checking …")));
  try {
    const [{ verifyLog }, { trustLog }, key] = await Promise.all([import("./verify/log.mjs"), import("./verify/policy.mjs"), read("key")]);
    const text = new TextDecoder().decode(key);
    let checkpoint = null;
    const files = { read: async (path) => { const found = await read(path); if (path === "checkpoint") checkpoint = found; return found; }, list: async () => [] };
    const report = await verifyLog(files, trustLog(text), { completeness: true, progress: (done, size) => { progress.value = done / size; } });
    fill(verdict, told(report, text.trim(), checkpoint));
  } catch (problem) {
    fill(verdict, h("div.verdict-card.fails", {}, h("h3", {}, t("The log does not hold")), h("p", { lang: "en" }, problem.message)));
  }
  button.disabled = false;
  progress.hidden = true;
  verdict.focus();
}

function told({ findings, trusted, kinds }, key, checkpoint) {
  const size = trusted.checkpoint.size;
  const holds = findings.length === 0;
  const root = btoa(String.fromCharCode(...trusted.checkpoint.root));
  return h(`div.verdict-card.${holds ? "holds" : "fails"}`, {},
    h("h3", {}, holds ? n("{count} entry checked: the log holds", "{count} entries checked: the log holds", { count: number(size) }) : t("The log does not hold")),
    holds
      ? h("p", {}, t("Every entry is the one that was signed for, and nothing was read without a permission that stood at that moment."))
      : h("ol.wrong", {}, findings.slice(0, SHOWN).map((one) => h("li", {}, h("strong", {}, t("Entry {seq}", { seq: one.index })), ": ", h("span", { lang: "en" }, one.reason)))),
    holds ? h("p.quiet", {}, t("This does not prove that a reading was right, nor that no other software read the call.")) : h("p", {}, t("Keep the store as it is, and ask who runs it.")),
    h("details", {}, h("summary", {}, t("For experts")), h("dl.facts", {},
      h("dt", {}, t("Log")), h("dd", {}, trusted.checkpoint.origin), h("dt", {}, t("Root")), h("dd", {}, h("code", {}, root)),
      h("dt", {}, t("Key")), h("dd", {}, h("code", {}, key)), h("dt", {}, t("Kinds of entries")), h("dd", {}, [...kinds].map(([kind, count]) => `${kind} ${number(count)}`).join(", ")))),
    h("p.small", {}, t("The key came from this service itself: compare it with the one your organisation publishes elsewhere.")),
    h("p", {}, h("button", { type: "button", onclick: () => keep(`${size}.checkpoint`, new Blob([checkpoint], { type: "text/plain" })) }, t("Save this signed state"))));
}

async function search(chosen, limit = FIRST) {
  const body = Object.fromEntries([...chosen].filter(([, value]) => value));
  byId("search-failure").hidden = true;
  try {
    const found = await api(`/v1/audit/search?limit=${limit}`, { method: "POST", body });
    fill(byId("found"), table(t("Entries, the newest first"), [
      [t("Entry"), (one) => String(one.seq)], [t("When"), (one) => h("span.when", {}, moment(one.at, { dateStyle: "short", timeStyle: "medium" }))],
      [t("Kind"), (one) => [h("span.when", {}, word("kind", one.kind)), h("code.kind", {}, one.kind)]], [t("What it says"), (one) => said(one.body)],
    ], found.items, t("No entry fits.")), found.whole || limit >= MOST ? [] : h("p", {}, h("button", { type: "button", onclick: () => search(chosen, limit + FIRST) }, t("Earlier entries"))),
      found.whole || limit < MOST ? [] : h("p.quiet", {}, t("Only the newest hundred are shown.")));
  } catch (problem) {
    failed(byId("search-failure"), problem);
    fill(byId("found"));
  }
}

/** References, counts and digests, as short as they can be told apart. */
function said(body) {
  const short = (value) => (typeof value === "string" && /^[0-9a-f]{32,}$/.test(value) ? `${value.slice(0, 8)}…` : Array.isArray(value) ? value.map(short).join(", ") : typeof value === "object" && value ? Object.entries(value).map(([name, one]) => `${name} ${short(one)}`).join(", ") : String(value));
  return h("span.entry-said", { lang: "en" }, Object.entries(body).map(([name, value]) => h("span", {}, h("span.quiet", {}, `${name.replaceAll("_", " ")} `), short(value))));
}
