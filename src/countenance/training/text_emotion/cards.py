"""The model cards of the two text bundles; figures are added by the command that measured them."""

from typing import Any

from countenance.training.datasets.emobank import DIMENSIONS
from countenance.training.text_emotion.exporting import TIMED
from countenance.training.text_emotion.labels import FINE
from countenance.training.text_emotion.net import POSITIONS, WIDTH
from countenance.training.text_emotion.onnx_export import DEPTHS, SCORES
from countenance.training.text_emotion.recipe import TextRecipe

Card = dict[str, Any]

_RATERS = (
    "Comments of Reddit users, whose age, gender and origin are unknown (its paper says that Reddit leans to young "
    "men); rated by English-speaking crowd workers in India, as its data card says. Nobody stated who they are, so no "
    "slice by group of people can be measured, and whether groups are read equally well is not known."
)


_MADE_UP = (
    "What callers say was learnt in part from lines that one author made up and labelled; how like real calls they are "
    "is shown by the figures on customer chats alone."
)
_UNSURE = (
    "It never abstains for being unsure of the leading emotion: confusion and frustration are told apart there "
    "as well, and fusion weighs what it gets."
)
_EMOTION: Card = {
    "id": "text-emotion",
    "version": "v1",
    "modality": "text",
    "task": "emotion",
    "summary": "Says from the words of one English utterance which emotions they express, and whether they "
    "express confusion or frustration.",
    "outputs": {"scores": SCORES, "labels": FINE, "embedding": (), "layers": ()},
    "licence": {
        "code": "Apache-2.0",
        "weights": "Apache-2.0",
        "data": "CC BY 4.0",
        "commercial": True,
        "notice": "Fine-tuned from MiniLM-L6 (all-MiniLM-L6-v2, Apache-2.0) on GoEmotions (Demszky et al. 2020, "
        "CC BY 4.0 as its authors state; the upstream statement was not verified) and on utterances written and "
        "labelled for this project (Apache-2.0).",
        "ledger": ["countenance", "minilm-l6", "goemotions", "call-lines"],
    },
    "input": {
        "shape": "n x t",
        "layout": f"word-piece ids of tokenizer.json as int64, with [CLS] and [SEP], at most {POSITIONS}, no "
        "padding: texts of one batch have one length",
    },
    "calibration": {
        "method": "slope_offset",
        "fitted_on": "GoEmotions dev, per label; thresholds from the same split, on the calibrated scale, hits counted "
        "0.7 by calibrated probability and 0.3 by label",
    },
    "data": {
        "train": "GoEmotions, official train split, 43,410 comments; 35 % of them shown without case and "
        "punctuation, half of the masked names replaced by a random name; texts of rare labels shown three times; and, "
        "in the last course, 1,181 utterances as on sales, support, tutoring and telehealth calls, written and "
        "labelled for this project by one author, an AI language model, without a second annotator",
        "demographics": _RATERS,
    },
    "limits": {
        "text": [
            "English only; other languages are refused by a cautious rule, not read.",
            "Trained on written comments, used on spoken words: rank order carries over, thresholds do less so.",
            "One utterance at a time: no context, and irony is often missed.",
            "Grief, pride, relief and nervousness have 6 to 23 texts in the test split: their F1 is mostly chance.",
            _UNSURE,
            "It says what the words express, not what a person goes through.",
            "Dialects of English may be read less well; this was not measured.",
            "Frustration is the group anger, annoyance, disapproval and disappointment of GoEmotions.",
            _MADE_UP,
            f"Words after the first {POSITIONS} word pieces are not read.",
        ]
    },
}

_VAD: Card = {
    "id": "text-vad",
    "version": "v1",
    "modality": "text",
    "task": "dimensions",
    "summary": "Says valence, arousal and dominance of the words of one English utterance, from what text-emotion.v1 "
    "saw after several of its layers.",
    "outputs": {"dimensions": DIMENSIONS},
    "licence": {
        "code": "Apache-2.0",
        "weights": "CC BY-SA 4.0",
        "data": "CC BY-SA 4.0",
        "commercial": True,
        "notice": "The head for valence and arousal of words is fitted to EmoBank (Buechel and Hahn 2017) and is "
        "itself under CC BY-SA 4.0.",
        "ledger": ["countenance", "minilm-l6", "goemotions", "call-lines", "emobank"],
    },
    "input": {
        "shape": f"n x {WIDTH * (len(DEPTHS) + 1)}",
        "layout": "layers, then embedding of text-emotion.v1, float32",
    },
    "calibration": {
        "method": "none",
        "fitted_on": "nothing: it says the mean rating, on -1..1 (1 to 5 in EmoBank)",
    },
    "data": {
        "train": "EmoBank, train split, 8,062 sentences; the encoder below was never trained on it",
        "demographics": "Sentences of American English of many genres, rated by crowd workers about whom "
        "nothing is known here.",
    },
    "limits": {
        "text": [
            "English only.",
            "Fits one file of text-emotion.v1; its hash stands under input.",
            "It keeps to the middle: strong words are rated weaker than people rate them.",
            "Sentences of one document stand in several splits of EmoBank: the figures say nothing of new documents.",
        ]
    },
}


_ON_CARD = (
    "ekman7_macro_f1", "confusion_f1", "confusion_auc", "frustration_f1", "frustration_auc", "goemotions28_macro_f1",
    "ekman7_macro_f1_spoken", "confusion_f1_spoken", "top_label_ece", "brier", "nll", "confusion_ece",
    "frustration_ece", "distribution_accuracy", "distribution_ece", "distribution_brier", "distribution_nll",
    "aurc", "abstention_coverage", "abstention_risk", "conformal_coverage", "conformal_size",
    "maia_confusion_auc", "maia_frustration_auc", "maia_frustration_like_auc", "maia_negative_auc",
    "maia_confusion_auc_spoken", "call_lines_negative_auc", "call_lines_confusion_auc", "call_lines_frustration_auc",
    "english_refused", "foreign_refused_4_words", "cpu_ms_per_text",
)  # fmt: skip


def emotion_card(rows: list[Card], exported: dict[str, Any], recipe: TextRecipe) -> Card:
    """The card of text-emotion.v1; of its figures the leading ones, the others stand in the run's figures.json."""
    course = recipe.course[-1]
    lost = f"{100 * exported['lost']:.1f}"
    kept = f", of which {course.keeps:.0%} is what that course began with" if course.keeps else ""
    run = (
        f"{len(recipe.course)} courses, the later ones learning in part from what earlier ones say; "
        f"shipped: mean of the last {recipe.average} of {course.epochs} epochs of {course.name!r}{kept}, "
        f"seed {course.seed}, in {exported['bits']} bits (costs {lost} points of macro-F1 on dev); "
        "`countenance train text --recipe text-emotion`"
    )
    figures = [row for row in rows if row["metric"] in _ON_CARD]
    return {**_EMOTION, "data": {**_EMOTION["data"], "run": run}, "figures": figures}


def timed_row(timed: dict[str, Any]) -> Card:
    """How long one text takes."""
    return {
        "metric": "cpu_ms_per_text",
        "value": timed["cpu_ms"],
        "n": TIMED,
        "protocol": f"GoEmotions dev, {timed['pieces']} word pieces on average; tokenizer, net and head, one text per "
        "call, one thread: CPU time, best of 5 rounds",
    }


def vad_card(figures: list[Card], encoder_sha256: str) -> Card:
    """The card of text-vad.v1, the head that only fits one text-emotion file."""
    layout = {**_VAD["input"], "encoder_sha256": encoder_sha256}
    return {**_VAD, "input": layout, "figures": figures}
