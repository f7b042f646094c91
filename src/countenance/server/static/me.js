// My signals: the panel while the call goes on, and what is kept, during it and afterwards.
import { api } from "./api.js";
import { failed, fill, h, saved } from "./dom.js";
import { afterwards } from "./me_after.js";
import { Seat } from "./seat.js";
import { panel } from "./seat_panel.js";
import { term } from "./terms.js";
import { moment, n, t } from "./words.js";

const place = document.getElementById("mine").dataset;
const seat = new Seat(place.call, place.participant);
const failure = document.getElementById("failure");
const element = document.getElementById("panel");

async function begin() {
  if (!place.live) return afterwards(element, seat);
  const ended = () => seat.line === "ended" && afterwards(element, seat).catch((problem) => failed(failure, problem));
  await seat.begin();
  await panel(element, seat);
  seat.addEventListener("line", ended);
  return ended();
}

async function see() {
  const kept = document.getElementById("kept");
  failure.hidden = true;
  try {
    const { answers, readings: all, disputes } = await api(`${seat.address}/data`);
    const readings = all.filter((one) => one.context === "result" || String(one.data?.type ?? "").includes(".signal."));
    const due = readings.map((one) => one.delete_due_at).filter(Boolean).sort();
    fill(kept,
      h("p", {}, n("{count} reading is kept.", "{count} readings are kept.", { count: readings.length }), " ",
        due.length ? t("The first is deleted by {day}.", { day: moment(due[0], { dateStyle: "long" }) }) : ""),
      disputes.length > 0 && h("p", {}, n("You have said of {count} that it was wrong.", "You have said of {count} that they were wrong.", { count: disputes.length })),
      h("h3", {}, t("Your answers")),
      h("ul.plain", {}, answers.map((one) => h("li", {}, h("strong", {}, term("modality", one.modality)), `: ${term("answer", one.status)}, ${moment(one.since)} `,
        h("a", { href: `/me/${seat.call}/receipts/${one.receipt_id}?me=${seat.participant}` }, t("Receipt for {modality}, to print", { modality: term("sense", one.modality) }))))));
  } catch (problem) {
    failed(failure, problem.status === 404 ? { message: t("Nothing is kept of you any more."), fix: "" } : problem);
  }
}

document.getElementById("see").addEventListener("click", see);
seat.addEventListener("change", () => {
  if (seat.erased) fill(document.getElementById("kept"), h("p", {}, t("Nothing is kept of you any more.")));
});
document.getElementById("export").addEventListener("click", async () => {
  failure.hidden = true;
  try {
    saved(await api(`${seat.address}/data/export`), "my-data.json");
  } catch (problem) {
    failed(failure, problem);
  }
});
begin().catch((problem) => failed(failure, problem));
