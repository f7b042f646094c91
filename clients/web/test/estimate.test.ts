import { expect, test } from "vitest";
import { certainty, likelihood, only, said, type Sample } from "../src/reading/estimate.ts";
import { LANGUAGES, languageOf, wordsOf } from "../src/words/index.ts";

const en = wordsOf("en");

function sample(more: Partial<Sample>): Sample {
  const used = { used: true, weight: 1, quality: 1 };
  return {
    subject: { participant_id: "p", role: "customer" },
    window: { start_us: 0, end_us: 1 },
    taxonomy: "engagement.v1",
    label: "engaged",
    probability: 0.6,
    interval: [0.5, 0.7],
    calibration_id: "c",
    modalities: { face: used, voice: used, text: used },
    evidence: [],
    models: [],
    consent: null,
    policy: { pack: "p", version: "1", decision_id: "d" },
    audit: { lease: null },
    ...more,
  } as Sample;
}

test("a probability is a word, at the same borders as in reports", () => {
  expect([0.75, 0.74, 0.55, 0.54, 0.35, 0.34].map((one) => likelihood(one, en))).toEqual([
    "very likely",
    "probably",
    "probably",
    "possibly",
    "possibly",
    "little sign of",
  ]);
});

test("the width of a band is its certainty", () => {
  expect(certainty([0.25, 0.375])).toBe(0);
  expect(certainty([0.25, 0.5])).toBe(1);
  expect(certainty([0.25, 0.75])).toBe(2);
});

test("an estimate is a word and a certainty, and silence has its cause", () => {
  expect(said(sample({}), en)).toBe("probably engaged, high certainty");
  const abstain = { reason: "low_light", detail: "" } as const;
  expect(said(sample({ abstain, label: null, probability: null }), en)).toBe("not enough signal: not enough light");
  expect(said(sample({ label: null }), en)).toBe("no clear signal");
});

test("who shows only a part of themselves is read from that part only", () => {
  const off = { used: false, weight: 0, quality: 0, reason: "no_consent" };
  const on = { used: true, weight: 1, quality: 1 };
  const modalities = { face: off, voice: on, text: on, telemetry: on };
  expect(only(sample({ modalities }), en, "en")).toBe("from voice and words only");
  expect(only(sample({}), en, "en")).toBeUndefined();
});

test("every language says everything, never a bare percentage, and nothing about what somebody feels", () => {
  const flat = (value: unknown): string[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(flat) : [String(value)];
  for (const language of Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[]) {
    const words = wordsOf(language);
    expect(said(sample({ label: "disengaged", interval: [0.1, 0.9] }), words)).not.toMatch(/[0-9%]|undefined/);
    for (const text of flat(words)) expect(text).not.toMatch(/%|\bfeels\b/i);
    if (language !== "en")
      expect(flat(words).filter((text) => flat(en).includes(text) && text.length > 12)).toEqual([]);
  }
});

test("a language is found by its first part, else it is English", () => {
  expect(languageOf(null, "de-AT", "fr")).toBe("de");
  expect(languageOf("xx", undefined)).toBe("en");
  expect(languageOf("constructor")).toBe("en");
});
