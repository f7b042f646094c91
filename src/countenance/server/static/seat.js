// A participant's own place in a call: what may be read of them, what is read, and their three verbs.
import { api } from "./api.js";
import { follow } from "./live.js";
import { refusal } from "./terms.js";
import { language } from "./words.js";

const READ = ["face", "voice", "text"];
const SHOWN = "engaged";
const MOST = 7200;
const QUIET_MS = 5000;

/**
 * Tells `change` when what stands has changed, `sample` each second, `line` when the line breaks or comes back, and
 * `lost`, with the session in `detail`, when what is sent to the service arrives no more.
 */
export class Seat extends EventTarget {
  /** By modality: `{modality, allowed, why, answer, readable}`. */
  modalities = [];
  paused = false;
  /** Wall time of the last stop in this call where nothing is on since, or null. */
  stoppedAt = null;
  /** Every answer in this call, the oldest first: `{modality, status, at}`; a later yes unsays no stop. */
  history = [];
  /** What has been read of oneself, a row per second, as charts take it. */
  rows = [];
  /** The last sample, as it came. */
  last = null;
  /** `connecting`, `open`, `waiting`, `ended` or `refused`. */
  line = "connecting";
  /** Why nobody reads the call, or null. */
  problem = null;
  erased = false;
  /** Whether the call is over. */
  over = false;
  #began = 0;
  #taxonomy = null;
  #sequence = "0";
  #quiet = 0;

  constructor(call, participant) {
    super();
    this.call = call;
    this.participant = participant;
    this.address = `/v1/calls/${call}/participants/${participant}`;
  }

  /** Follow the call from its beginning. */
  async begin() {
    const [call, self] = await Promise.all([api(`/v1/calls/${this.call}`), api(`${this.address}?language=${language}`)]);
    this.#began = Date.parse(call.started_at);
    this.problem = call.problem ?? null;
    this.#listen();
    this.rulings = new Map(self.modalities.map((one) => [one.modality, one]));
    await this.refresh();
    follow(`/v1/calls/${this.call}/events`, {
      query: () => ({ samples: "true", after: this.#sequence }),
      check: `/v1/calls/${this.call}`,
      onMessage: (envelope) => this.#heard(envelope),
      onState: (state) => {
        this.line = state;
        this.#tell("line");
        if (state === "open") this.refresh().catch(() => {});
      },
    });
  }

  /** Where nothing comes for a while, ask why. */
  #listen() {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(async () => {
      const asked = this.line === "open" && this.on.length > 0;
      const call = asked && await api(`/v1/calls/${this.call}`).catch(() => null);
      if (call) this.problem = call.problem ?? null;
      if (call) this.#tell("sample");
      if (this.line !== "ended" && this.line !== "refused") this.#listen();
    }, QUIET_MS);
  }

  /** What stands when the call is over: it holds in the next one. */
  async afterwards() {
    this.over = true;
    this.#take(await api(`${this.address}/consent`));
  }

  /** What stands now, as the service says it. */
  async refresh() {
    this.#take(await api(`${this.address}/consent`));
  }

  /** Nothing is read until the person goes on; what they answered stands. */
  async pause(on) {
    this.#take(await api(`${this.address}/pause`, { method: on ? "PUT" : "DELETE" }));
  }

  /** Take back a yes, or every yes; what was read is kept as it was said. */
  async stop(modality = null) {
    await api(`${this.address}/consent${modality ? `?modality=${modality}` : ""}`, { method: "DELETE" });
    return this.refresh();
  }

  /** Stop, and delete everything; returns the signed receipt. */
  async erase() {
    const receipt = await api(`${this.address}/data`, { method: "DELETE" });
    this.erased = true;
    this.rows = [];
    this.last = null;
    this.#tell("change");
    return receipt;
  }

  /** Modalities that may be read at this moment. */
  get on() {
    return this.modalities.filter((one) => one.readable).map((one) => one.modality);
  }

  /** Modalities with a yes, whether or not they are paused. */
  get given() {
    return this.modalities.filter((one) => one.answer?.status === "given").map((one) => one.modality);
  }

  #take(register) {
    this.paused = register.paused;
    const standing = new Map(register.modalities.map((one) => [one.modality, one]));
    this.modalities = READ.map((modality) => {
      const ruling = this.rulings?.get(modality);
      const now = standing.get(modality);
      return { modality, allowed: ruling?.allowed ?? false, why: refusal(ruling).words, answer: now?.answer ?? null, readable: now?.readable ?? false };
    });
    this.history = register.history.map((one) => ({ ...one, at: new Date(one.at ?? this.#began + one.at_us / 1000) }));
    const ends = this.history.filter((one) => one.status === "withdrawn");
    this.stoppedAt = ends.length && !this.given.length ? ends.at(-1).at : null;
    this.#tell("change");
  }

  #heard(envelope) {
    this.#sequence = envelope.sequence ?? this.#sequence;
    const own = decodeURIComponent(envelope.subject ?? "") === `participants/${this.participant}`;
    if (envelope.type.endsWith(".consent.changed.v1") && own) this.refresh().catch(() => {});
    if (envelope.type.endsWith(".signal.sample.v1") && own) this.#read(envelope.data);
    if (envelope.type.endsWith(".media.lost.v1") && own) this.dispatchEvent(new CustomEvent("lost", { detail: envelope.data.session }));
  }

  #read(data) {
    this.#taxonomy ??= SHOWN in (data.labels ?? {}) ? data.taxonomy : null;
    // Samples of other label sets say the same of the modalities.
    if (this.#taxonomy && data.taxonomy !== this.#taxonomy) return;
    const shown = data.abstain ? null : data.labels?.[SHOWN];
    const row = { t_s: data.window.start_us / 1e6, p: shown?.probability ?? null, low: shown?.interval[0] ?? null, high: shown?.interval[1] ?? null, why: data.abstain?.reason ?? null };
    if (this.rows.length && this.rows.at(-1).t_s >= row.t_s) return;
    this.rows = [...this.rows.slice(-MOST), row];
    this.last = data;
    this.problem = null;
    this.#listen();
    this.#tell("sample");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
