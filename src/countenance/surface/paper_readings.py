"""What a paper says of the readings and of the conversation: curves, windows, events, measures."""

from collections.abc import Iterator, Mapping

import numpy as np

from countenance.contracts.features import feature_words
from countenance.contracts.media import SECOND_US
from countenance.surface import words
from countenance.surface.findings import Stretch, shares, stretches
from countenance.surface.paper_blocks import Block, Review, head, table, text
from countenance.surface.printing import LEVELS, TALL, picture, rank, y
from countenance.surface.series import Episode, Series
from countenance.surface.view import ticks
from countenance.surface.wording import Wording

MOST_ROWS = 150
"""Of the windows of one person; the JSON and the CSV hold them all."""
FEATURES = 3


def readings(review: Review, wording: Wording, names: Mapping[str, str]) -> Iterator[Block]:
    """Each person's curves with their bands, and the same in words."""
    _ = wording.say
    yield head(_("What was read"))
    if not any(len(one) for one in review.series):
        yield text(_("Nobody was read, or what was read is not for whoever made this paper."))
    for series in review.series:
        if len(series):
            yield from _person(review, wording, names[series.participant_id], series)


def _person(review: Review, wording: Wording, name: str, series: Series) -> Iterator[Block]:
    _, duration_us = wording.say, int(review.summary["call"]["duration_us"])
    yield head(f"{name}, {words.plain(series.taxonomy)}", 2)
    levels = [(y(p) / TALL, wording.say(words.likelihood(p))) for p in LEVELS]
    for label, curve in sorted(series.labels.items(), key=lambda one: rank(one[0])):
        shown = tuple(
            (one.start_us, duration_us if one.end_us is None else one.end_us)
            for one in review.episodes
            if (one.participant_id, one.taxonomy, one.label) == (series.participant_id, series.taxonomy, label)
        )
        about = _("How probable {state} was over the call, with its band; the table below says the same in words.")
        yield {
            "kind": "curve",
            "name": words.capital(wording.state(label)),
            "svg": picture(series, curve, label, duration_us, shown),
            "alt": about.format(state=wording.state(label)),
            "levels": levels,
        }
    yield {"kind": "axis", "ticks": [(left / 100, at) for left, at in ticks(duration_us)]}
    yield text(_("Hatched: no reading. Shaded: an event. The band holds what the value may well have been."))
    yield table(_("The call by state"), (_("State"), _("Time")), _divided(series, wording, duration_us))
    runs = stretches(series)
    rows = [
        (words.clock(run.start_us), words.clock(run.end_us), _run(series, run, wording)) for run in runs[:MOST_ROWS]
    ]
    yield table(_("What it says, from time to time"), (_("From"), _("To"), _("What it says")), rows, 2)
    if len(runs) > MOST_ROWS:
        yield text(_("{count} more stretches are in the JSON and the CSV.").format(count=len(runs) - MOST_ROWS))


def _divided(series: Series, wording: Wording, duration_us: int) -> list[tuple[str, str]]:
    _, divided = wording.say, shares(series, duration_us)
    rows = [(wording.state(name), us) for name, us in sorted(divided.labels.items(), key=lambda one: rank(one[0]))]
    rows.append((_("no clear state"), divided.unclear_us))
    rows += [(_("not sure: {reason}").format(reason=wording.reason(name)), us) for name, us in divided.not_sure.items()]
    rows.append((_("not read"), divided.not_read_us))
    return [(name, words.clock(us)) for name, us in rows if us]


def _run(series: Series, run: Stretch, wording: Wording) -> str:
    _ = wording.say
    if run.reason is not None:
        return _("not sure: {reason}").format(reason=wording.reason(run.reason))
    if run.label is None or run.label not in series.labels:
        return _("no clear state")
    curve, rows = series.labels[run.label], slice(run.first, run.after)
    return wording.estimate(run.label, *(float(np.nanmean(one[rows])) for one in (curve.value, curve.low, curve.high)))


def events(review: Review, wording: Wording, names: Mapping[str, str]) -> Iterator[Block]:
    """What was raised, when, about whom, how sure and why."""
    _ = wording.say
    yield head(_("Events"))
    if not review.episodes:
        yield text(_("No event was raised in this call."))
        return
    rows = [
        (
            f"{words.clock(one.start_us)}–{_('end') if one.end_us is None else words.clock(one.end_us)}",
            names[one.participant_id],
            wording.event(one.name),
            _sure(one, wording),
            ", ".join(feature_words(name, wording.language) for name, _effect in one.evidence[:FEATURES]),
        )
        for one in sorted(review.episodes, key=lambda each: each.start_us)
    ]
    columns = (_("Time"), _("Who"), _("Event"), _("How sure, when it was raised"), _("Measured"))
    yield table(_("Every event, in order"), columns, rows, 4)


def _sure(one: Episode, wording: Wording) -> str:
    if one.probability is None or one.interval is None:
        return wording.state(one.label)
    return wording.estimate(one.label, one.probability, *one.interval)


def talk(review: Review, wording: Wording, names: Mapping[str, str]) -> Iterator[Block]:
    """Who spoke how much: counted, not inferred."""
    _ = wording.say
    measured = [one for one in review.summary["participants"] if one.get("talk")]
    yield head(_("How the conversation went"))
    if not measured:
        yield text(_("Nobody's turns could be measured: nobody was heard, or nobody agreed."))
        return
    found = [one["talk"] for one in measured]
    rows = [
        (_("Share of the talking"), [wording.share(one["talk_share"]) for one in found]),
        (_("Time spoken"), [words.clock(one["talk_us"]) for one in found]),
        (_("Longest stretch without the other"), [_length(one["longest_monologue"]) for one in found]),
        (_("Wait before answering (median)"), [_seconds(one["response"]["median_us"], wording) for one in found]),
        (_("Times cut in"), [wording.number(one["interruptions"]) for one in found]),
        (_("Words a minute"), [_rate(one["words_per_minute"], wording) for one in found]),
    ]
    heads = ("", *(names[one["participant_id"]] for one in measured))
    yield table(_("Measures of the conversation"), heads, [(name, *cells) for name, cells in rows], 0)
    silence = words.clock(review.summary["dead_air_us"])
    yield text(
        _("Of who spoke when; it infers nothing about anybody. {silence} of silence in all.").format(silence=silence)
    )


def _length(span: Mapping[str, int] | None) -> str:
    return "–" if span is None else words.clock(span["end_us"] - span["start_us"])


def _seconds(us: int | None, wording: Wording) -> str:
    _ = wording.say
    return "–" if us is None else _("{count} s").format(count=wording.number(us / SECOND_US, 1))


def _rate(value: float | None, wording: Wording) -> str:
    return "–" if value is None else wording.number(value)
