import type { Api } from "./api.ts";
import { filled } from "./api.ts";
import { ENDED, FORBIDDEN, lineTo } from "./line.ts";

/** Something that somebody said, as the service gives it to the human reviewer of whoever said it. */
export interface Said {
  readonly participant_id: string;
  readonly start_us: number;
  readonly end_us: number;
  readonly text: string;
}

const WORDS = "/v1/calls/{call_id}/coaching/words";
const AGAIN_MS = 5_000;

/**
 * What was said last on a coached call: `told` hears all of it whenever it changes, so that what was taken back goes.
 * A line that breaks is made anew until the call or `over` ends it. It needs a WebSocket.
 */
export function followWords(api: Api, call: string, told: (lines: readonly Said[]) => void, over: AbortSignal): void {
  if (over.aborted) return;
  let again: ReturnType<typeof setTimeout> | undefined;
  const line = lineTo<{ readonly lines: readonly Said[] }>(
    api,
    api.url(filled(WORDS, { call_id: call })),
    {
      opened: () => undefined,
      event: ({ lines }) => told(lines),
      closed: (code) => {
        if (code === ENDED || code === FORBIDDEN) return;
        again = setTimeout(() => followWords(api, call, told, over), AGAIN_MS);
      },
    },
    "words.json",
  );
  over.addEventListener("abort", () => {
    clearTimeout(again);
    line.close();
  });
}
