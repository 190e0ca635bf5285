"""What architectures call their tensors: one table a family, names as the model code writes them.

A table maps a name inside a layer (or at the top) to ``[LAYOUT:]TARGET[,TARGET…]``. ``#`` stands for
a number. Layouts are in :mod:`cardlint.weights.layouts`; without one the tensor is taken as it is.
``.weight`` is left out; ``.bias`` and other endings are carried over to the target.
"""

from __future__ import annotations

from cardlint.weights.architectures import decoder, diffusion, encoder, gguf, gpt

LAYER: dict[str, str] = {
    **diffusion.LAYER,
    **gguf.LAYER,
    **encoder.LAYER,
    **gpt.LAYER,
    **decoder.LAYER,
}
"""Inside one layer."""
TOP: dict[str, str] = {**diffusion.TOP, **gguf.TOP, **encoder.TOP, **gpt.TOP, **decoder.TOP}
"""Outside all layers."""
WRAPPERS = (
    "base_model.", "module.", "_orig_mod.", "model.", "transformer.", "language_model.", "backbone.",
    "gpt_neox.", "bert.", "roberta.", "xlm_roberta.", "distilbert.", "electra.", "deberta.",
    "albert.", "modernbert.", "thinker.", "text_model.", "llm.", "_fsdp_wrapped_module.",
)  # fmt: skip
"""Prefixes that say how a model is wrapped, not which tensor it is."""
STACKS = {
    "": "",
    "encoder.": "encoder.",
    "decoder.": "decoder.",
    "enc.": "encoder.",
    "dec.": "decoder.",
    "mtp.": "mtp.",
    "vision_tower.vision_model.encoder.": "vision.",
    "vision_tower.": "vision.",
    "vision_tower.encoder.": "vision.",
    "vision_model.encoder.": "vision.",
    "vision_model.": "vision.",
    "visual.": "vision.",
}
"""What stands before the layers → what canonical names begin with."""
CONTAINERS = (
    "layers", "layer", "h", "blocks", "block", "blk", "resblocks", "transformer_blocks",
    "single_transformer_blocks", "joint_blocks", "double_blocks", "single_blocks",
)  # fmt: skip
"""Lists of layers."""
