// "This was wrong": what somebody says of a reading of theirs stays beside it; as a label it is kept only with their yes.
import { api } from "./api.js";
import { failed, h, say } from "./dom.js";
import { estimate, term } from "./terms.js";
import { clock, t } from "./words.js";

const STATES = ["engaged", "disengaged", "confused", "frustrated"];

/** A button that opens the question about what is shown at that moment. */
export function wrong(seat) {
  const button = h("button", { type: "button", disabled: true, onclick: () => ask(seat, seat.last).catch(() => {}) }, t("This was wrong"));
  const paint = () => (button.disabled = seat.erased || !seat.last || seat.last.label === null);
  seat.addEventListener("sample", paint);
  seat.addEventListener("change", paint);
  return h("p", {}, button);
}

async function ask(seat, data) {
  const consent = await api(`${seat.address}/label-consent?language=${document.documentElement.lang}`).catch(() => null);
  const failure = h("p.failure", { role: "alert", hidden: true });
  const name = (state) => (state === "none" ? t("none of these") : term("state", state));
  const choice = h("fieldset.plain", {}, h("legend", {}, h("strong", {}, t("What fits better?"))),
    [...STATES, "none"].map((state) => h("label.line", {}, h("input", { type: "radio", name: "fits", value: state }), name(state))));
  const keep = consent && h("label.line", {}, h("input", { type: "checkbox", checked: consent.given }), h("span", {}, consent.text));
  const send = h("button.main-button", { type: "submit" }, t("Say so"));
  const form = h("form.stack", { method: "dialog" }, choice, keep, failure, h("div.pair-buttons", {}, h("button", { type: "button", onclick: () => dialog.close() }, t("Cancel")), send));
  const dialog = h("dialog", { "aria-labelledby": "wrong-title" },
    h("h2", { id: "wrong-title" }, t("This was wrong")),
    h("p", {}, t("At {time} it was shown: {words}.", { time: clock(data.window.start_us / 1e6), words: estimate(data.label, data.probability, ...data.interval) })),
    h("p.quiet.small", {}, t("Your words stay with the reading as long as it is kept. They change nothing that was read.")), form);
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fits = new FormData(form).get("fits");
    if (!fits) return choice.querySelector("input").focus();
    send.disabled = true;
    try {
      await dispute(seat, data, t("It was shown as {shown}; {fits} fits better.", { shown: name(data.label), fits: name(fits) }));
      if (keep) await label(seat, data, fits, consent, keep.querySelector("input").checked);
      dialog.close();
      say(t("It was noted."));
    } catch (problem) {
      failed(failure, problem);
      send.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

async function dispute(seat, data, words) {
  const { readings } = await api(`${seat.address}/data`);
  const found = readings.find((one) => one.seq !== null && one.seq === data.audit?.seq);
  if (!found) throw Object.assign(new Error(t("This reading is kept no more.")), { fix: "" });
  await api(`${seat.address}/data/disputes`, { method: "POST", body: { payload_id: found.payload_id, words } });
}

async function label(seat, data, fits, consent, yes) {
  if (yes !== consent.given) await api(`${seat.address}/label-consent`, { method: "POST", body: { given: yes, text_sha256: consent.text_sha256 } });
  if (!yes) return;
  const { start_us, end_us } = data.window;
  await api(`/v1/calls/${seat.call}/labels`, { method: "POST", body: { participant_id: seat.participant, start_us, end_us, label: fits, source: "self", taxonomy: data.taxonomy } });
}
