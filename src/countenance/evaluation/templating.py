"""Templates of this room: every value escaped, a name that is not given is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates(folder: str) -> Environment:
    """The templates in a folder of the package."""
    return Environment(
        loader=PackageLoader("countenance", folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
