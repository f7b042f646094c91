"""The review of a call for paper: what its reader may see, as headings, sentences, tables and pictures in order.

The same summary, readings and comments as the JSON and the CSV; words that were said are left out, for people are told
that they are not kept. `typesetting` makes a PDF of it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from countenance.contracts.call import TELEMETRY
from countenance.surface import words
from countenance.surface.paper_blocks import Block, Review, head, table, text
from countenance.surface.paper_readings import events, readings, talk
from countenance.surface.wording import Wording


def paper(review: Review, wording: Wording) -> Block:
    """The whole paper, ready to be set."""
    _, call = wording.say, review.summary["call"]
    names = wording.names(review.summary["participants"])
    started = None if call["started_at"] is None else datetime.fromisoformat(call["started_at"])
    title = _("Review of a call") if started is None else _("Call of {when}").format(when=wording.day(started))
    about = [wording.purpose(call["purpose"]), *([] if started is None else [wording.time(started)])]
    about += [words.clock(call["duration_us"]), ", ".join(names.values())]
    return {
        "language": wording.language,
        "title": title,
        "about": " · ".join(about),
        "foot": _("Signals, not feelings"),
        "made": _("Made on {when}").format(when=wording.moment(review.made_at)),
        "at_s": int(review.made_at.timestamp()),
        "notices": [
            _(
                "Not for employment decisions. These are probabilities over what could be seen, heard and read; "
                "nobody's worth or work is measured here."
            ),
            _("Words that were said are not in here: people were told that they are measured and not kept."),
        ],
        "blocks": [
            *_permitted(review, wording, names),
            *readings(review, wording, names),
            *events(review, wording, names),
            *talk(review, wording, names),
            *_remarks(review, wording, names),
            *_grounds(review, wording),
        ],
    }


def _permitted(review: Review, wording: Wording, names: Mapping[str, str]) -> Iterator[Block]:
    _ = wording.say
    rows = []
    for person in review.summary["participants"]:
        for one in person["modalities"]:
            if one["modality"] != TELEMETRY:
                why = next((each for each in one["ruling"]["verdicts"] if each["verdict"] == "deny"), None)
                refused = one["use"] == "refused" and why is not None
                reason = f"{why.get('said', why['reason'])} ({why['citation']})" if refused and why is not None else ""
                rows.append(
                    (
                        names[person["participant_id"]],
                        wording.modality(one["modality"]),
                        wording.use(one["use"]),
                        reason,
                    )
                )
    yield head(_("What was permitted, and what was read"))
    columns = (_("Who"), _("What"), _("What became of it"), _("The rule that refuses"))
    yield table(_("Each person and each way of reading them"), columns, rows, 3)


def _remarks(review: Review, wording: Wording, names: Mapping[str, str]) -> Iterator[Block]:
    _ = wording.say
    if review.comments:
        yield head(_("Comments"))
        unknown = _("somebody who was erased")
        rows = [(words.clock(one.at_us), names.get(one.participant_id, unknown), one.words) for one in review.comments]
        yield table(_("Comments, in order of time"), (_("Time"), _("About"), _("Comment")), rows, 2)
    if review.answers:
        yield head(_("Scorecard"))
        yield text(
            _("Your own view of the conversation. Nobody else sees it, and it counts for nothing but your memory.")
        )
        silent = _("did not come up")
        answers = [(question, silent if score is None else str(score)) for question, score in review.answers]
        yield table(_("1: not at all, 5: throughout"), (_("Question"), _("Answer")), answers, 0)


def _grounds(review: Review, wording: Wording) -> Iterator[Block]:
    _, summary = wording.say, review.summary
    yield head(_("What it rests on"))
    rows = [
        (
            one["id"],
            wording.modality(one["modality"]),
            one["version"],
            one["licence"]["weights"],
            one["licence"]["data"],
        )
        for one in summary["models"]
    ]
    if rows:
        columns = (_("Model"), _("Reads"), _("Version"), _("Licence of the weights"), _("Licence of the data"))
        yield table(_("The models; their cards say how good they are, and for whom not"), columns, rows, 4)
    facts = [(_("Policy"), f"{summary['policy']['pack']} {summary['policy']['digest'][:16]}")]
    if summary["retention_days"] is not None:
        facts.append((_("Kept for"), _("{count} days").format(count=summary["retention_days"])))
    if summary["audit"] is not None:
        facts.append((_("The call in the log"), summary["audit"]["call_ref"]))
        facts.append((_("Entries of the log"), wording.number(summary["audit"]["entries"])))
        facts.append((_("Root of the log"), summary["audit"]["root"]))
    yield table(_("What proves it"), (_("What"), _("Value")), facts, 1)
