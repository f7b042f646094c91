"""How often the encoder's rule for other languages speaks: on English, and on what is not English."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from countenance.contracts.readings import Reason
from countenance.encoders.wording import appraise
from countenance.evaluation.metrics import mean_of
from countenance.evaluation.scores import Kind, Scores
from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.datasets.maia_dqe import CustomerSentences
from countenance.training.text_emotion.figures import Row, rows_of

_LONG = 4


def english_rows(tokenizer: Tokenizer, test: GoEmotionsSplit, protocol: str) -> list[Row]:
    """Share of English comments that are refused as `out_of_domain` when no language is stated."""
    ids = np.array(test.ids)
    return _share("english_refused", refused(tokenizer, test.texts), ids, ids, f"{protocol}; all English")


def foreign_rows(tokenizer: Tokenizer, chats: CustomerSentences, protocol: str) -> list[Row]:
    """The same share of what customers wrote in German and Portuguese."""
    said = refused(tokenizer, chats.sources)
    ids = np.array([f"{number:05d}" for number in range(len(said))])
    talks = np.array([str(number) for number in chats.dialogue])
    long = np.array([len(text.split()) >= _LONG for text in chats.sources])
    told = f"{protocol}; what customers wrote in German and Portuguese"
    return [
        *_share("foreign_refused", said, ids, talks, told),
        *_share("foreign_refused_4_words", said[long], ids[long], talks[long], told),
    ]


def refused(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether the rule refuses each text."""
    found = tokenizer.encode_batch(list(texts))
    return np.array(
        [
            appraise(text, one.tokens[1:-1], None).reason is Reason.OUT_OF_DOMAIN
            for text, one in zip(texts, found, strict=True)
        ]
    )


def _share(
    metric: str, said: NDArray[np.bool_], ids: NDArray[np.str_], clusters: NDArray[np.str_], protocol: str
) -> list[Row]:
    if not len(said):
        return []
    table = Scores(
        kind=Kind.OUTCOME,
        ids=ids,
        labels=("refused",),
        probabilities=said.astype(np.float64)[:, None],
        targets=np.full((len(said), 1), np.nan),
        protocol=protocol,
        clusters=clusters,
    )
    return rows_of(table, [(metric, mean_of("refused"))])
