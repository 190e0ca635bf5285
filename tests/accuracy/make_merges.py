"""Make merges with mergekit 0.1.5: run by an interpreter that has it, not by cardlint's own.

    MERGEKIT_PYTHON tests/accuracy/make_merges.py PARENTS OUT

PARENTS is a folder of models that has ``A``, ``A-code``, ``A-fun``, ``A-de-lora``,
``A-tiny-code`` and ``A-tiny-fun`` (the lab, or a generated family of the same names). Every merge
becomes ``OUT/NAME/`` with its weights and a ``truth.json``. One process makes them all: importing
torch costs more than merging.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

PAIR = ["A-code", "A-de-lora"]
UNEVEN = ["A-code", "A-fun"]
TRIO = ["A-code", "A-fun", "A-de-lora"]
TINY = ["A-tiny-code", "A-tiny-fun"]


def _recipe(
    method: str,
    models: dict[str, dict[str, Any]],
    base: str | None = None,
    dtype: str = "bfloat16",
    out_dtype: str | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "merge_method": method,
        "dtype": dtype,
        "models": [
            {"model": name, **({"parameters": given} if given else {})}
            for name, given in models.items()
        ],
    }
    if base:
        recipe["base_model"] = base
    if out_dtype:
        recipe["out_dtype"] = out_dtype
    if parameters:
        recipe["parameters"] = parameters
    return recipe


def _weights(names: list[str], *weights: float, **more: float) -> dict[str, dict[str, Any]]:
    return {n: {"weight": w, **more} for n, w in zip(names, weights, strict=True)}


def recipes() -> dict[str, dict[str, Any]]:
    """All 20 methods of mergekit 0.1.5, some of them in more than one arithmetic or family."""
    w = _weights
    fp32: dict[str, Any] = {"dtype": "float32", "out_dtype": "bfloat16"}
    scaled: dict[str, Any] = {"lambda": 0.8}
    plain: dict[str, dict[str, Any]] = {name: {} for name in TRIO}
    return {
        "linear-2": _recipe("linear", w(PAIR, 0.63, 0.37)),
        "linear-3": _recipe("linear", w(TRIO, 0.5, 0.3, 0.2)),
        "linear-rio": _recipe("linear", w(["A-code", "A"], 0.565, 0.435)),
        "linear-tiny": _recipe("linear", w(TINY, 0.7, 0.3)),
        "linear-tiny-rio": _recipe("linear", w(["A-tiny-code", "A"], 0.58, 0.42)),
        "linear-unnormalized": _recipe("linear", w(PAIR, 0.7, 0.5), normalize=False),
        "slerp": _recipe("slerp", {n: {} for n in PAIR}, base="A-code", t=0.35),
        "slerp-gradient": _recipe(
            "slerp",
            {n: {} for n in PAIR},
            base="A-code",
            t=[
                {"filter": "self_attn", "value": [0, 0.5, 0.3, 0.7, 1]},
                {"filter": "mlp", "value": [1, 0.5, 0.7, 0.3, 0]},
                {"value": 0.5},
            ],
        ),
        "nuslerp": _recipe("nuslerp", w(PAIR, 0.4, 0.6)),
        "nuslerp-base": _recipe("nuslerp", w(PAIR, 0.4, 0.6), base="A"),
        "multislerp": _recipe("multislerp", w(TRIO, 0.5, 0.3, 0.2)),
        "multislerp-base": _recipe("multislerp", w(TRIO, 0.5, 0.3, 0.2), base="A"),
        "karcher": _recipe("karcher", plain),
        "task_arithmetic": _recipe("task_arithmetic", w(PAIR, 0.6, 0.5), base="A"),
        "task_arithmetic-3": _recipe("task_arithmetic", w(TRIO, 0.6, 0.5, 0.3), base="A", **scaled),
        "task_arithmetic-fp32": _recipe("task_arithmetic", w(PAIR, 0.6, 0.5), base="A", **fp32),
        "ties": _recipe("ties", w(TRIO, 0.5, 0.3, 0.4, density=0.5), base="A"),
        "ties-2": _recipe("ties", w(PAIR, 0.6, 0.4, density=0.3), base="A"),
        "ties-fp32": _recipe("ties", w(PAIR, 0.6, 0.4, density=0.6), base="A", **fp32),
        "dare_ties": _recipe("dare_ties", w(PAIR, 0.6, 0.4, density=0.5), base="A"),
        "dare_linear": _recipe("dare_linear", w(PAIR, 0.6, 0.4, density=0.6), base="A"),
        "dare_linear-3": _recipe("dare_linear", w(TRIO, 0.5, 0.3, 0.4, density=0.7), base="A"),
        "della": _recipe("della", w(PAIR, 0.6, 0.4, density=0.5, epsilon=0.2), base="A"),
        "della_linear": _recipe(
            "della_linear", w(PAIR, 0.6, 0.4, density=0.6, epsilon=0.15), base="A"
        ),
        "breadcrumbs": _recipe("breadcrumbs", w(PAIR, 0.6, 0.4, density=0.7, gamma=0.02), base="A"),
        "breadcrumbs_ties": _recipe(
            "breadcrumbs_ties", w(PAIR, 0.6, 0.4, density=0.7, gamma=0.02), base="A"
        ),
        "sce": _recipe("sce", plain, base="A", select_topk=0.5),
        "sce-all": _recipe("sce", {n: {} for n in PAIR}, base="A"),
        "model_stock": _recipe("model_stock", plain, base="A"),
        "nearswap": _recipe("nearswap", {"A-code": {}, "A-fun": {}}, base="A-code", t=0.001),
        "arcee_fusion": _recipe("arcee_fusion", {"A": {}, "A-code": {}}, base="A"),
        "ram": _recipe("ram", {n: {} for n in PAIR}, base="A"),
        "ramplus_tl": _recipe("ramplus_tl", {n: {} for n in PAIR}, base="A"),
        "passthrough": {
            "merge_method": "passthrough",
            "dtype": "bfloat16",
            "slices": [
                {"sources": [{"model": "A-code", "layer_range": [0, 3]}]},
                {"sources": [{"model": "A-fun", "layer_range": [1, 6]}]},
            ],
        },
    }


def harder() -> dict[str, dict[str, Any]]:
    """The same methods where they are harder to tell.

    Parents a few units in the last place apart or of very different size, gradients, other dtypes.
    """
    w = _weights
    none: dict[str, dict[str, Any]] = {n: {} for n in TINY}
    gradient = [0.2, 0.8]
    fp16 = {"dtype": "float16"}
    return {
        "linear-gradient": _recipe(
            "linear",
            {"A-code": {"weight": gradient}, "A-fun": {"weight": [1 - x for x in gradient]}},
        ),
        "linear-fp16": _recipe("linear", w(PAIR, 0.63, 0.37), dtype="float16"),
        "task_arithmetic-fp16": _recipe("task_arithmetic", w(PAIR, 0.6, 0.5), base="A", **fp16),
        "ties-fp16": _recipe("ties", w(PAIR, 0.6, 0.4, density=0.5), base="A", **fp16),
        "tiny-task_arithmetic": _recipe("task_arithmetic", w(TINY, 0.6, 0.7), base="A"),
        "tiny-ties": _recipe("ties", w(TINY, 0.6, 0.4, density=0.5), base="A"),
        "tiny-dare_linear": _recipe("dare_linear", w(TINY, 0.6, 0.7, density=0.5), base="A"),
        "tiny-dare_ties": _recipe("dare_ties", w(TINY, 0.6, 0.4, density=0.5), base="A"),
        "tiny-della": _recipe("della", w(TINY, 0.6, 0.4, density=0.5, epsilon=0.2), base="A"),
        "tiny-breadcrumbs": _recipe(
            "breadcrumbs", w(TINY, 0.6, 0.4, density=0.7, gamma=0.02), base="A"
        ),
        "tiny-sce": _recipe("sce", none, base="A"),
        "tiny-model_stock": _recipe("model_stock", none, base="A"),
        "tiny-nuslerp-base": _recipe("nuslerp", w(TINY, 0.4, 0.6), base="A"),
        "tiny-karcher": _recipe("karcher", none),
        "tiny-multislerp": _recipe("multislerp", w(TINY, 0.4, 0.6)),
        "tiny-arcee_fusion": _recipe("arcee_fusion", {"A": {}, "A-tiny-code": {}}, base="A"),
        "uneven-slerp": _recipe("slerp", {n: {} for n in UNEVEN}, base="A-code", t=0.6),
        "uneven-ties": _recipe("ties", w(UNEVEN, 0.5, 0.5, density=0.4), base="A"),
        "uneven-dare_ties": _recipe("dare_ties", w(UNEVEN, 0.5, 0.5, density=0.5), base="A"),
        "uneven-breadcrumbs": _recipe(
            "breadcrumbs", w(UNEVEN, 0.5, 0.6, density=0.6, gamma=0.01), base="A"
        ),
        "uneven-della_linear": _recipe(
            "della_linear", w(UNEVEN, 0.5, 0.6, density=0.6, epsilon=0.1), base="A"
        ),
        "uneven-sce": _recipe("sce", {n: {} for n in UNEVEN}, base="A", select_topk=0.3),
        "shared-init": _recipe("linear", w(["A", "C"], 0.5, 0.5)),
        "unrelated-slerp": _recipe("slerp", {"A": {}, "B": {}}, base="A", t=0.3),
        "four": _recipe("linear", w([*TRIO, "A-tiny-fun"], 0.4, 0.3, 0.2, 0.1)),
    }


def _rooted(value: Any, root: Path) -> Any:
    """The same recipe with model names replaced by the folders they stand for."""
    if isinstance(value, dict):
        return {
            k: str(root / v) if k in ("model", "base_model") else _rooted(v, root)
            for k, v in value.items()
        }
    return [_rooted(v, root) for v in value] if isinstance(value, list) else value


def make(parents: Path, out: Path, name: str, recipe: dict[str, Any]) -> None:
    """Make one merge."""
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    config = MergeConfiguration.model_validate(_rooted(recipe, parents.resolve()))
    options = MergeOptions(copy_tokenizer=False, random_seed=7, quiet=True, write_model_card=False)
    run_merge(config, out_path=str(out / name), options=options)
    models = recipe.get("models") or [s["sources"][0] for s in recipe["slices"]]
    named = [m["model"] for m in models]
    base = recipe.get("base_model")
    truth = {
        "kind": "merge",
        "method": recipe["merge_method"],
        "parents": named,
        "base_in_recipe": base,
        "recipe": recipe,
    }
    (out / name / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Make every merge that is not there yet; say which could not be made."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parents", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    failed = 0
    for name, recipe in {**recipes(), **harder()}.items():
        if (given.only and name not in given.only) or (given.out / name / "truth.json").exists():
            continue
        try:
            make(given.parents, given.out, name, recipe)
        except Exception as error:  # noqa: BLE001  # one method must not cost the others
            failed += 1
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
