// After the call: nothing is read any more; stopping for later calls, and deleting what is kept, are still theirs.
import { api } from "./api.js";
import { doing, fill, h } from "./dom.js";
import { erasing } from "./seat_erase.js";
import { history } from "./seat_history.js";
import { term } from "./terms.js";
import { t } from "./words.js";

/** Fill the panel of a call that is over. */
export async function afterwards(element, seat) {
  const failure = h("p.failure", { role: "alert", hidden: true });
  const does = doing(failure);
  const [after, says, verbs] = [h("div.stack", { hidden: true }), h("p", { role: "status" }), h("div.verbs")];
  let labels = false;

  function verb(name, about, work) {
    const button = h("button.stop-button", { type: "button", onclick: () => does(button, work) }, name);
    return h("div.verb", {}, button, h("p.quiet.small", {}, about));
  }

  function paint() {
    const names = seat.given.map((one) => term("modality", one));
    const what = new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(names);
    says.textContent = seat.erased ? "" : names.length
      ? t("Nothing is read of you any more. Your yes to {what} holds in your next call here too, unless you take it back.", { what })
      : t("Nothing is read of you any more, and no yes of yours stands.");
    fill(verbs, seat.erased ? [] : [
      names.length > 0 && verb(t("Stop"), t("Nothing is read in later calls either. What was read is kept as the notice says."), () => seat.stop()),
      labels && verb(t("Take back my words"), t("What you said was wrong is not kept as an example any more; it is deleted."), unlabelled),
      verb(t("Stop and delete"), t("Everything that was read of you is destroyed, and no yes of yours stands. You get a signed receipt."), async () => erasing(seat, after, does)),
    ]);
  }

  async function unlabelled() {
    const { text_sha256 } = await api(`${seat.address}/label-consent`);
    await api(`${seat.address}/label-consent`, { method: "POST", body: { given: false, text_sha256 } });
    labels = false;
    paint();
  }

  fill(element, h("h2", {}, t("The call is over")), failure, after, says, verbs, history(seat));
  seat.addEventListener("change", paint);
  try {
    await seat.afterwards();
    labels = (await api(`${seat.address}/label-consent`)).given;
  } catch (problem) {
    // Who was erased is known to nobody here.
    if (problem.status !== 404) throw problem;
    seat.erased = true;
    fill(after, h("p", {}, t("Nothing is kept of you any more.")));
    after.hidden = false;
  }
  paint();
}
