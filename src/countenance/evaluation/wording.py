"""Names and sentences of the evaluation page, in plain words."""

from countenance.evaluation.report import Report

TITLES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "weighted_f1": "Weighted F1",
    "uar": "UAR",
    "auc": "AUC",
    "brier": "Brier score",
    "brier_votes": "Brier score against votes",
    "nll": "Surprise (NLL)",
    "ece_15": "Calibration error",
    "ece_classwise": "Calibration error, every label",
    "kl_votes": "Divergence from votes",
}
PREFIXES = {
    "f1_": "F1",
    "auc_": "AUC",
    "ece_": "Calibration error",
    "pearson_": "Correlation",
    "ccc_": "Concordance",
    "rmse_": "Typical error",
}
SETS = {
    "lac": "every label whose probability reaches one bar: the smallest sets",
    "aps": "labels by falling probability until their sum reaches one bar: larger where the model wavers",
}
CLUSTERS = {"subject": "people", "dialogue": "dialogues", "row": "rows"}


def title(name: str) -> str:
    """The name of a measure for people."""
    if name in TITLES:
        return TITLES[name]
    if name.startswith("mean_"):
        return sentence(plain(name.removeprefix("mean_")))
    for prefix, words in PREFIXES.items():
        if name.startswith(prefix):
            return f"{words}, {plain(name.removeprefix(prefix))}"
    return plain(name)


def plain(name: str) -> str:
    """An identifier as words."""
    return name.replace("_", " ")


def sentence(words: str) -> str:
    """Words with a capital at the beginning and the rest as it was."""
    return words[:1].upper() + words[1:]


def number(value: float | None) -> str:
    """A figure with three decimals, or that there is none."""
    return "not defined" if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """A difference with its sign."""
    return "" if value is None else f"{value:+.3f}"


def span(low: float | None, high: float | None) -> str:
    """An interval, or that there is none."""
    return "no interval" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def signed_span(low: float | None, high: float | None) -> str:
    """An interval of a difference."""
    return "no interval" if low is None or high is None else f"{low:+.3f} to {high:+.3f}"


def percent(value: float | None) -> str:
    """A share in per cent."""
    return "not defined" if value is None else f"{100 * value:.1f} %"


def counted(count: int) -> str:
    """A number with its thousands apart."""
    return f"{count:,}"


def headline(report: Report) -> str:
    """What the page comes down to, in a sentence or two."""
    rows = f"{counted(report.n)} rows"
    if report.kind == "distribution":
        first = report.metrics["accuracy"]
        right = f"{percent(first.value)} of {counted(first.n)} rows"
        always = f" Always naming the commonest would be right in {percent(first.majority)}."
        told = f"The likeliest of {len(report.labels)} labels is the right one in {right}."
        return told + (always if first.majority is not None else "")
    if report.kind == "multilabel":
        best, worst = _best_and_worst(report)
        return f"It ranks {best} best and {worst} worst of {len(report.labels)} labels, over {rows}."
    if report.kind == "dimension":
        said = [f"{plain(name)} {number(report.metrics[f'pearson_{name}'].value)}" for name in report.labels]
        return f"Correlation with what people said, over {rows}: {', '.join(said)}."
    said = [f"{plain(name)} {number(report.metrics[f'mean_{name}'].value)}" for name in report.labels]
    return f"Over {rows}: {', '.join(said)}."


def judged(report: Report) -> str:
    """Who said which group somebody belongs to."""
    if report.self_reported:
        return "People stated their groups themselves."
    return "Others judged or estimated the groups; nobody stated them about themselves."


def _best_and_worst(report: Report) -> tuple[str, str]:
    known = [(report.metrics[f"auc_{label}"].value, label) for label in report.labels]
    ranked = sorted((value, label) for value, label in known if value is not None)
    return (plain(ranked[-1][1]), plain(ranked[0][1])) if ranked else ("nothing", "nothing")
