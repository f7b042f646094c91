"""What is measured of the finished text bundles: every test set is read here, once, and nowhere else."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from countenance.evaluation.metrics import ACCURACY, MACRO_F1, WEIGHTED_F1
from countenance.evaluation.scores import Kind, Scores
from countenance.training.datasets import meld
from countenance.training.datasets.emobank import read_emobank
from countenance.training.datasets.goemotions import GoEmotionsSplit, read_goemotions
from countenance.training.datasets.label_tables import read_table
from countenance.training.datasets.maia_dqe import CustomerSentences, read_customers
from countenance.training.datasets.store import Split
from countenance.training.text_emotion import domain, figures, tables
from countenance.training.text_emotion.batches import transcript_style
from countenance.training.text_emotion.dialogue import with_previous
from countenance.training.text_emotion.figures import Row
from countenance.training.text_emotion.fitted import Fitted
from countenance.training.text_emotion.labels import EKMAN
from countenance.training.text_emotion.outputs import Reader
from countenance.training.text_emotion.places import Places
from countenance.training.text_emotion.vad import VadHead, features_of

OFFICIAL = "GoEmotions official test, multi-label; calibration and thresholds from dev"
SPOKEN = "GoEmotions official test without case and punctuation; calibration and thresholds from written dev"
CHATS = "MAIA-DQE customer sentences, untouched and never trained on; intervals over dialogues"
EMOBANK = "EmoBank official test; a small head on the frozen text net, its settings from dev"
SERIES = "MELD dev, television dialogue, untouched and never trained on; intervals over dialogues"
CONTEXT = "each mixed 3 to 1 with the same speaker's words before, a rule stated beforehand"


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What is judged."""

    read: Reader
    tokenizer: Tokenizer
    fitted: Fitted
    head: VadHead
    bar: float | None
    """Chosen on dev; below it a text may be left unanswered."""
    wanted: float


def measured(it: Finished, places: Places, dev: GoEmotionsSplit, scores_to: Path) -> dict[str, Any]:
    """All figures, by the bundle that they belong to; sets that are not there are left out and named."""
    test = read_goemotions(places.goemotions, "test")
    emotion, more = _goemotions(it, dev, test, scores_to)
    emotion += domain.english_rows(it.tokenizer, test, OFFICIAL)
    absent = [folder.name for folder in (places.maia, places.meld) if not folder.is_dir()]
    context: list[Row] = []
    if places.maia.is_dir():
        chats = read_customers(places.maia)
        emotion += _chats(it, chats)
        emotion += domain.foreign_rows(it.tokenizer, chats, CHATS)
        context += _chat_context(it, chats)
    if places.meld.is_dir():
        context += _series(it, places.meld)
    bank = read_emobank(places.emobank, "test")
    said = it.head(features_of(it.read(bank.texts)))
    vad = figures.vad_rows(tables.dimensions_table(bank.ids, bank.vad, said, EMOBANK))
    return {"emotion": emotion, "vad": vad, "context": context, "absent": absent, **more}


def _goemotions(
    it: Finished, dev: GoEmotionsSplit, test: GoEmotionsSplit, scores_to: Path
) -> tuple[list[Row], dict[str, Any]]:
    said = it.read(test.texts)
    spoken = it.read([transcript_style(text) or text for text in test.texts])
    nine = tables.scores_table(test, said, it.fitted, OFFICIAL)
    shares = tables.shares_table(test, said, it.fitted, OFFICIAL)
    nine.write(scores_to / "scores-test.npz")
    on_dev = tables.shares_table(dev, it.read(dev.texts), it.fitted, "GoEmotions dev")
    less = figures.answering_less(shares, on_dev, it.bar)
    rows = [
        *figures.score_rows(nine),
        *figures.class_rows(nine),
        *figures.label_rows(tables.labels_table(test, said, it.fitted, OFFICIAL)),
        *figures.score_rows(tables.scores_table(test, spoken, it.fitted, SPOKEN), "_spoken"),
        *figures.calibration_rows(nine, tables.emotions_table(test, said, it.fitted, OFFICIAL), shares),
        *figures.answering_less_rows(less, shares.protocol, it.wanted),
    ]
    return rows, {"answering_less": less}


def _chats(it: Finished, chats: CustomerSentences) -> list[Row]:
    spoken = it.read([transcript_style(text) or text for text in chats.texts]).scores
    return [
        *figures.chat_rows(tables.chats_table(chats, it.read(chats.texts).scores, it.fitted, CHATS)),
        *figures.chat_rows(
            tables.chats_table(chats, spoken, it.fitted, f"{CHATS}; without case and punctuation"), "_spoken"
        ),
    ]


def _chat_context(it: Finished, chats: CustomerSentences) -> list[Row]:
    """Customers alone speak in these sentences, so the speaker is the dialogue."""
    mixed = with_previous(it.read(chats.texts).scores, [str(number) for number in chats.dialogue])
    return figures.chat_rows(tables.chats_table(chats, mixed, it.fitted, f"{CHATS}; {CONTEXT}"), "_context")


def _series(it: Finished, folder: Path) -> list[Row]:
    """MELD dev with and without the words before."""
    spoken = [row for row in meld.read(folder).rows if row.split is Split.DEV]
    speakers = _speakers(folder)
    logits = it.read([row.text or "" for row in spoken]).scores
    who = [f"{row.group_id}/{speakers.get(row.uid, row.uid)}" for row in spoken]
    hard = np.array([tuple(EKMAN).index({"joy": "happiness"}.get(row.label or "", row.label or "")) for row in spoken])
    plain = Scores(
        kind=Kind.DISTRIBUTION,
        ids=np.array([row.uid for row in spoken]),
        labels=tuple(EKMAN),
        probabilities=it.fitted.shares(logits),
        targets=np.eye(len(EKMAN))[hard],
        protocol=SERIES,
        clusters=np.array([str(row.group_id) for row in spoken]),
    )
    mixed = replace(plain, probabilities=it.fitted.shares(with_previous(logits, who)), protocol=f"{SERIES}; {CONTEXT}")
    named = (("accuracy", ACCURACY), ("macro_f1", MACRO_F1), ("weighted_f1", WEIGHTED_F1))
    return [
        *figures.rows_of(plain, [(f"meld_{name}", one) for name, one in named]),
        *figures.rows_of(mixed, [(f"meld_{name}_context", one) for name, one in named]),
    ]


def _speakers(folder: Path) -> dict[str, str]:
    """Who speaks, by the id of the utterance; the canonical store does not hold it."""
    places = (folder, folder / "data" / "MELD", folder / "MELD", folder / "MELD.Raw")
    path = next(place / "dev_sent_emo.csv" for place in places if (place / "dev_sent_emo.csv").is_file())
    lines = read_table(path, ("Speaker", "Dialogue_ID", "Utterance_ID"))
    return {f"dev/dia{v['Dialogue_ID']}_utt{v['Utterance_ID']}": v["Speaker"] for v in (one.values for one in lines)}
