// What comes over a WebSocket as it comes; a line that breaks is taken up again, where it was if it knows where that is.
import { api, as } from "./api.js";

const [ENDED, FORBIDDEN] = [1000, 1008];
const [FIRST_MS, LONGEST_MS] = [500, 15000];

/**
 * Follow `path`. `query()`: what to ask with, anew each time; `check`: an address of the API that says over HTTP why a
 * socket is refused. States: `connecting`, `open`, `waiting` (tried again by itself), and for good `ended`, `refused`.
 */
export function follow(path, { protocol = "cloudevents.json", query = () => ({}), check, onMessage, onState }) {
  let socket = null;
  let failures = 0;
  let timer = 0;
  let state = "";

  function to(next, problem = null) {
    state = next;
    onState(next, problem);
  }

  function connect() {
    clearTimeout(timer);
    const address = new URL(path, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    for (const [name, value] of Object.entries(query())) if (value != null) address.searchParams.set(name, value);
    to("connecting");
    const own = (socket = new WebSocket(address, [protocol, `as.${as}`]));
    let opened = false;
    own.onopen = () => {
      opened = true;
      failures = 0;
      to("open");
    };
    own.onmessage = (message) => onMessage(JSON.parse(message.data));
    own.onclose = (event) => own === socket && closed(event.code, opened);
  }

  async function closed(code, opened) {
    socket = null;
    if (code === ENDED && opened) return to("ended");
    if (!opened || code === FORBIDDEN) {
      // Why a socket was not opened is hidden from pages; over HTTP it is said.
      const problem = await api(check).then(() => null, (fault) => fault);
      if (problem && problem.status >= 400 && problem.status < 429) return to("refused", problem);
    }
    timer = setTimeout(connect, Math.min(LONGEST_MS, FIRST_MS * 2 ** failures++) * (0.5 + Math.random() / 2));
    to("waiting");
  }

  const now = () => state === "waiting" && !document.hidden && connect();
  addEventListener("online", now);
  document.addEventListener("visibilitychange", now);
  connect();
}

let measured = 0;

/** Measure from now until it is painted, as `event-to-paint` among the page's own measures; `detail` says of what. */
export function painted(since, detail) {
  requestAnimationFrame(() => setTimeout(() => {
    performance.measure("event-to-paint", { start: since, end: performance.now(), detail });
    if (++measured % 5000 === 0) performance.clearMeasures("event-to-paint");
  }));
}
