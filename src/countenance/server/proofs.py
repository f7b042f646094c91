"""The evidence pack of a tenant that is being served, as one file."""

from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from countenance.evaluation.cards.operator import read_operator
from countenance.evidence.pack import write_pack
from countenance.evidence.plan import own_fields
from countenance.evidence.reading import sum_up
from countenance.evidence.standing import Standing, standing
from countenance.server.public import as_deployment
from countenance.server.tenancy import Services


def pack_of(services: Services) -> BytesIO:
    """Everything `countenance evidence` writes, out of the running configuration and the open store."""
    deployed, today = services.deployed, services.control.clock.utc().date()
    told = {} if deployed.operator is None else read_operator(deployed.operator, own_fields())
    stands: Standing = standing(as_deployment(deployed), today, sum_up(services.tenant))
    made = BytesIO()
    with TemporaryDirectory() as place, ZipFile(made, "w", ZIP_DEFLATED) as archive:
        folder = write_pack(stands, told, Path(place) / "pack").folder
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.writestr(_named(file.relative_to(folder), today), file.read_bytes())
    return made


def _named(path: Path, today: date) -> ZipInfo:
    """The same pack on the same day is the same file."""
    info = ZipInfo(path.as_posix(), (today.year, today.month, today.day, 0, 0, 0))
    info.compress_type = ZIP_DEFLATED
    return info
