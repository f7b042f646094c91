"""Tables of labels as publishers and their copyists leave them: csv with any delimiter, or a spreadsheet.

Columns are chosen by name, names and values are stripped, and extra columns are ignored.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

from countenance.contracts.errors import DatasetError

DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table under its column names."""

    path: Path
    number: int
    """As an editor or a spreadsheet counts it: the header is 1."""
    values: Mapping[str, str]

    @property
    def source(self) -> str:
        """Where it stands: `labels.csv line 12`."""
        return f"{self.path.name} line {self.number}"

    def wrong(self, problem: str, remedy: str) -> DatasetError:
        """An error that names this line."""
        return DatasetError(f"{self.path}, line {self.number}: {problem}", remedy)

    def code(self, name: str, highest: int, lowest: int = 0) -> int:
        """A whole number of one column, within its range."""
        text = self.values[name]
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise self.wrong(f"{name} is {text!r}, not {lowest} to {highest}", "Fetch the label file again.")
        return int(text)


def read_table(path: Path, columns: Sequence[str]) -> list[Line]:
    """Every line of a csv or xlsx file that must have these columns."""
    rows = _sheet(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    number, head = next(rows, (1, []))
    names = [name.strip() for name in head]
    absent = [name for name in columns if name not in names]
    if absent:
        raise DatasetError(f"{path}, line {number}: no column {', '.join(absent)}", f"Found: {', '.join(names)}.")
    lines = []
    for number, fields in rows:
        if not any(field.strip() for field in fields):
            continue
        values = dict(zip(names, (field.strip() for field in fields), strict=False))
        line = Line(path, number, values)
        short = [name for name in columns if name not in values]
        if short:
            raise line.wrong(f"no value for {', '.join(short)}", "The line is cut short: fetch the file again.")
        lines.append(line)
    return lines


def header(path: Path) -> list[str]:
    """The column names of a csv file; empty when it cannot be read as text."""
    try:
        return [name.strip() for name in next(_csv(path), (1, []))[1]]
    except (OSError, DatasetError):
        return []


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            # Copies made with a spreadsheet in another language carry semicolons.
            reader = csv.reader(file, delimiter=max(DELIMITERS, key=first.count))
            for fields in reader:
                yield reader.line_num, fields
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is no readable table ({error})", "Save it as csv in UTF-8.") from error


def _sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        problem = f"{path} is a spreadsheet, and openpyxl is not installed"
        raise DatasetError(problem, "Install it: pip install 'countenance[train]'.") from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError) as error:
        raise DatasetError(f"{path} is no readable spreadsheet ({error})", "Fetch the file again.") from error
    try:
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            yield number, [_text(cell) for cell in cells]
    finally:
        book.close()


def _text(cell: object) -> str:
    if cell is None:
        return ""
    # Spreadsheets keep whole numbers as floats.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
