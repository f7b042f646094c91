import { type Api, filled } from "./api.ts";

/** A suggestion to the coach, with what it rests on. */
export interface Prompt {
  readonly prompt_id: string;
  readonly rule_id: string;
  readonly subject: { readonly participant_id: string; readonly role: string } | null;
  readonly expires_at: string;
  readonly language: string;
  readonly reason: string;
  readonly text: string;
  readonly why: readonly { readonly feature: string; readonly words: string; readonly value: number }[];
  readonly budget_left: number;
  readonly coach_speaking: "no" | "yes" | "unknown";
  readonly evidence: string | null;
  readonly outcome?: string | null;
}

export type PromptAction = "seen" | "accepted" | "edited" | "dismissed" | "snoozed";

export interface CoachingNow {
  readonly playbook: string | null;
  readonly prompt: Prompt | null;
  readonly budget: { readonly left: number; readonly per_hour: number };
  readonly quiet: boolean;
  readonly sides: readonly {
    readonly participant_id: string;
    readonly side: "coach" | "other";
    readonly analysed: readonly string[];
  }[];
}

/** The suggestions of one call. */
export class Coaching {
  readonly #api: Api;
  readonly #call: string;

  constructor(api: Api, call: string) {
    this.#api = api;
    this.#call = filled("/v1/calls/{call_id}", { call_id: call });
  }

  /** The suggestion that is open, what is left of the budget, and who is on which side. */
  async now(): Promise<CoachingNow> {
    return (await (await this.#api.send(`${this.#call}/coaching`)).json()) as CoachingNow;
  }

  /** What became of a suggestion. */
  async act(prompt_id: string, action: PromptAction): Promise<void> {
    const path = this.#call + filled("/prompts/{prompt_id}", { prompt_id });
    const headers = { "Content-Type": "application/json" };
    await this.#api.send(path, { method: "POST", headers, body: JSON.stringify({ action }) });
  }
}
