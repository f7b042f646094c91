"""Turn-taking measured from who spoke when; pure functions, integer microseconds, no model.

The rules, in the order in which they apply:

- *Talk* is the union of a participant's stretches, cut to the call.
- A *turn* joins own stretches over own silence shorter than `bridge_us` in which nobody else speaks; anyone
  else's speech inside that silence ends the turn. A *monologue* is a turn, from its first to its last
  sound.
- A *pause* is own silence of at least `pause_us` between two own stretches in which nobody else speaks,
  however long.
- A *response* is a turn that begins when no other turn is running and after another's turn that ended later
  than the own previous one; its lag runs from that end to the own start. A turn that begins inside
  another's turn has no lag (it would be negative): it is counted as an overlap.
- An *interruption* is a turn that begins inside another's turn, overlaps it by at least `overlap_us`, and
  sees the other stop within `yield_us` of its beginning while it goes on. Shorter overlaps are ordinary
  turn-taking; words that end before the other stops are listening noises.
- *Dead air* is a stretch of at least `dead_air_us` in which nobody measured speaks, from call start to call
  end.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.telemetry import CallTelemetry, Lag, Stretch, TalkMeasures, Turn

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TurnRules:
    """The limits that the measures use, in microseconds."""

    bridge_us: int = 1_500_000
    pause_us: int = 300_000
    overlap_us: int = 300_000
    yield_us: int = 2_000_000
    dead_air_us: int = 3_000_000


DEFAULT_RULES = TurnRules()


def measure(
    duration_us: int,
    participants: Sequence[str],
    stretches: Iterable[Stretch],
    words: Iterable[Utterance] = (),
    rules: TurnRules = DEFAULT_RULES,
) -> CallTelemetry:
    """Measure the turn-taking of a call; `words` holds only utterances that may be read."""
    heard = [one for one in stretches if one.participant_id in participants]
    spoken = {who: talk_spans(heard, who, duration_us) for who in participants}
    turns = find_turns(spoken, rules)
    cuts = find_interruptions(turns, rules)
    pace = words_per_minute(words)
    total = sum(length(spans) for spans in spoken.values())
    talk = tuple(
        TalkMeasures(
            participant_id=who,
            sources=tuple(sorted({one.source for one in heard if one.participant_id == who})),
            talk_us=length(spans),
            talk_share=length(spans) / total if total else 0.0,
            turns=sum(turn.participant_id == who for turn in turns),
            monologue=longest(turn for turn in turns if turn.participant_id == who),
            pauses=len(pauses := find_pauses(spoken, who, rules)),
            longest_pause_us=max(pauses, default=0),
            response=response_lag(turns, who),
            interruptions=sum(by == who for by, _ in cuts),
            interrupted=sum(of == who for _, of in cuts),
            words_per_minute=pace.get(who),
        )
        for who, spans in spoken.items()
    )
    return CallTelemetry(duration_us, talk, turns, find_silences(spoken, duration_us, rules))


def talk_spans(stretches: Iterable[Stretch], who: str, duration_us: int) -> tuple[Span, ...]:
    """The union of one participant's stretches inside the call, in order."""
    return union((max(0, one.start_us), min(duration_us, one.end_us)) for one in stretches if one.participant_id == who)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans joined where they touch or overlap; empty ones fall away."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def length(spans: Iterable[Span]) -> int:
    """Microseconds covered by spans that do not overlap."""
    return sum(end - start for start, end in spans)


def longest(turns: Iterable[Turn]) -> Turn | None:
    """The longest turn, the earliest of equals."""
    return max(turns, key=lambda turn: (turn.length_us, -turn.start_us), default=None)


def find_turns(spoken: Mapping[str, tuple[Span, ...]], rules: TurnRules = DEFAULT_RULES) -> tuple[Turn, ...]:
    """The turns of everybody, in order of start."""
    turns: list[Turn] = []
    for who, spans in spoken.items():
        others = _others(spoken, who)
        begun: list[Span] = []
        for start, end in spans:
            joins = begun and start - begun[-1][1] < rules.bridge_us and _quiet(others, begun[-1][1], start)
            if joins:
                begun[-1] = (begun[-1][0], end)
            else:
                begun.append((start, end))
        turns.extend(Turn(start, end, who) for start, end in begun)
    return tuple(sorted(turns))


def find_pauses(spoken: Mapping[str, tuple[Span, ...]], who: str, rules: TurnRules = DEFAULT_RULES) -> list[int]:
    """Lengths of one participant's own silences between own stretches while nobody else spoke."""
    others = _others(spoken, who)
    spans = spoken[who]
    return [
        after[0] - before[1]
        for before, after in pairwise(spans)
        if after[0] - before[1] >= rules.pause_us and _quiet(others, before[1], after[0])
    ]


def response_lag(turns: Sequence[Turn], who: str) -> Lag:
    """How long after another's turn this participant's turns begin."""
    lags: list[int] = []
    overlaps = 0
    for turn, last in _in_context(turns):
        if turn.participant_id != who:
            continue
        own = last[who].end_us if who in last else -1
        theirs = max((other.end_us for other in last.values() if other.participant_id != who), default=-1)
        if theirs > turn.start_us:
            overlaps += 1
        elif theirs > own:
            lags.append(turn.start_us - theirs)
    lags.sort()
    return Lag(len(lags), _median(lags), _nearest_rank(lags, 9, 10), overlaps)


def find_interruptions(turns: Sequence[Turn], rules: TurnRules = DEFAULT_RULES) -> tuple[tuple[str, str], ...]:
    """Who cut off whom, once per pair of turns."""
    return tuple(
        (late.participant_id, early.participant_id)
        for late, last in _in_context(turns)
        for early in last.values()
        if early.participant_id != late.participant_id
        and rules.overlap_us <= early.end_us - late.start_us <= rules.yield_us
        and late.end_us > early.end_us
    )


def find_silences(
    spoken: Mapping[str, tuple[Span, ...]], duration_us: int, rules: TurnRules = DEFAULT_RULES
) -> tuple[Span, ...]:
    """Stretches of dead air."""
    talk = union(span for spans in spoken.values() for span in spans)
    edges = (0, *(edge for span in talk for edge in span), duration_us)
    quiet = zip(edges[::2], edges[1::2], strict=True)
    return tuple((start, end) for start, end in quiet if end - start >= max(1, rules.dead_air_us))


def words_per_minute(words: Iterable[Utterance]) -> dict[str, float]:
    """Pace of speech per participant, over the time that the utterances themselves cover."""
    counts: dict[str, int] = {}
    spans: dict[str, list[Span]] = {}
    for line in words:
        counts[line.participant_id] = counts.get(line.participant_id, 0) + count_words(line.text)
        spans.setdefault(line.participant_id, []).append((line.start_us, line.end_us))
    covered = {who: length(union(own)) for who, own in spans.items()}
    return {who: counts[who] * 60 * SECOND_US / time for who, time in covered.items() if time}


def count_words(text: str) -> int:
    """Words between spaces that hold a letter or a digit."""
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def _in_context(turns: Sequence[Turn]) -> Iterator[tuple[Turn, dict[str, Turn]]]:
    """Each turn with everybody's last turn that began strictly earlier."""
    last: dict[str, Turn] = {}
    for _, together in groupby(turns, key=lambda turn: turn.start_us):
        begun = tuple(together)
        for turn in begun:
            yield turn, last
        last = last | {turn.participant_id: turn for turn in begun}


def _others(spoken: Mapping[str, tuple[Span, ...]], who: str) -> tuple[Span, ...]:
    return union(span for other, spans in spoken.items() if other != who for span in spans)


def _quiet(others: Sequence[Span], start: int, end: int) -> bool:
    """True when none of the ordered, disjoint spans touches the half-open stretch."""
    first = bisect_right(others, start, key=lambda span: span[1])
    return first == len(others) or bisect_left(others, end, key=lambda span: span[0]) <= first


def _median(ordered: Sequence[int]) -> int | None:
    if not ordered:
        return None
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2


def _nearest_rank(ordered: Sequence[int], part: int, whole: int) -> int | None:
    return ordered[-(-len(ordered) * part // whole) - 1] if ordered else None
