"""Canonical names: the same tensor of one architecture is called the same, however it was packed.

Wrappers are stripped, the layer and expert numbers found, the name inside the layer looked up in
:mod:`cardlint.weights.architectures`, fused and stacked tensors cut into their parts. What no table
knows keeps its own name and shape.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cardlint.findings import Json
from cardlint.weights.architectures import CONTAINERS, LAYER, STACKS, TOP, WRAPPERS, gguf
from cardlint.weights.architectures.decoder import GPT_OSS
from cardlint.weights.architectures.diffusion import UNET
from cardlint.weights.formats.interface import Storage
from cardlint.weights.layouts import LAYOUTS, Heads, Layout, Piece
from cardlint.weights.sketch import Tensor
from cardlint.weights.view import View

NUMBER = re.compile(r"(?<=\.)\d{1,9}(?=\.|$)")
LAYERED = re.compile(rf"(?P<before>(?:[^#]*\.)?)(?:{'|'.join(CONTAINERS)})\.#\.(?P<local>.+)")
# Functions of the architecture. Sources: transformers' modeling files (buffers), whisper (sinusoids),
# torchvision and timm (relative positions), convert_hf_to_gguf.py (rope_freqs).
FIXED = re.compile(
    r"(?:inv_freq|freqs_cis|rope_freqs|rope_factors_(?:long|short)|cos_cached|sin_cached|masked_bias"
    r"|causal_mask|attn_mask|attention_mask|position_ids|relative_position_index|num_batches_tracked"
    r"|mel_filters|filter_banks|stft\w*|window|hann_window|sinusoid\w*|pos_enc\w*|"
    r"forward_basis|inverse_basis|embed_positions\.weights)(?:\.weight)?$",
    re.IGNORECASE,
)
MASK = re.compile(r"(?:attn|attention)\.bias$")
ENDINGS = (".weight", ".bias")
MAX_NAME = 512
"""Characters of a name that is taken apart; a longer one is kept as it is."""
MAX_PARTS = 300_000
"""Canonical tensors of one model; the rest is named as not looked at."""


@dataclass(frozen=True, slots=True)
class Part:
    """A canonical tensor, and where it stands in what is stored."""

    tensor: Tensor
    storage: Storage
    view: View


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a name template says about all names of its form."""

    targets: tuple[str, ...]
    """Canonical names with ``{0}``, ``{1}``, … for the numbers and ``{e}`` for the expert."""
    components: tuple[str, ...]
    layout: Layout
    layer: int | None
    """Which of the numbers is the layer."""
    expert: int | None
    stack: str
    fixed: bool
    mask: bool
    """Fixed where it has four axes: a bias of attention has one."""


@dataclass
class Named:
    """All canonical tensors of a checkpoint."""

    parts: dict[str, Part]
    gaps: list[str]


def canonical(stored: Mapping[str, Storage], config: Mapping[str, Json]) -> Named:
    """Name the tensors of a checkpoint.

    Args:
        stored: by stored name, a pipeline's folder first.
        config: for the numbers of heads, where fused attention is to be cut.
    """
    special = GPT_OSS if _is_gpt_oss(stored, config) else {}
    arch = str(config.get("gguf_architecture", ""))
    if arch in gguf.PERMUTED:
        special = gguf.PERMUTED_LAYER
    elif arch.startswith("gemma"):
        special = gguf.GEMMA_LAYER
    recipes: dict[str, Recipe] = {}
    known: list[tuple[str, Storage, Recipe, list[int]]] = []
    for name, storage in stored.items():
        template, numbers = _template(name)
        if template not in recipes:
            long = len(template) > MAX_NAME
            recipes[template] = (
                _exact(template, None, bare=False) if long else _recipe(template, special)
            )
        known.append((name, storage, recipes[template], numbers))
    heads = _heads(known, config)
    parts: dict[str, Part] = {}
    gaps: list[str] = []
    uncut: list[str] = []
    for name, storage, found, numbers in known:
        recipe = found
        if len(parts) >= MAX_PARTS:
            gaps.append(
                f"more than {MAX_PARTS:,} tensors; those from {name[:100]} on were left out"
            )
            break
        pieces = (
            recipe.layout(storage.shape, len(recipe.targets), heads.get(recipe.stack, Heads()))
            if storage.shape or recipe.layout is LAYOUTS["one"]
            else None
        )
        if pieces is None:
            uncut.append(name)
            pieces = [Piece(0, None, storage.shape, View.whole(storage.shape))]
            recipe = _exact(_template(name)[0], recipe.layer)
        for piece in pieces:
            part = _part(storage, recipe, piece, numbers)
            key = part.tensor.canonical
            if key in parts:  # two stored tensors under one canonical name are kept apart
                template = _template(name)[0]
                for other in (_exact(template, None), _exact(template, None, bare=False)):
                    if key in parts:
                        whole = Piece(0, None, storage.shape, View.whole(storage.shape))
                        part = _part(storage, other, whole, numbers)
                        key = part.tensor.canonical
            parts[key] = part
    if uncut:
        gaps.append(
            f"{len(uncut):,} fused tensors could not be cut into their parts, such as {uncut[0]}:"
            " the sizes in config.json do not fit"
        )
    return Named(parts, gaps)


def _template(name: str) -> tuple[str, list[int]]:
    """A name with ``#`` for its numbers, and the numbers; braces doubled for ``str.format``."""
    if "#" in name or "{" in name or "}" in name:
        name = name.replace("#", "%23").replace("{", "{{").replace("}", "}}")
    if len(name) > MAX_NAME:
        return name, []
    numbers = [int(n) for n in NUMBER.findall(name)]
    return (NUMBER.sub("#", name) if numbers else name), numbers


def strip(name: str) -> str:
    """Take off what only says how a model is wrapped."""
    again = True
    while again:
        again = False
        for wrapper in WRAPPERS:
            if name.startswith(wrapper) and len(name) > len(wrapper):
                name, again = name.removeprefix(wrapper), True
    return name


def _recipe(template: str, special: Mapping[str, str]) -> Recipe:
    folder, _, own = template.rpartition("/")
    root = f"{folder}/" if folder else ""
    body = strip(own)
    match = LAYERED.fullmatch(body)
    local = match["local"] if match else body
    before = match["before"] if match else ""
    bare = local
    ending = ""
    for suffix in ENDINGS:
        if local.endswith(suffix):
            bare, ending = local.removesuffix(suffix), "" if suffix == ".weight" else suffix
    table = {**LAYER, **special} if match else TOP
    found = table.get(local) or table.get(bare)
    if local in table:
        ending = ""
    if not found:
        return _exact(template, _first_layer(template) if match else None)
    layout, _, names = found.rpartition(":")
    stack = root + STACKS.get(before, before)
    targets, components = [], []
    used = template.count("#", 0, len(template) - len(local))
    layer = used - 1 if match else None
    expert = used if "#" in bare and names.startswith("experts.") else None
    for target in names.split(","):
        component = "norm" if target.startswith("norm.") else target
        inner = target
        for i in range(inner.count("#")):
            inner = inner.replace("#", f"{{{used + i}}}", 1)
        if target.startswith("experts.") and "shared" not in target:
            inner = "experts.{e}." + target.removeprefix("experts.")
        place = f"{stack}layers.{{{layer}}}." if match else stack
        targets.append(place + inner + ending)
        components.append(stack + component + ending)
    return Recipe(
        tuple(targets),
        tuple(components),
        LAYOUTS[layout or "one"],
        layer,
        expert,
        stack,
        *_fixed(template),
    )


def _fixed(template: str) -> tuple[bool, bool]:
    """Whether a name says that a tensor is a function of the architecture, and whether a mask."""
    end = template[-200:]
    return FIXED.search(end) is not None, MASK.search(end) is not None


def _first_layer(template: str) -> int | None:
    """The layer of a name that no table knows: its first number."""
    return 0 if "#" in template else None


def _exact(template: str, layer: int | None, *, bare: bool = True) -> Recipe:
    """The name itself, if ``bare`` without wrappers and ``.weight``."""
    folder, _, own = template.rpartition("/")
    short = strip(own).removesuffix(".weight") if bare else own
    target = f"{folder}/{short}" if folder else short
    for i in range(template.count("#")):
        target = target.replace("#", f"{{{i}}}", 1)
    words = [w for w in short.split(".") if w not in {"#", "bias"}]
    component = "other"
    for take in (2, 1):
        component = (
            UNET.get(".".join(words[-take:]), component) if component == "other" else component
        )
    if component == "other" and re.search(r"norm|ln_|layernorm", short, re.IGNORECASE):
        component = "norm"
    return Recipe((target,), (component,), LAYOUTS["one"], layer, None, "", *_fixed(template))


def _part(storage: Storage, recipe: Recipe, piece: Piece, numbers: list[int]) -> Part:
    expert = piece.expert
    if recipe.expert is not None and recipe.expert < len(numbers):
        expert = numbers[recipe.expert]
    target = recipe.targets[piece.target]
    if "{" in target:
        target = target.format(*numbers, e=expert)
    return Part(
        Tensor(
            canonical=target,
            component=recipe.components[piece.target],
            layer=numbers[recipe.layer] if recipe.layer is not None else None,
            expert=expert,
            shape=piece.shape,
            dtype=storage.dtype,
            stored=storage.names,
            fixed=recipe.fixed or (recipe.mask and len(storage.shape) == 4),
        ),
        storage,
        piece.view,
    )


def _is_gpt_oss(stored: Mapping[str, Storage], config: Mapping[str, Json]) -> bool:
    return config.get("model_type") == "gpt_oss" or any(
        name.endswith("mlp.experts.gate_up_proj_bias") for name in stored
    )


def _heads(
    known: Iterable[tuple[str, Storage, Recipe, list[int]]], config: Mapping[str, Json]
) -> dict[str, Heads]:
    """Attention sizes of each stack: rows from the output projection, numbers from the config."""
    heads = _number(config, "num_attention_heads", "n_head", "n_heads", "num_heads")
    kv = _number(
        config, "num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num"
    )
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        kv = 1
    result: dict[str, Heads] = {}
    stacks = set()
    for _, storage, recipe, _ in known:
        stacks.add(recipe.stack)
        if recipe.stack not in result and recipe.components[0].endswith("attention.o"):
            shape = storage.shape
            if len(shape) == 2 and recipe.layout is LAYOUTS["one"]:
                result[recipe.stack] = Heads(heads, kv, shape[1])
    return {stack: result.get(stack, Heads(heads, kv)) for stack in stacks}


def _number(config: Mapping[str, Json], *names: str) -> int:
    for name in names:
        value = config.get(name)
        if type(value) is int and 0 < value < 1 << 20:
            return value
    return 0


def elements(tensor: Tensor) -> int:
    """How many numbers a tensor has."""
    return math.prod(tensor.shape)
