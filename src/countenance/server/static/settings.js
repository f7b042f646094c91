// Settings: webhooks with their test and their log, keys, taxonomies, the configuration.
import { api } from "./api.js";
import { failed, fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { moment, number, t } from "./words.js";

const part = (id) => document.getElementById(id);
const failure = part("failure");
const day = { dateStyle: "medium" };

/** Do something; what goes wrong is shown at the top. */
async function doing(work) {
  failure.hidden = true;
  try {
    await work();
  } catch (problem) {
    failed(failure, problem);
    failure.scrollIntoView({ block: "nearest" });
  }
}

const states = { active: t("well"), failing: t("failing"), disabled: t("off") };
const tones = { active: "good", failing: "warn", disabled: "alert" };
const deliveries = { waiting: t("waiting"), delivered: t("delivered"), given_up: t("given up") };

function endpoint(one) {
  const address = `/v1/webhooks/${encodeURIComponent(one.endpoint_id)}`;
  const log = h("div");
  const shown = h("li.card", {},
    h("h3", {}, one.url),
    h("p.line", {}, h("span", { class: `tag ${tones[one.status]}` }, states[one.status]), one.problem ?? ""),
    h("p.quiet.small", {}, one.types.length ? one.types.join(", ") : t("All events but samples")),
    h("div.line", {},
      h("button", { type: "button", onclick: () => doing(() => test(address, log)) }, t("Send a test")),
      h("button.quiet-button", { type: "button", onclick: () => doing(() => list(address, log)) }, t("Log")),
      one.status === "disabled" && h("button.quiet-button", { type: "button", onclick: () => doing(async () => { await api(`${address}/enable`, { method: "POST" }); await endpoints(); }) }, t("Switch on again")),
      h("button.quiet-button", { type: "button", onclick: () => doing(async () => { await api(`${address}/replay`, { method: "POST", body: { dead_letters: true } }); await list(address, log); }) }, t("Send again what was given up")),
      h("button.stop-button", { type: "button", onclick: () => doing(async () => { await api(address, { method: "DELETE" }); say(t("Removed")); await endpoints(); }) }, t("Remove"))),
    log);
  return shown;
}

async function test(address, log) {
  const sent = await api(`${address}/test`, { method: "POST" });
  for (let tries = 0; tries < 40; tries += 1) {
    await new Promise((done) => setTimeout(done, 500));
    const { items } = await api(`${address}/deliveries?limit=20`);
    const found = items.find((one) => one.event_id === sent.event_id);
    if (found && (found.status !== "waiting" || found.attempts > 0)) return answered(log, sent, found);
  }
  return fill(log, h("p.note.warn", {}, t("No answer yet; the log will say.")));
}

function answered(log, sent, found) {
  const well = found.status === "delivered";
  fill(log, h("div.note", { class: well ? "note" : "note warn", role: "status" },
    h("p", {}, h("strong", {}, well ? t("The receiver took it.") : t("The receiver did not take it.")), " ", found.problem ?? ""),
    h("dl.facts", {},
      h("dt", {}, t("Answer")), h("dd", {}, found.answer === null ? t("none") : `HTTP ${found.answer}`),
      Object.entries(sent.headers).map(([name, value]) => [h("dt", {}, name), h("dd", {}, h("code", {}, value))]).flat(),
      h("dt", {}, t("Body")), h("dd", {}, h("code", {}, sent.body)))));
}

async function list(address, log) {
  const { items } = await api(`${address}/deliveries?limit=20`);
  if (!items.length) return fill(log, h("p.quiet", {}, t("Nothing was sent yet.")));
  return fill(log, h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("Log") }, h("table", {},
    h("thead", {}, h("tr", {}, [t("Time"), t("Type"), t("State"), t("Attempts"), t("Answer")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, items.map((one) => h("tr", {}, h("td", {}, moment(one.at)), h("td", {}, one.type), h("td", {}, deliveries[one.status]), h("td", {}, number(one.attempts)), h("td", {}, one.answer ?? one.problem ?? "")))))));
}

async function endpoints() {
  const { items } = await api("/v1/webhooks");
  fill(part("endpoints"), items.map(endpoint));
  part("no-endpoints").hidden = items.length > 0;
}

part("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const { url, types, signature } = event.target;
  doing(async () => {
    const wanted = types.value.split(",").map((one) => one.trim()).filter(Boolean);
    const made = await api("/v1/webhooks", { method: "POST", body: { url: url.value, types: wanted, signature: signature.value } });
    event.target.reset();
    await endpoints();
    part("secret-text").textContent = made.secret;
    part("secret").showModal();
  });
});

const ends = { valid: [t("valid"), "good"], ended: [t("ended"), "warn"], revoked: [t("revoked"), "alert"] };

async function keys() {
  const { items } = await api("/v1/keys");
  fill(part("keys"), items.map((one) => h("tr", {},
    h("th", { scope: "row" }, one.label), h("td", {}, term("position", one.position)), h("td", {}, moment(one.made_at, day)),
    h("td", {}, one.expires_at ? moment(one.expires_at, day) : t("never")),
    h("td", {}, h("span", { class: `tag ${ends[one.state][1]}` }, ends[one.state][0])),
    h("td", {}, one.state === "valid" && h("button.stop-button", { type: "button", "aria-label": t("Revoke {label}", { label: one.label }), onclick: () => doing(async () => { await api(`/v1/keys/${one.key_id}`, { method: "DELETE" }); say(t("Revoked")); await keys(); }) }, t("Revoke"))))));
}

const share = (value) => number(value, { maximumFractionDigits: 2 });

function taxonomy(one) {
  return h("div.card", {},
    h("h3", {}, h("code", {}, one.name)), one.denotes && h("p.quiet.small", {}, one.denotes),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": one.name }, h("table", {},
      h("thead", {}, h("tr", {}, [t("Word"), t("Leads from"), t("Event"), t("Begins at"), t("Ends below"), t("Held for")].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, one.labels.map((label) => {
        const event = one.events.find((each) => each.label === label.name);
        return h("tr", {}, h("th", { scope: "row" }, term("state", label.name)), h("td", {}, share(label.enter)),
          h("td", {}, event?.name ?? ""), h("td", {}, event ? share(event.enter) : ""), h("td", {}, event ? share(event.leave) : ""), h("td", {}, event ? t("{seconds} s", { seconds: event.hold_s }) : ""));
      }), one.dimensions.map((name) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { colspan: "5" }, t("a scale"))))))));
}

async function configured() {
  const found = await api("/v1/settings");
  fill(part("taxonomies"), found.taxonomies.map(taxonomy));
  fill(part("settings"), found.settings.map((one) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, one.key)),
    h("td", {}, one.secret ? h("span.tag", {}, t("secret, set")) : one.value || h("span.quiet", {}, t("not set"))))));
}

doing(() => Promise.all([endpoints(), keys(), configured()]));
