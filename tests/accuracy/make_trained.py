"""Really train models from a family's models: run by an interpreter that has torch.

    PYTHON tests/accuracy/make_trained.py PARENTS OUT

Each becomes ``OUT/NAME/`` with its weights and a ``truth.json``. None is a merge: what is said to be
missing beside its true parent is a false notice. Chains, stages, one part of the tensors, few steps,
weight decay, training in bfloat16, and training back towards the base. The text is drawn from a
seeded Markov chain; two seeds make two languages, so that siblings share some of what they learn.
"""

from __future__ import annotations

import argparse
import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Training:
    """One training."""

    name: str
    parent: str
    language: int = 1
    steps: int = 40
    rate: float = 3e-4
    optimizer: str = "AdamW"
    decay: float = 0.0
    dtype: str = "float32"
    """Of the weights while they are trained."""
    only: str = ""
    """Part of the names of the tensors that are trained."""
    stages: tuple[int, ...] = ()
    """Steps after which a stage is kept as well, as ``NAME-sN``."""
    back_to: str = ""
    """Train towards what this model says, not towards text."""


TRAININGS = (
    Training("t-chain", "A-code"),
    Training("t-chain-tiny", "A-tiny-code", 2, rate=8e-6),
    Training("t-far", "A-fun", 2, steps=80, rate=2e-3),
    Training("t-bf16", "A-fun", dtype="bfloat16"),
    Training("t-bf16-slow", "A", dtype="bfloat16", rate=3e-5, stages=(10, 20)),
    Training("t-bf16-chain", "t-bf16-slow", 2, dtype="bfloat16", rate=3e-5),
    Training("t-stages", "A", 2, stages=(1, 3, 20)),
    Training("t-sgd", "A", optimizer="SGD", rate=0.1),
    Training("t-decay", "A-fun", 2, rate=1e-3, decay=0.5),
    Training("t-attention", "A-fun", 2, only="self_attn", rate=5e-4),
    Training("t-mlp", "t-attention", 1, only="mlp", rate=5e-4),
    Training("t-back", "A-code", back_to="A"),
    Training("t-back-mlp", "A-de-lora", back_to="A", only="mlp"),
)


def text(torch: Any, language: int, vocabulary: int) -> Any:
    """100,000 tokens of a Markov chain in which every token has eight followers."""
    draw = torch.Generator().manual_seed(language)
    followers = torch.randint(0, vocabulary, (vocabulary, 8), generator=draw)
    choice = torch.randint(0, 8, (100_000,), generator=draw).tolist()
    tokens = [0]
    for c in choice:
        tokens.append(int(followers[tokens[-1], c]))
    return torch.tensor(tokens)


def train(parents: Path, out: Path, t: Training) -> None:
    """Make one model, and its stages."""
    # Another interpreter has them: neither is a dependency, not even of the tests.
    import torch  # type: ignore[import-not-found, unused-ignore]  # see above
    from transformers import (  # type: ignore[import-not-found, unused-ignore]  # see above
        AutoModelForCausalLM,
    )

    def load(name: str, dtype: str) -> Any:
        folder = out / name if (out / name).exists() else parents / name
        return AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))

    torch.manual_seed(0)
    model = load(t.parent, t.dtype)
    teacher = load(t.back_to, "float32") if t.back_to else None
    for name, weight in model.named_parameters():
        weight.requires_grad_(t.only in name)
    trained = [w for w in model.parameters() if w.requires_grad]
    more = {"weight_decay": t.decay} if t.optimizer == "AdamW" else {"momentum": 0.9}
    optimizer = getattr(torch.optim, t.optimizer)(trained, lr=t.rate, **more)
    tokens = text(torch, t.language, model.config.vocab_size)
    for step in range(1, t.steps + 1):
        starts = torch.randint(0, len(tokens) - 64, (12,))
        batch = torch.stack([tokens[s : s + 64] for s in starts])
        if teacher is None:
            loss = model(input_ids=batch, labels=batch).loss
        else:
            with torch.no_grad():
                goal = teacher(input_ids=batch).logits.log_softmax(-1)
            own = model(input_ids=batch).logits.log_softmax(-1)
            loss = torch.nn.functional.kl_div(own, goal, log_target=True, reduction="batchmean")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step in t.stages:
            save(torch, model, out / f"{t.name}-s{step}", t.parent)
    save(torch, model, out / t.name, t.parent)


def save(torch: Any, model: Any, folder: Path, parent: str) -> None:
    """As published models are: in bfloat16."""
    copy.deepcopy(model).to(torch.bfloat16).save_pretrained(folder)
    truth = {"kind": "finetune", "parents": [parent]}
    (folder / "truth.json").write_text(json.dumps(truth) + "\n", encoding="utf-8")


def main() -> None:
    """Make every training that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parents", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    for t in TRAININGS:
        if not (given.out / t.name / "truth.json").exists():
            train(given.parents, given.out, t)


if __name__ == "__main__":
    main()
