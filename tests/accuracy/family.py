"""Families of models whose tree is known: the lab's, or one drawn from seeds."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.kit.weights import Array, llama_shapes, rounded, write_safetensors

SIZES: dict[str, int] = {"hidden": 128, "layers": 6, "vocab": 512}


@dataclass(frozen=True, slots=True)
class Model:
    """One model and the truth about it."""

    name: str
    path: Path
    kind: str
    """``base``, ``finetune``, ``merge``, ``finetune-of-merge`` or ``disguise``."""
    parents: tuple[str, ...] = ()
    base: str | None = None
    """The base in the recipe, where the method has one."""
    method: str | None = None
    weights: tuple[tuple[str, float], ...] = ()
    """Parent → weight in the recipe, where it is one number."""

    @property
    def given(self) -> tuple[str, ...]:
        """All models that a recipe needs: the parents, and the base."""
        return tuple(dict.fromkeys([*self.parents, *([self.base] if self.base else [])]))


def load(folder: Path) -> dict[str, Model]:
    """The models of a folder that have a ``truth.json``; kinds as in ``lab.tsv`` where there is one."""
    found = {}
    for file in sorted(folder.glob("*/truth.json")):
        truth = json.loads(file.read_text(encoding="utf-8"))
        name = file.parent.name
        recipe: Mapping[str, Any] = truth.get("recipe") or {}
        rows = [m for m in recipe.get("models", []) if "weight" in m.get("parameters", {})]
        weights = tuple(
            (Path(m["model"]).name, float(m["parameters"]["weight"]))
            for m in rows
            if isinstance(m["parameters"]["weight"], int | float)
        )
        base = truth.get("base_in_recipe")
        found[name] = Model(
            name=name,
            path=file.parent,
            kind=truth["kind"],
            parents=tuple(Path(p).name for p in truth.get("parents", [])),
            base=Path(base).name if base else None,
            method=truth.get("method"),
            weights=weights,
        )
    table = folder / "lab.tsv"
    if table.exists():
        with table.open(encoding="utf-8", newline="") as handle:
            known = {row["name"] for row in csv.DictReader(handle, delimiter="\t")}
        found = {k: v for k, v in found.items() if k in known}
    return found


def origins(models: Mapping[str, Model], name: str) -> frozenset[str]:
    """The bases that a model goes back to."""
    m = models.get(name)
    if m is None or not m.parents:
        return frozenset({name})
    return frozenset().union(*(origins(models, p) for p in m.parents))


SHARED_INIT = frozenset({"A", "C"})
"""Bases that began with the same random numbers and saw other data."""


BLENDS: dict[str, dict[str, float]] = {
    "m-linear": {"A-code": 0.6, "A-de-lora": 0.4},
    "m-rio": {"A-code": 0.565, "A": 0.435},
    "m-small": {"A-tiny-code": 0.58, "A": 0.42},
    "m-three": {"A-code": 0.5, "A-fun": 0.3, "A-de-lora": 0.2},
}
"""Merges that need no merging software: the sum in float32, rounded once."""


def make(folder: Path, seed: int = 0) -> None:
    """Draw a family with the lab's names: bases A, B, C (C: A's initialization), fine-tunes of A."""
    shapes = llama_shapes(**SIZES)
    rng = np.random.default_rng(seed)

    def noise(scale: float) -> dict[str, Array]:
        return {
            k: (rng.standard_normal(s) * (scale * (0.2 if len(s) == 1 else 0.02))).astype(
                np.float32
            )
            for k, s in shapes.items()
        }

    def add(*parts: Mapping[str, Array]) -> dict[str, Array]:
        return {k: rounded(sum(p[k] for p in parts), "BF16") for k in shapes}  # type: ignore[arg-type]  # sum of arrays

    init = noise(1.0)
    init = {k: np.ones(s, np.float32) if len(s) == 1 else init[k] for k, s in shapes.items()}
    a = add(init, noise(0.9))
    models = {
        "A": a,
        "B": add(
            {k: np.float32(len(s) == 1) * np.ones(s, np.float32) for k, s in shapes.items()},
            noise(1.3),
        ),
        "C": add(init, noise(0.9)),
        "A-code": add(a, noise(0.2)),
        "A-fun": add(a, noise(0.02)),
        "A-tiny-code": add(a, noise(0.007)),
        "A-tiny-fun": add(a, noise(0.004)),
        "A-de-lora": add(a, _low_rank(rng, shapes, 8)),
    }
    for name, tensors in models.items():
        _write(folder, name, tensors, "base" if len(name) == 1 else "finetune", ["A"])
    _disguises(folder, models, rng)
    for name, recipe in BLENDS.items():
        tensors = {
            k: rounded(sum(np.float32(w) * models[m][k] for m, w in recipe.items()), "BF16")  # type: ignore[arg-type]  # sum of arrays
            for k in shapes
        }
        _write(folder, name, tensors, "merge", [*recipe], weights=recipe)
        if name == "m-rio":
            after = add(tensors, noise(0.01))
            _write(folder, "m-rio-tuned", after, "finetune-of-merge", [name])


def _low_rank(rng: np.random.Generator, shapes: Mapping[str, Any], rank: int) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for name, shape in shapes.items():
        out[name] = np.zeros(shape, np.float32)
        if len(shape) == 2 and "layers" in name:
            u, v = rng.standard_normal((shape[0], rank)), rng.standard_normal((rank, shape[1]))
            out[name] = (u @ v * (0.004 / rank**0.5)).astype(np.float32)
    return out


def _disguises(
    folder: Path, models: Mapping[str, Mapping[str, Array]], rng: np.random.Generator
) -> None:
    """The same weights in another format, order, depth or under other names."""
    code = models["A-code"]
    _write(folder, "x-fp16", models["A-fun"], "disguise", ["A-fun"], "F16")
    _write(
        folder,
        "x-rename",
        {k.replace("model.", "transformer.", 1): v for k, v in code.items()},
        "disguise",
        ["A-code"],
    )
    int8 = {}
    for name, x in code.items():
        scale = np.abs(x).max(axis=-1, keepdims=True) / 127 if x.ndim == 2 else np.float32(0)
        int8[name] = rounded(np.round(x / scale) * scale, "BF16") if x.ndim == 2 else x
    _write(folder, "x-int8", int8, "disguise", ["A-code"])
    pruned = {}
    for name, x in code.items():
        words = name.split(".")
        layer = int(words[2]) if words[1] == "layers" else None
        if layer != 3:
            if layer is not None and layer > 3:
                words[2] = str(layer - 1)
            pruned[".".join(words)] = x
    _write(folder, "x-prune", pruned, "disguise", ["A-code"], layers=SIZES["layers"] - 1)
    permuted = dict(code)
    for layer in range(SIZES["layers"]):
        p = f"model.layers.{layer}.mlp."
        order = rng.permutation(code[p + "gate_proj.weight"].shape[0])
        for side in ("gate_proj", "up_proj"):
            permuted[f"{p}{side}.weight"] = code[f"{p}{side}.weight"][order]
        permuted[p + "down_proj.weight"] = code[p + "down_proj.weight"][:, order]
    _write(folder, "x-permute", permuted, "disguise", ["A-code"])


def _write(
    folder: Path,
    name: str,
    tensors: Mapping[str, Array],
    kind: str,
    parents: list[str],
    dtype: str = "BF16",
    layers: int = SIZES["layers"],
    weights: Mapping[str, float] | None = None,
) -> None:
    write_safetensors(folder / name / "model.safetensors", tensors, dtype)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": SIZES["hidden"],
        "intermediate_size": SIZES["hidden"] * 3,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": SIZES["vocab"],
        "tie_word_embeddings": False,
    }
    truth: dict[str, Any] = {"kind": kind, "parents": [] if kind == "base" else parents}
    if weights:
        models = [{"model": m, "parameters": {"weight": w}} for m, w in weights.items()]
        truth |= {"method": "linear", "recipe": {"models": models}}
    (folder / name / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / name / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
