// Camera and microphone, or whichever of them there is; a call can be joined without either.
import { t } from "./words.js";

const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** The stream of what there is, and in words what there is not. */
export async function devices() {
  const media = navigator.mediaDevices;
  if (!media?.getUserMedia) return { stream: new MediaStream(), missing: { message: t("This browser gives no camera or microphone here."), fix: t("Open the page over https; you can see and hear the others.") } };
  let fault = null;
  for (const wish of [{ audio: VOICE, video: PICTURE }, { audio: VOICE }, { video: PICTURE }]) {
    try {
      const stream = await media.getUserMedia(wish);
      return { stream, missing: wish.audio && wish.video ? null : lacking(wish) };
    } catch (thrown) {
      fault ??= thrown;
    }
  }
  const refused = fault?.name === "NotAllowedError";
  return {
    stream: new MediaStream(),
    missing: {
      message: refused ? t("The browser was not allowed to use camera and microphone.") : t("No camera and no microphone were found."),
      fix: refused ? t("Allow it beside the address and load the page again; you can see and hear the others.") : t("You can see and hear the others."),
    },
  };
}

function lacking(wish) {
  return wish.audio
    ? { message: t("No camera was found, or it is in use elsewhere."), fix: t("The others hear you.") }
    : { message: t("No microphone was found, or it is in use elsewhere."), fix: t("The others see you.") };
}
