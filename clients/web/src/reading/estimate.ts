// What a reading says, in words and as a band; a bare percentage never leaves this file.
import type { EventData } from "../client/events.ts";
import { READ } from "../client/seat.ts";
import type { Language, Words } from "../words/index.ts";

export type Sample = EventData["SignalSample"];

const LIKELY = [0.75, 0.55, 0.35];
const SURE = [0.2, 0.4];

/** How probable, as one word. */
export function likelihood(probability: number, words: Words): string {
  const at = LIKELY.findIndex((least) => probability >= least);
  return words.reading.likelihood[at < 0 ? LIKELY.length : at]!;
}

/** 0: high, 1: medium, 2: low certainty; the width of the band on a scale of one. */
export function certainty([low, high]: readonly [number, number]): 0 | 1 | 2 {
  const at = SURE.findIndex((most) => high - low <= most);
  return (at < 0 ? 2 : at) as 0 | 1 | 2;
}

/** `probably engaged, low certainty`, or why there is nothing to say. */
export function said(sample: Sample, words: Words): string {
  const { abstain, label, probability, interval } = sample;
  if (abstain !== undefined) return words.reading.because(reason(abstain.reason, words));
  if (label === null || probability === null || interval === null) return words.reading.unclear;
  const name = labelWord(label, words);
  return words.reading.estimate(name, likelihood(probability, words), words.reading.certainty[certainty(interval)]!);
}

/** `from voice and words only`, where something is not read; undefined where all is, or nothing. */
export function only(sample: Sample, words: Words, language: Language): string | undefined {
  const read = senses(sample);
  const used = read
    .filter(([, use]) => use.used)
    .map(([name]) => modalityWord(name, words).toLocaleLowerCase(language));
  if (used.length === 0 || used.length === read.length) return undefined;
  return words.reading.only(new Intl.ListFormat(language, { type: "conjunction" }).format(used));
}

export type Use = Sample["modalities"][string];

/** What is looked at of a person; turn-taking says nothing about them. */
export function senses(sample: Sample): [name: string, use: Use][] {
  return READ.flatMap((name) => {
    const use = sample.modalities[name];
    return use === undefined ? [] : [[name, use] as [string, Use]];
  });
}

export function modalityWord(name: string, words: Words): string {
  return (words.modality as Readonly<Record<string, string>>)[name] ?? plain(name);
}

export function labelWord(name: string, words: Words): string {
  return (words.reading.label as Readonly<Record<string, string>>)[name] ?? plain(name);
}

export function reason(name: string, words: Words): string {
  return (words.reason as Readonly<Record<string, string>>)[name] ?? plain(name);
}

function plain(name: string): string {
  return name.replace(/[_.]/g, " ");
}
