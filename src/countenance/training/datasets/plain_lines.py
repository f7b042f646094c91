"""Label files that are plain lines of text without a header."""

from collections.abc import Iterator
from pathlib import Path

from countenance.contracts.errors import DatasetError


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Every line with its number, blank ones too; other characters that break lines stay in the text."""
    for number, line in enumerate(text_of(path).split("\n"), start=1):
        yield number, line.rstrip("\r")


def text_of(path: Path) -> str:
    """The content of a text file; raises DatasetError when it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 ({error.reason})", "Fetch the file again.") from error


def first_line(path: Path) -> str:
    """The first line that is not blank, to recognise a file by; empty when there is none or it is not readable text."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            return next((line.rstrip("\r\n") for line in lines if line.strip()), "")
    except (OSError, UnicodeDecodeError):
        return ""
