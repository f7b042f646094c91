"""Asking a person whether their word that an estimate was wrong may be kept: a text of its own, word for word."""

import hashlib
from dataclasses import dataclass

from countenance.contracts.errors import ConsentError

LABELS = "labels"
"""Beside face, voice and text, what somebody may say yes to: that labels of their own seconds are kept."""
TEXTS = {
    "en": "When you say that an estimate about you was wrong, or a named reviewer says what was to be seen in a few "
    "seconds of yours, that label may be kept together with the estimate of these seconds, to check how good the "
    "estimates are. It is deleted with the readings of this call, when you take this yes back, and when you ask for "
    "deletion. Nothing changes for you if you say no.",
    "de": "Wenn Sie sagen, dass eine Schätzung über Sie falsch war, oder eine benannte Person sagt, was in einigen "
    "Ihrer Sekunden zu sehen war, darf diese Angabe zusammen mit der Schätzung dieser Sekunden aufbewahrt werden, um "
    "zu prüfen, wie gut die Schätzungen sind. Sie wird mit den Messwerten dieses Anrufs gelöscht, wenn Sie dieses Ja "
    "zurücknehmen, und wenn Sie Löschung verlangen. Sagen Sie nein, ändert sich für Sie nichts.",
    "es": "Cuando usted dice que una estimación sobre usted era errónea, o una persona designada dice qué se veía en "
    "unos segundos suyos, esa indicación puede guardarse junto con la estimación de esos segundos, para comprobar lo "
    "buenas que son las estimaciones. Se borra con las lecturas de esta llamada, cuando usted retira este sí y cuando "
    "pide el borrado. Si dice que no, nada cambia para usted.",
    "fr": "Quand vous dites qu'une estimation à votre sujet était fausse, ou qu'une personne désignée dit ce qui se "
    "voyait pendant quelques-unes de vos secondes, cette indication peut être conservée avec l'estimation de ces "
    "secondes, pour vérifier la qualité des estimations. Elle est effacée avec les mesures de cet appel, quand vous "
    "retirez ce oui et quand vous demandez l'effacement. Si vous dites non, rien ne change pour vous.",
}


@dataclass(frozen=True, slots=True)
class LabelNotice:
    """The text in one language."""

    language: str
    text: str

    @property
    def sha256(self) -> str:
        """Of the text, in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def label_notice(language: str) -> LabelNotice:
    """The text in a language; raises ConsentError where nobody has written it."""
    if language not in TEXTS:
        raise ConsentError(f"this question is not written in {language!r}", f"Ask in {', '.join(TEXTS)}.")
    return LabelNotice(language, TEXTS[language])


def shown(sha256: str) -> LabelNotice:
    """The text that somebody had before them; raises ConsentError where it is none of these."""
    for language in TEXTS:
        notice = label_notice(language)
        if notice.sha256 == sha256:
            return notice
    raise ConsentError("this is not the text that was asked with", "Show it, and answer with its text_sha256.")
