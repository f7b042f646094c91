"""One participant's place in a call: their samplers, their open window and its lease, and what is read under it."""

import asyncio
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from countenance.contracts.call import Modality, Participant
from countenance.contracts.errors import RefusedError
from countenance.contracts.media import Missing, Sample
from countenance.contracts.readings import Abstain, Observation, Window
from countenance.contracts.stages import Encoder, Sampler
from countenance.contracts.trust import Lease
from countenance.fusion.windowing import Windower
from countenance.permission import Guard


@dataclass(slots=True)
class Opened:
    """One window of one participant, from when it is opened until it is fused."""

    start_us: int
    end_us: int
    lease: Lease | None = None
    counts: dict[Modality, int] = field(default_factory=dict)
    """Samples that were read under the lease."""
    cut: list[tuple[Modality, Sequence[Sample]]] = field(default_factory=list)
    """Samples that are yet to be read."""
    seen: list[Observation] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    @property
    def covered(self) -> Sequence[Modality]:
        """What the lease names."""
        return self.lease.modalities if self.lease is not None else ()

    def may_read(self, modality: Modality, guard: Guard) -> bool:
        """Whether a lease stands for it at this moment."""
        if self.lease is None or modality not in self.covered:
            return False
        try:
            guard.check(self.lease, modality)
        except RefusedError:
            return False
        return True

    def read(self, modality: Modality, samples: Sequence[Sample], encoders: Sequence[Encoder]) -> None:
        """Run the encoders of a modality."""
        for encoder in encoders:
            if encoder.takes.modality == modality and (taken := encoder.takes.of(samples)):
                self.seen += encoder.encode(taken)
        self.counts[modality] = self.counts.get(modality, 0) + len(samples)

    def read_cut(self, encoders: Sequence[Encoder], guard: Guard) -> None:
        """Read what is cut, as far as nobody has stopped it meanwhile."""
        for modality, samples in self.cut:
            if self.may_read(modality, guard):
                self.read(modality, samples, encoders)


@dataclass(slots=True)
class Seat:
    """What is held of one participant."""

    participant: Participant
    samplers: Mapping[Modality, Sampler]
    windower: Windower
    open: Opened
    reading: "asyncio.Task[None] | None" = None

    def drop(self, modality: Modality) -> None:
        """Forget what is queued and what was read of a modality in the open window."""
        self.samplers[modality].drop()
        self.windower.drop(modality)
        self.open.seen = [one for one in self.open.seen if one.modality != modality]

    def read_ready(self, modality: Modality, guard: Guard, encoders: Sequence[Encoder]) -> None:
        """Read what is queued and need not wait for the end of the open window."""
        if self.open.may_read(modality, guard):
            self.open.read(modality, self.samplers[modality].ready(), encoders)

    def cut(self, window: Opened, guard: Guard, barred: Container[Modality]) -> None:
        """Cut what is left of a window; what was taken back, or has no lease any more, is let go."""
        for modality in window.covered:
            if modality in barred or not window.may_read(modality, guard):
                self.samplers[modality].drop()
                continue
            samples, missing = self.samplers[modality].samples(window.start_us, window.end_us)
            window.cut.append((modality, samples))
            window.missing += missing

    def close(self, window: Opened, barred: Mapping[Modality, Abstain]) -> Window:
        """What a window holds now that all of it was read."""
        self.windower.add(window.seen)
        self.windower.miss(window.missing)
        return self.windower.close(window.start_us, window.end_us, barred)
