// The call that is built in: one's own camera, the others, and beside it the copy of oneself that may be read.
import { api, as } from "./api.js";
import { Copy } from "./call_copy.js";
import { devices } from "./call_devices.js";
import { Mesh } from "./call_mesh.js";
import { Tiles } from "./call_tiles.js";
import { failed, h, say } from "./dom.js";
import { Seat } from "./seat.js";
import { badge } from "./seat_badge.js";
import { panel } from "./seat_panel.js";
import { t } from "./words.js";

const place = document.getElementById("call");
const { call, participant, name, ice } = place.dataset;
const failure = document.getElementById("failure");
const lines = { seat: "", mesh: "", copy: "" };
const seat = new Seat(call, participant);
const tiles = new Tiles(document.getElementById("tiles"), document.getElementById("alone"));

async function begin() {
  seat.begin().then(() => panel(document.getElementById("panel"), seat)).catch((problem) => failed(failure, problem));
  place.append(inSight());
  tiles.add(participant, t("{name} (you)", { name }), true);
  const { stream, missing } = await devices();
  if (missing) failed(failure, missing);
  tiles.show(participant, stream);
  const copy = new Copy({
    call, participant, session: as, stream,
    onFault: (fault) => failed(failure, { message: t("Your copy does not reach the service: nothing is read of you."), fix: fault.message }),
    onLine: (state) => line("copy", state),
  });
  const mesh = new Mesh({
    call, participant, ice: JSON.parse(ice), stream,
    onCame: (id, who) => tiles.add(id, who),
    onMedia: (id, media) => tiles.show(id, media),
    onGone: (id) => tiles.remove(id),
    onState: (id, state) => tiles.state(id, state),
    onLine: (state) => line("mesh", state),
  });
  seat.addEventListener("line", () => line("seat", seat.line));
  seat.addEventListener("change", () => copy.send(wanted()));
  seat.addEventListener("lost", (event) => copy.lost(event.detail));
  muting("microphone", stream.getAudioTracks()[0], [t("Mute"), t("Unmute")], mesh);
  muting("camera", stream.getVideoTracks()[0], [t("Camera off"), t("Camera on")], mesh);
  document.getElementById("leave").addEventListener("click", () => leave(mesh, copy, stream));
  addEventListener("pagehide", () => mesh.leave());
}

/** On a phone the panel lies below the pictures: what is read, and how to stop it, stays in sight. */
function inSight() {
  const stop = h("button.stop-button", { type: "button", hidden: true, onclick: () => seat.stop().catch((problem) => failed(failure, problem)) }, t("Stop"));
  seat.addEventListener("change", () => (stop.hidden = seat.given.length === 0));
  return h("div.call-now", { role: "group", "aria-label": t("What is read of you") }, badge(seat, false), stop);
}

/** What the service may get: the tracks of what may be read now, and nothing else. */
function wanted() {
  const on = seat.erased ? [] : seat.on;
  return { video: on.includes("face"), audio: on.includes("voice") || on.includes("text") };
}

/** A muted track is sent to nobody: neither to the others nor to the service. */
function muting(id, track, [off, on], mesh) {
  const button = document.getElementById(id);
  if (!track) return;
  button.disabled = false;
  button.addEventListener("click", () => {
    track.enabled = !track.enabled;
    track.dispatchEvent(new Event("muting"));
    button.setAttribute("aria-pressed", String(!track.enabled));
    button.textContent = track.enabled ? off : on;
    const state = { [id]: track.enabled };
    mesh.tell(state);
    tiles.state(participant, state);
  });
}

function line(part, state) {
  lines[part] = state;
  document.getElementById("line").textContent = standing();
}

function standing() {
  if (lines.mesh === "ended") return t("The call is over.");
  if (lines.seat === "waiting" || lines.mesh === "waiting") return t("The line broke; it is taken up again by itself. Who you see stays.");
  if (lines.copy === "waiting") return t("For a moment nothing is read of you; it goes on by itself. Who you see stays.");
  return "";
}

async function leave(mesh, copy, stream) {
  mesh.leave();
  await copy.close();
  for (const track of stream.getTracks()) track.stop();
  await api(seat.address, { method: "DELETE" }).catch(() => {});
  place.hidden = true;
  const left = document.getElementById("left");
  left.hidden = false;
  left.querySelector("h1").focus();
  say(t("You have left the call."));
}

begin().catch((problem) => failed(failure, problem));
