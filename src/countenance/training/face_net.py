"""Parts that the face networks share: blocks, the learning rate, the running mean, export."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn


class Convolution(nn.Sequential):
    """A 3x3 convolution, batch normalisation and, unless `plain`, a rectifier."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, *, plain: bool = False) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        if not plain:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)


class Gate(nn.Module):
    """Weighs channels by what the whole map holds (squeeze and excitation, arXiv:1709.01507)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.excite = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Scale each channel of n x c x h x w by a value in 0..1."""
        mean = maps.mean(dim=(2, 3), keepdim=True)
        return maps * torch.sigmoid(self.excite(torch.relu(self.squeeze(mean))))


class Residual(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, channels: int, *, gated: bool) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = Convolution(channels, channels, plain=True)
        self.gate = Gate(channels) if gated else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Keep the shape n x c x h x w."""
        return torch.relu(maps + self.gate(self.second(self.first(maps))))


class Standardise(nn.Module):
    """Takes out the brightness and contrast of each image, so lighting moves the result less."""

    def forward(self, images: Tensor) -> Tensor:
        """Give each of n x c x h x w mean 0 and deviation 1 over all its values."""
        centred = images - images.mean(dim=(1, 2, 3), keepdim=True)
        variance = (centred * centred).mean(dim=(1, 2, 3), keepdim=True)
        return centred / torch.sqrt(variance + 1e-3)


def parameter_count(net: nn.Module) -> int:
    """Count the trained values of a network."""
    return sum(parameter.numel() for parameter in net.parameters())


def rate(done: float, peak: float, warm_up: float = 0.1) -> float:
    """The learning rate when a share `done` of the run is over: a straight rise to the peak, then half a cosine."""
    if done < warm_up:
        return peak * (0.04 + 0.96 * done / warm_up)
    return peak * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up))) / 2


def set_rate(optimiser: torch.optim.Optimizer, value: float) -> None:
    """Give every group of an optimiser one learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = value


@torch.no_grad()
def follow(mean: nn.Module, net: nn.Module, memory: float) -> None:
    """Move the running mean of the weights towards the network; counters are copied."""
    for ours, theirs in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
        if ours.dtype.is_floating_point:
            ours.lerp_(theirs, 1 - memory)
        else:
            ours.copy_(theirs)


def export_onnx(net: nn.Module, path: Path, side: int, names: tuple[str, str]) -> None:
    """Write a network that takes n x 1 x side x side as one ONNX file; `names` are its input and its output."""
    torch.onnx.export(
        net.eval().to(memory_format=torch.contiguous_format),
        (torch.rand(2, 1, side, side),),
        str(path),
        input_names=[names[0]],
        output_names=[names[1]],
        dynamic_axes={names[0]: {0: "n"}, names[1]: {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
