// Whether the coach speaks, heard by this browser alone: it measures loudness and tells the service yes or no.
import { api } from "./api.js";
import { write } from "./keyed.js";
import { t } from "./words.js";

const [EVERY_MS, SAY_AGAIN_MS, PAUSE_MS] = [100, 5000, 800];
const LOUDER = 3;
const QUIETEST = 0.004;

/** The switch `input`, off until it is turned on; `seat()`: the participant whose voice it is. */
export function ownVoice(path, input, line, seat) {
  let running = null;

  async function start() {
    if (!seat()) throw new Error(t("You have no seat on this call, so there is nobody to say it of."));
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const speech = detector();
    let [speaking, toldAt] = [false, 0];
    const timer = setInterval(() => {
      const now = performance.now();
      const heard = speech(loudness(analyser), now);
      if (heard !== speaking || (heard && now - toldAt > SAY_AGAIN_MS)) {
        [speaking, toldAt] = [heard, now];
        tell(heard);
      }
    }, EVERY_MS);
    running = () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      context.close();
      if (speaking) tell(false);
      running = null;
    };
  }

  function tell(speaking) {
    write(line, speaking ? t("You are speaking: suggestions wait.") : t("Listening for your voice."));
    api(`${path}/coaching/speaking`, { method: "POST", body: { participant_id: seat(), speaking } }).catch((problem) => write(line, problem.message));
  }

  input.addEventListener("change", async () => {
    if (!input.checked) {
      running?.();
      return write(line, "");
    }
    try {
      await start();
      write(line, t("Listening for your voice."));
    } catch (fault) {
      input.checked = false;
      write(line, fault.name === "NotAllowedError" || fault.name === "NotFoundError" ? t("There is no microphone that this page may use.") : fault.message);
    }
  });
  addEventListener("pagehide", () => running?.());
}

/** Root mean square of what the microphone heard last. */
function loudness(analyser) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return Math.hypot(...samples) / Math.sqrt(samples.length);
}

/** Speech is what stands out of the quiet of this room; it lasts through short pauses. */
function detector() {
  let floor = QUIETEST;
  let [loud, last] = [0, -Infinity];
  return (level, now) => {
    floor = level < floor ? 0.8 * floor + 0.2 * level : floor * 1.002;
    loud = level > Math.max(QUIETEST, floor) * LOUDER ? loud + 1 : 0;
    if (loud >= 3) last = now;
    return now - last < PAUSE_MS;
  };
}
