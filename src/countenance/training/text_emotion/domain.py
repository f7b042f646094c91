"""How often the encoder's rule for other languages speaks: on English, and on what is not English."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from countenance.contracts.readings import Reason
from countenance.encoders.wording import appraise
from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.datasets.maia_dqe import CustomerSentences
from countenance.training.text_emotion.figures import CHATS, Row, row


def domain_figures(tokenizer: Tokenizer, test: GoEmotionsSplit, chats: CustomerSentences | None) -> list[Row]:
    """Shares of texts that are refused as `out_of_domain` when no language is stated."""
    english = refused(tokenizer, test.texts)
    rows = [_share("english_refused", english, np.arange(len(english)), "GoEmotions official test, all English")]
    if chats is not None:
        foreign = refused(tokenizer, chats.sources)
        long = np.array([len(text.split()) >= 4 for text in chats.sources])
        protocol = f"{CHATS}; what customers wrote in German and Portuguese"
        rows.append(_share("foreign_refused", foreign, chats.dialogue, protocol))
        rows.append(_share("foreign_refused_4_words", foreign[long], chats.dialogue[long], protocol))
    return rows


def refused(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether the rule refuses each text."""
    found = tokenizer.encode_batch(list(texts))
    return np.array(
        [
            appraise(text, one.tokens[1:-1], None).reason is Reason.OUT_OF_DOMAIN
            for text, one in zip(texts, found, strict=True)
        ]
    )


def _share(metric: str, said: NDArray[np.bool_], groups: NDArray[np.int64], protocol: str) -> Row:
    return row(metric, lambda rows: float(said[rows].mean()), groups, protocol, None)
