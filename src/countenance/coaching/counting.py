"""Conditions about what can be counted: who spoke for how long, and which words; nothing is inferred about anybody."""

from countenance.coaching import speech
from countenance.coaching.conditions import (
    MonologueCondition,
    QuestionsCondition,
    SaidCondition,
    Side,
    SilenceCondition,
    SpeaksCondition,
    TalkCondition,
)
from countenance.coaching.found import NO, UNKNOWN, Found, Judge
from countenance.coaching.scene import Scene
from countenance.contracts.media import SECOND_US


def talks(c: TalkCondition) -> Judge:
    """The share of one side in all talk."""

    def judge(scene: Scene, since_us: int) -> Found:
        first_us = max(scene.end_us - c.over_s * SECOND_US, since_us)
        if not all(scene.measures(side, first_us) for side in Side):
            return UNKNOWN
        talk = {side: scene.talk_us(side, first_us) for side in Side}
        total = sum(talk.values())
        if total < c.least_s * SECOND_US:
            return NO
        share = talk[c.who] / total
        low, high = c.share_at_least, c.share_at_most
        if (low is not None and share < low) or (high is not None and share > high):
            return NO
        seconds = (scene.end_us - first_us) // SECOND_US
        return Found(True, seconds, first_us, share=share, features=((f"talk.share.{c.who}", share),))

    return judge


def speaks(c: SpeaksCondition) -> Judge:
    """How long one side spoke."""

    def judge(scene: Scene, since_us: int) -> Found:
        first_us = max(scene.end_us - c.over_s * SECOND_US, since_us)
        spoken = scene.talk_us(c.who, first_us)
        if spoken >= c.at_least_s * SECOND_US:
            seconds = spoken // SECOND_US
            return Found(True, seconds, first_us, features=((f"talk.seconds.{c.who}", spoken / SECOND_US),))
        return NO if scene.measures(c.who) else UNKNOWN

    return judge


def goes_on(c: MonologueCondition) -> Judge:
    """How long somebody has been speaking without a break."""

    def judge(scene: Scene, _since_us: int) -> Found:
        if not scene.measures(c.who):
            return UNKNOWN
        longest = max((scene.turn_us(who) for who in scene.people(c.who)), default=0)
        if longest < c.at_least_s * SECOND_US:
            return NO
        seconds = longest // SECOND_US
        return Found(True, seconds, scene.end_us - longest, features=((f"talk.turn_seconds.{c.who}", float(seconds)),))

    return judge


def is_silent(c: SilenceCondition) -> Judge:
    """For how long nobody has spoken."""

    def judge(scene: Scene, _since_us: int) -> Found:
        silent = scene.silent_us()
        if silent is None:
            return UNKNOWN
        if silent < c.at_least_s * SECOND_US:
            return NO
        seconds = silent // SECOND_US
        return Found(True, seconds, scene.end_us - silent, features=(("talk.silence_seconds", float(seconds)),))

    return judge


def said(c: SaidCondition) -> Judge:
    """Whether one of some phrases was said."""

    def judge(scene: Scene, since_us: int) -> Found:
        first_us = max(scene.end_us - c.within_s * SECOND_US, since_us)
        for one in reversed(scene.said_since(c.who, first_us)):
            if (phrase := speech.says(one, c.phrases.by_language)) is not None:
                seconds = (scene.end_us - one.end_us) // SECOND_US
                return Found(True, seconds, one.start_us, words=phrase, features=((f"words.phrase.{c.who}", 1.0),))
        return NO if scene.may_read(c.who) else UNKNOWN

    return judge


def asked(c: QuestionsCondition) -> Judge:
    """How many questions one side asked."""

    def judge(scene: Scene, since_us: int) -> Found:
        first_us = max(scene.end_us - c.over_s * SECOND_US, since_us)
        count = sum(speech.questions(one) for one in scene.said_since(c.who, first_us))
        if not scene.may_read(c.who):
            return UNKNOWN
        if (c.at_least is not None and count < c.at_least) or (c.at_most is not None and count > c.at_most):
            return NO
        seconds = (scene.end_us - first_us) // SECOND_US
        return Found(True, seconds, first_us, features=((f"words.questions.{c.who}", float(count)),))

    return judge
