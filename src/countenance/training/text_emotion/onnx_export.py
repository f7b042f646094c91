"""The trained text net as an ONNX file in float32."""

from pathlib import Path

import torch
from torch import Tensor, nn

from countenance.training.text_emotion.labels import COARSE, FINE
from countenance.training.text_emotion.net import TextNet, mean_of_tokens

SCORES = (*COARSE[:-1], "confusion", COARSE[-1])
OUTPUTS = ("scores", "labels", "embedding", "layers")
DEPTHS = (0, 2, 4)
"""After which layers means of the tokens are handed out beside the last one's; 0 is the embedding."""
OPSET = 17


class OneText(nn.Module):
    """The net for texts of one length: no mask, and the outputs in the order of the bundle."""

    def __init__(self, net: TextNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map n x t ids to scores (n x 9), GoEmotions labels (n x 28), embedding (n x 384) and layers (n x 1152)."""
        means = [mean_of_tokens(x, None) for x in self.net.depths(ids, None)]
        fine = self.net.fine(means[-1])
        scores = gather_scores(fine, self.net.coarse(means[-1]))
        return scores, fine, means[-1], torch.cat([means[depth] for depth in DEPTHS], dim=1)


def gather_scores(fine: Tensor, coarse: Tensor) -> Tensor:
    """Put confusion, a fine label, between the Ekman classes and frustration: the order of SCORES."""
    at = FINE.index("confusion")
    return torch.cat([coarse[:, :-1], fine[:, at : at + 1], coarse[:, -1:]], dim=1)


def export_float(net: TextNet, path: Path) -> None:
    """Write the net in float32."""
    net.eval()
    torch.onnx.export(
        OneText(net),
        (torch.ones((1, 8), dtype=torch.int64),),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=["ids"],
        output_names=list(OUTPUTS),
        dynamic_axes={"ids": {0: "n", 1: "t"}, **{name: {0: "n"} for name in OUTPUTS}},
    )
