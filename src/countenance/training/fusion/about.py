"""What a page of an ablation says of its rows."""

from countenance.training.fusion.match import EXPLAINED


def about_tuples(side: str) -> dict[str, str]:
    """What the page says of tuples of one side, the warning among it."""
    source, actors = SIDE_OF[side]
    return {
        "what": "FER+ pictures, RAVDESS clips and GoEmotions comments matched by label",
        "warning": EXPLAINED,
        "protocol": f"Pictures: {source[0]}, one expression leading, at most 120 of a label, shown by a drawn camera "
        f"and found by the product's finder. Clips: RAVDESS {actors}, each heard by the net of the fold that never "
        f"heard them, cut by the product's capture, every clip in three tuples. Comments: {source[1]}, one Ekman "
        "label, at most 120 of a label. Trained fusions learnt on other pictures, actors and comments, and were "
        "stopped and calibrated on a third side. Distortions are drawn onto pictures and sound before capture.",
    }


SIDE_OF = {
    "train": (("half of FER+ PublicTest", "half of GoEmotions dev"), "actors of folds 3 and 4"),
    "dev": (("the other half of FER+ PublicTest", "the other half of GoEmotions dev"), "actors of fold 5"),
    "test": (("FER+ PrivateTest", "GoEmotions test"), "actors of folds 1 and 2"),
}
ABOUT_CALLS = {
    "what": "Windows of own labelled calls on which one emotion leads",
    "protocol": "One second of one person each; distortions of media are not drawn, for the media are not kept.",
}
