// What the probabilities of the shipped taxonomies denote, word for word as they say it themselves.
import { t } from "./words.js";

const shipped = {
  "engagement.v1": t("The probability that a trained annotator, shown the same few seconds, would pick this word: an expression estimate. For words alone it is the text model's calibrated probability; with face and voice it is an open mapping that has not been calibrated on labelled calls."),
  "ekman7.v1": t("The share of raters who would give this label to the expression, voice or words, as the models were calibrated on their own development data; across modalities a logarithmic opinion pool."),
  "va.v1": t("The position raters would give the expression, voice or words on each scale; the quality-weighted mean of the modalities."),
};

/** In the language of the page; a deployer's own taxonomy has only its own words. */
export const denotes = (taxonomy) => shipped[taxonomy.name] ?? taxonomy.denotes;
