// Webhooks on the settings: each with its state, a test against the real receiver, its log, and what to do after an outage.
import { api } from "./api.js";
import { fill, h, say } from "./dom.js";
import { moment, n, number, t } from "./words.js";

const states = { active: t("well"), failing: t("failing"), disabled: t("off") };
const tones = { active: "good", failing: "warn", disabled: "alert" };
const deliveries = { waiting: t("waiting"), delivered: t("delivered"), given_up: t("given up") };
const PATIENCE = 40;

/** The card of one endpoint; `doing` shows what goes wrong, `gone` is called when it was removed. */
export function endpoint(found, doing, gone) {
  const address = `/v1/webhooks/${encodeURIComponent(found.endpoint_id)}`;
  const [state, log] = [h("div.line"), h("div")];
  const enable = quiet(t("Switch on again"), async () => {
    await api(`${address}/enable`, { method: "POST" });
    await look();
  });
  const show = (one) => {
    fill(state, h("span", { class: `tag ${tones[one.status]}` }, states[one.status]), one.problem ?? "");
    enable.hidden = one.status !== "disabled";
  };
  const look = async () => show(await api(address));
  show(found);
  return h("li.card", {},
    h("h3", {}, found.url), state,
    h("p.quiet.small", {}, found.types.length ? found.types.join(", ") : t("All events but samples")),
    h("div.line", {},
      h("button", { type: "button", onclick: () => doing(async () => { await test(address, log); await look(); }) }, t("Send a test")),
      quiet(t("Log"), () => list(address, log)), enable,
      quiet(t("Send again what was given up"), () => again(address, log)),
      h("button.stop-button", { type: "button", onclick: () => doing(async () => { await api(address, { method: "DELETE" }); say(t("Removed")); await gone(); }) }, t("Remove"))),
    log);

  function quiet(label, work) {
    return h("button.quiet-button", { type: "button", onclick: () => doing(work) }, label);
  }
}

const soon = () => new Promise((done) => setTimeout(done, 500));

async function test(address, log) {
  const sent = await api(`${address}/test`, { method: "POST" });
  for (let tries = 0; tries < PATIENCE; tries += 1) {
    await soon();
    const { items } = await api(`${address}/deliveries?limit=20`);
    const found = items.find((one) => one.event_id === sent.event_id);
    if (found && (found.status !== "waiting" || found.attempts > 0)) return answered(log, sent, found);
  }
  return fill(log, h("p.note.warn", {}, t("No answer yet; the log will say.")));
}

function answered(log, sent, found) {
  const well = found.status === "delivered";
  fill(log, h("div", { class: well ? "note" : "note warn", role: "status" },
    h("p", {}, h("strong", {}, well ? t("The receiver took it.") : t("The receiver did not take it.")), " ", found.problem ?? ""),
    h("dl.facts", {},
      h("dt", {}, t("Answer")), h("dd", {}, found.answer === null ? t("none") : `HTTP ${found.answer}`),
      Object.entries(sent.headers).map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", {}, value))]).flat(),
      h("dt", {}, t("Body")), h("dd", {}, h("code", {}, sent.body)))));
}

async function again(address, log) {
  const { queued } = await api(`${address}/replay`, { method: "POST", body: { dead_letters: true } });
  const said = queued ? n("{count} event goes out again.", "{count} events go out again.", { count: queued }) : t("Nothing was given up.");
  const line = h("p.note", { role: "status" }, said);
  for (let tries = 0; (await list(address, log, line)) && tries < PATIENCE; tries += 1) await soon();
}

/** Show the log; whether anything in it was not tried yet. */
async function list(address, log, said = null) {
  const { items } = await api(`${address}/deliveries?limit=20`);
  if (items.length) fill(log, said, table(items));
  else fill(log, said ?? h("p.quiet", {}, t("Nothing was sent yet.")));
  return items.some((one) => one.status === "waiting" && one.attempts === 0);
}

function table(items) {
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("Log") }, h("table", {},
    h("thead", {}, h("tr", {}, [t("Time"), t("Type"), t("State"), t("Attempts"), t("Answer")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, items.map(delivery))));
}

function delivery(one) {
  const cells = [moment(one.at), one.type, deliveries[one.status], number(one.attempts), one.answer ?? one.problem ?? ""];
  return h("tr", {}, cells.map((cell) => h("td", {}, cell)));
}
