// How the service fares; asked again every two seconds unless paused or out of sight.
import { api } from "./api.js";
import { failed, fill, h, say } from "./dom.js";
import { moment, number, t } from "./words.js";

const part = (id) => document.getElementById(id);
const pause = part("pause");
const names = {
  draining: t("not stopping"), log: t("log can be written"), policy: t("rules loaded"), models: t("models loaded"),
  workers: t("a worker answers"), "regular work": t("regular work runs"), accounted: t("every model call accounted for"),
};
let last = "";

const size = (bytes) => bytes === null ? t("unknown") : t("{size} GB", { size: number(bytes / 1e9, { maximumFractionDigits: 1 }) });
const tile = (name, value, tone) => h("div.card", {}, h("dt.quiet", {}, name), h("dd", { class: `state-word ${tone ?? ""}` }, value));

function show(found) {
  const well = found.writes && Object.values(found.checks).every((one) => one === "ok");
  const verdict = part("verdict");
  verdict.hidden = false;
  verdict.className = well ? "note" : "note warn";
  const said = found.writes
    ? (well ? t("All is well: calls can begin, and what is allowed is read.") : t("Something keeps calls from beginning."))
    : t("Inference has stopped: the log cannot be written. Calls themselves go on, and reading begins again by itself once it can.");
  fill(verdict, h("strong", {}, said), " ", found.why_not ?? (well ? "" : h("span", {}, t("On the machine of the service this command says what is missing and what to do about it:"), " ", h("code", {}, "countenance doctor"))));
  if (said !== last) say(said);
  last = said;
  fill(part("checks"), Object.entries(found.checks).sort(([, one], [, other]) => (one === "ok") - (other === "ok")).map(([name, state]) =>
    h("li", { class: `chip ${state === "ok" ? "on" : "barred"}` }, names[name] ?? name, state === "ok" ? h("span.hidden-words", {}, ` ${t("yes")}`) : h("strong", {}, ` ${t("no")}`))));
  fill(part("now"),
    tile(t("Calls"), number(found.live_calls)), tile(t("People"), number(found.people)), tile(t("Workers"), number(found.workers)),
    tile(t("Open leases"), number(found.open_leases)), tile(t("Entries in the log"), found.log_entries === null ? t("unknown") : number(found.log_entries)),
    tile(t("Events not delivered"), found.undelivered === null ? t("unknown") : number(found.undelivered)), tile(t("Room on the disk"), size(found.disk_free_bytes)));
  fill(part("parts"),
    h("dt", {}, "Countenance"), h("dd", {}, found.version),
    h("dt", {}, t("Models run on")), h("dd", {}, found.providers.map((one) => one.replace("ExecutionProvider", "")).join(", ")),
    Object.entries(found.models).map(([name, sha]) => [h("dt", {}, name), h("dd", {}, h("code", {}, sha))]).flat());
  fill(part("problems"), found.problems.length ? found.problems.map((one) => h("li", {}, one)) : h("li.quiet", {}, t("None.")));
  part("when").textContent = t("As of {time}", { time: moment(Date.now(), { timeStyle: "medium" }) });
}

async function ask() {
  if (document.hidden || pause.getAttribute("aria-pressed") === "true") return;
  try {
    show(await api("/v1/status"));
    part("failure").hidden = true;
  } catch (problem) {
    failed(part("failure"), problem);
  }
}

pause.addEventListener("click", () => {
  const paused = pause.getAttribute("aria-pressed") !== "true";
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? t("Go on") : t("Pause updates");
  ask();
});
ask();
setInterval(ask, 2000);
