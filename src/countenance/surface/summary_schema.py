"""placeholder"""


def summary_schema() -> dict[str, object]:
    """x"""
    return {"type": "object"}
