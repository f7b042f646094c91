"""What a person sees in the terminal: a progress bar, and one short table at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from countenance.contracts.media import SECOND_US
from countenance.surface import words
from countenance.surface.record import CallRecord, ParticipantRecord, Use
from countenance.surface.series import Series


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that is there at once and vanishes when done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading the call", total=None, at="")

        def report(done_us: int, total_us: int) -> None:
            at = f"{words.clock(done_us)} of {words.clock(total_us)}"
            bar.update(task, completed=done_us, total=max(total_us, 1), at=at)

        yield report


def show(record: CallRecord, folder: Path) -> None:
    """A row per person, what was not read and why, and where the report is."""
    console = Console()
    table = Table(title=f"{escape(record.call.id)}: {words.clock(record.duration_us)}", title_justify="left")
    for heading in ("who", "read", "not read", "talked", "stood out"):
        table.add_column(heading)
    talk = {one.participant_id: one for one in record.telemetry.talk}
    for person in record.participants:
        who = person.participant
        spoke = talk.get(who.id)
        table.add_row(
            escape(f"{who.name} ({who.role.value})"),
            ", ".join(m.modality for m in person.modalities if m.use in (Use.READ, Use.STOPPED)) or "nothing",
            "\n".join(_unread(person)),
            words.lasting(spoke.talk_us) if spoke and spoke.sources else "not measured",
            "\n".join(_moments(record, who.id)),
        )
    console.print(table)
    for prompt in () if record.advised is None else record.advised.prompts:
        console.print(f"Advice at {words.clock(prompt.at_us)}: {escape(prompt.said)}", soft_wrap=True)
    for card in record.models:
        if not card.licence.commercial:
            console.print(f"[dim]{escape(card.licence.notice)}[/dim]", soft_wrap=True)
    console.print(words.NOT_FEELINGS, soft_wrap=True)
    console.print(f"Report: {escape(str(folder / 'report.html'))}", soft_wrap=True)


def _unread(person: ParticipantRecord) -> Iterator[str]:
    for one in person.modalities:
        if one.use is Use.REFUSED:
            yield f"{one.modality}: refused ({one.ruling.verdicts[0].rule_id})"
        elif one.use is Use.STOPPED and one.stopped_us is not None:
            yield f"{one.modality}: stopped at {words.clock(one.stopped_us)}"
        elif one.use in (Use.DECLINED, Use.NOT_ASKED) and one.ruling.duties.consent != "none":
            yield f"{one.modality}: no consent"


def _moments(record: CallRecord, who: str) -> Iterator[str]:
    for episode in record.episodes:
        if episode.participant_id == who:
            yield f"{words.plain(episode.name)} at {words.clock(episode.start_us)}"
    own = [s for s in record.series if s.participant_id == who and s.taxonomy == next(iter(record.taxonomies), None)]
    if own and (unsure := _unsure_seconds(own[0])):
        yield f"not enough signal for {unsure} s"


def _unsure_seconds(series: Series) -> int:
    ticks = zip(series.start_us.tolist(), series.end_us.tolist(), series.reasons, strict=True)
    return sum((end - start) // SECOND_US for start, end, reason in ticks if reason is not None)
