// When something that the service refused is tried again, and whether it is worth it.
import { ProblemError } from "../client/problem.ts";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const TOO_MANY = 429;

/** Whether a refusal is one of this moment: too many requests, no room, a worker that is being replaced. */
export function passes(fault: unknown): boolean {
  return fault instanceof ProblemError && fault.problem.status >= TOO_MANY;
}

/** Milliseconds before the next try: longer each time, and never shorter than the service asks for. */
export function wait(tries: number, fault: unknown): number {
  const asked = (fault instanceof ProblemError && fault.retryAfterMs) || 0;
  return Math.max(asked, Math.min(LONGEST_MS, FIRST_MS * 2 ** tries));
}
