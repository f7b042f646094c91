"""Train the text net on GoEmotions: `python -m countenance.training.text_emotion.train --help`."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from countenance.training.datasets.goemotions import GoEmotionsSplit, read_goemotions
from countenance.training.text_emotion.batches import MAX_TOKENS, augment, batches, encode, pad
from countenance.training.text_emotion.labels import coarse_labels
from countenance.training.text_emotion.net import TextNet, load_minilm

BATCH, RATE, WARM_UP, DECAY = 64, 1.5e-4, 0.06, 0.01
COARSE_WEIGHT = 0.5


def main() -> None:
    """Train, one checkpoint per epoch; a run that was cut off goes on after its last epoch."""
    args = _arguments()
    torch.set_num_threads(args.threads)
    tokenizer = load_tokenizer(args.minilm)
    train = read_goemotions(args.goemotions, "train")
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    net = TextNet()
    load_minilm(net, args.minilm)
    steps = args.epochs * -(-len(train.texts) // BATCH)
    optimiser = _optimiser(net)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    for epoch in range(_resume(args.out, net, optimiser, schedule), args.epochs):
        _epoch(net, tokenizer, train, optimiser, schedule, seed=args.seed * 1000 + epoch)
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "epoch": epoch + 1}
        torch.save({**state, "schedule": schedule.state_dict()}, args.out / f"epoch{epoch + 1}.pt")
        print(f"epoch {epoch + 1} of {args.epochs} written", flush=True)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of the MiniLM folder, cut at the longest text of the training, without padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _epoch(
    net: TextNet,
    tokenizer: Tokenizer,
    data: GoEmotionsSplit,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    *,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    rows = encode(tokenizer, augment(data.texts, random))
    fine, coarse = data.labels, coarse_labels(data.labels)
    net.train()
    started, tokens, total = time.perf_counter(), 0, 0.0
    for step, batch in enumerate(batches(rows, BATCH, random), start=1):
        ids, mask = pad([rows[i] for i in batch])
        loss = _loss(net, ids, mask, fine[batch], coarse[batch])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        tokens, total = tokens + int(mask.sum()), total + loss.item()
        if step % 50 == 0:
            speed = tokens / (time.perf_counter() - started)
            print(f"step {step} loss {total / 50:.4f} tokens/s {speed:.0f}", flush=True)
            total = 0.0


def _loss(
    net: TextNet,
    ids: NDArray[np.int64],
    mask: NDArray[np.bool_],
    fine: NDArray[np.float32],
    coarse: NDArray[np.float32],
) -> Tensor:
    # bf16 products with fp32 weights and sums: faster on processors with AVX-512 BF16 or AMX.
    with torch.autocast("cpu", torch.bfloat16):
        fine_logits, coarse_logits, _ = net(torch.from_numpy(ids), torch.from_numpy(mask))
    bce = functional.binary_cross_entropy_with_logits
    fine_loss = bce(fine_logits.float(), torch.from_numpy(fine))
    return fine_loss + COARSE_WEIGHT * bce(coarse_logits.float(), torch.from_numpy(coarse))


def _optimiser(net: TextNet) -> torch.optim.Optimizer:
    trained = [weight for weight in net.parameters() if weight.requires_grad]
    decayed = [weight for weight in trained if weight.ndim > 1]
    plain = [weight for weight in trained if weight.ndim == 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=RATE, fused=True)


def _rate(step: int, steps: int) -> float:
    """Linear warm-up, then linear decay to zero."""
    warm = max(1, int(WARM_UP * steps))
    return step / warm if step < warm else max(0.0, (steps - step) / (steps - warm))


def _resume(
    folder: Path,
    net: TextNet,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> int:
    found = sorted(folder.glob("epoch*.pt"), key=lambda path: int(path.stem.removeprefix("epoch")))
    if not found:
        return 0
    state = torch.load(found[-1], weights_only=True)
    net.load_state_dict(state["net"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["epoch"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the text net on GoEmotions.")
    parser.add_argument("--goemotions", type=Path, required=True, help="folder of the GoEmotions tsv files")
    parser.add_argument("--minilm", type=Path, required=True, help="folder of MiniLM-L6 weights and tokenizer")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
