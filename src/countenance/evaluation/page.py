"""The page."""
from countenance.evaluation.report import Report


def render(report: Report) -> str:
    """The page."""
    return report.bundle
