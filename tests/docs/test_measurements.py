"""The page of measurements says what the files beside it say."""

import re

from bench.evaluate import OUT, RUNS, page

from countenance.evaluation.report import read_report


def test_the_page_of_measurements_is_what_the_command_writes() -> None:
    assert (OUT / "README.md").read_text(encoding="utf-8") == page()


def test_every_measurement_is_of_a_whole_split_with_nobody_of_training_in_it() -> None:
    for run in (run for run in RUNS if not run.leak):
        report = read_report(OUT / run.file)
        assert report.identities.shared == 0
        assert "evenly spread" not in report.protocol
        assert (report.bundle, report.data.corpus, report.data.split) == (run.bundle, run.corpus, run.split)


def test_data_that_may_only_be_measured_on_chose_nothing() -> None:
    for name in ("maia_dqe", "meld", "fairface"):
        reports = [read_report(OUT / run.file) for run in RUNS if run.corpus == name]
        assert reports
        assert not any(report.conformal or (report.risk_coverage and report.risk_coverage.chosen) for report in reports)


def test_the_tables_of_scores_stay_out_of_the_repository() -> None:
    ignored = (OUT.parents[1] / ".gitignore").read_text(encoding="utf-8")
    assert re.search(r"^docs/evaluation/\*\*/\*\.npz$", ignored, flags=re.MULTILINE)
