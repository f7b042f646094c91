import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";

type Loose<T> = T extends string
  ? string
  : T extends (...values: infer V) => string
    ? (...values: V) => string
    : T extends readonly string[]
      ? readonly string[]
      : { readonly [K in keyof T]: Loose<T[K]> };

/** What the elements say, in one language. */
export type Words = Loose<typeof en>;

const ALL = { en, de, es, fr };

export type Language = keyof typeof ALL;

/** The languages, by the names that their own speakers give them. */
export const LANGUAGES: Readonly<Record<Language, string>> = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
};

/** All of them run from left to right, whatever the page around them does. */
export const DIRECTION = "ltr";

export function wordsOf(language: Language): Words {
  return ALL[language];
}

/** The first of these that is spoken here: `de-AT` is `de`; English when none is. */
export function languageOf(...wanted: readonly (string | null | undefined)[]): Language {
  const known = wanted.map((one) => (one ?? "").toLowerCase().split("-")[0]!);
  return known.find((one): one is Language => Object.hasOwn(ALL, one)) ?? "en";
}
