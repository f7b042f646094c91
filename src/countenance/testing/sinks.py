"""The promises of a sink, as a check that any implementation can run."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from countenance.contracts.readings import (
    Abstain,
    Estimate,
    Event,
    Evidence,
    ModalityUse,
    Phase,
    Reading,
    Reason,
    Signal,
)
from countenance.contracts.stages import Sink

S = 1_000_000
TAXONOMY = "engagement.v1"


def check_sink(open_sink: Callable[[], AbstractContextManager[Sink]], delivered: Callable[[], Sequence[str]]) -> None:
    """Hold a sink to its promises.

    `open_sink` opens the same empty place each time it has been emptied; `delivered` lists what arrived there, one
    text per reading, in order of arrival. Readings of the participant `p1` are used.
    """
    readings = sample_readings()
    with open_sink() as sink:
        for reading in readings:
            sink.deliver(reading)
        once = list(delivered())
        assert len(once) == len(readings), f"{len(readings)} readings were delivered, {len(once)} arrived"
        assert len(set(once)) == len(once), "two different readings arrived as the same text"
        for reading in (*readings, readings[0], *reversed(readings)):
            sink.deliver(reading)
        again = list(delivered())
        assert again == once, "a reading that was delivered again changed what had arrived"


def sample_readings(participant_id: str = "p1") -> tuple[Reading, ...]:
    """Readings of every kind: certain, unsure, abstained, another taxonomy, and a pair of events."""
    sure = signal(participant_id, 0, 0.9)
    silent = signal(participant_id, 2, None)
    return (
        sure,
        signal(participant_id, 1, 0.4),
        silent,
        signal(participant_id, 3, 0.8, "va.v1"),
        event(sure, Phase.STARTED, 0, 1),
        event(silent, Phase.ENDED, 0, 3),
    )


def signal(who: str, second: int, frustrated: float | None, taxonomy: str = TAXONOMY) -> Signal:
    """One tick; without a number it abstains."""
    heard = frustrated is not None
    labels = {} if frustrated is None else {"engaged": band(1 - frustrated), "frustrated": band(frustrated)}
    return Signal(
        participant_id=who,
        start_us=second * S,
        end_us=(second + 1) * S,
        taxonomy=taxonomy,
        calibration_id="made.v1",
        labels=labels,
        dimensions={"valence": Estimate(-0.25, -0.5, 0.0)} if heard else {},
        label="frustrated" if frustrated is not None and frustrated > 0.5 else None,
        modalities={
            "face": ModalityUse(heard, 1.0 if heard else 0.0, 0.8 if heard else 0.0, None if heard else "no_face"),
            "voice": ModalityUse(False, 0.0, 0.0, "no_consent"),
        },
        evidence=(Evidence("brow_lower", 0.7, 0.9),) if heard else (),
        abstain=None if heard else Abstain(Reason.NO_FACE, "nobody in the picture"),
    )


def band(value: float, half: float = 0.1) -> Estimate:
    """A probability with its band, cut to 0..1."""
    return Estimate(value, max(0.0, value - half), min(1.0, value + half))


def event(reading: Signal, phase: Phase, start: int, end: int, name: str = "frustration_spike") -> Event:
    """One half of a pair."""
    who = reading.participant_id
    return Event(name, phase, f"{who}-{name}-{start}", start * S, end * S, reading, "frustrated")
