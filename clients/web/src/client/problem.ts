import type { Schemas } from "./operations.ts";

export type Problem = Schemas["Problem"];

/** The service says no (RFC 9457): `detail` says what is wrong, `fix` what to do next. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  /** How long the service asks to wait before it is tried again, in milliseconds; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfterMs?: number) {
    super(`${problem.detail}. ${problem.fix}`);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The kind of problem, such as `policy-refused`. */
  get slug(): string {
    return this.problem.type.slice(this.problem.type.lastIndexOf("/") + 1);
  }
}

/** The service was not reached, or what answered is not the service. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

const advised = new Set<string>();

/** The error where nothing answered. Browsers hide from pages of another origin why; then it says what is needed. */
export function unreached(address: URL, cause: unknown): UnreachableError {
  const here = globalThis.location?.origin;
  const { origin } = address;
  if (here === undefined || here === origin) return new UnreachableError("The service was not reached.", { cause });
  const text =
    `${origin} was not reached from ${here}. If it runs, name ${here} in [server] cors_origins of the service, ` +
    `and ${origin} and ${origin.replace(/^http/, "ws")} in connect-src of this page.`;
  // Elements say it in plainer words to whoever looks at them; this is for whoever made the page.
  if (!advised.has(origin)) console.warn(text);
  advised.add(origin);
  return new UnreachableError(text, { cause });
}

/** The error that an answer without success stands for. */
export async function errorOf(response: Response): Promise<ProblemError | UnreachableError> {
  const kind = response.headers.get("content-type") ?? "";
  if (!kind.startsWith("application/problem+json")) {
    return new UnreachableError(`${response.status} without a problem document: this is not the service.`);
  }
  return new ProblemError((await response.json()) as Problem, waiting(response.headers.get("Retry-After")));
}

/** `Retry-After` in milliseconds: the service says it in seconds, a proxy before it may name a day and time. */
function waiting(said: string | null): number | undefined {
  const seconds = said === null ? NaN : Number(said);
  const ms = Number.isNaN(seconds) ? Date.parse(said ?? "") - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
