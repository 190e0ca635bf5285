"""Diffusion models: UNet, DiT, MMDiT (Stable Diffusion 3, Flux) as diffusers writes them.

Sources: diffusers, ``attention_processor.py``, ``transformer_flux.py``, ``transformer_sd3.py``.
A UNet's blocks are nested, so its names are kept; only the last part says the component.
"""

from __future__ import annotations

LAYER = {
    "attn.to_q": "attention.q",
    "attn.to_k": "attention.k",
    "attn.to_v": "attention.v",
    "attn.to_out.#": "attention.o",
    "attn.add_q_proj": "context_attention.q",
    "attn.add_k_proj": "context_attention.k",
    "attn.add_v_proj": "context_attention.v",
    "attn.to_add_out": "context_attention.o",
    "attn.norm_q": "norm.q",
    "attn.norm_k": "norm.k",
    "attn.norm_added_q": "norm.context_q",
    "attn.norm_added_k": "norm.context_k",
    "attn1.to_q": "attention.q",
    "attn1.to_k": "attention.k",
    "attn1.to_v": "attention.v",
    "attn1.to_out.#": "attention.o",
    "attn2.to_q": "cross_attention.q",
    "attn2.to_k": "cross_attention.k",
    "attn2.to_v": "cross_attention.v",
    "attn2.to_out.#": "cross_attention.o",
    "ff.net.#.proj": "mlp.up",
    "ff.net.#": "mlp.down",
    "ff_context.net.#.proj": "context_mlp.up",
    "ff_context.net.#": "context_mlp.down",
    "proj_mlp": "mlp.up",
    "proj_out": "mlp.down",
    "norm1.linear": "modulation",
    "norm1_context.linear": "context_modulation",
    "norm.linear": "modulation",
}
TOP: dict[str, str] = {}
UNET = {
    "attn1.to_q": "attention.q",
    "attn1.to_k": "attention.k",
    "attn1.to_v": "attention.v",
    "attn1.to_out": "attention.o",
    "attn2.to_q": "cross_attention.q",
    "attn2.to_k": "cross_attention.k",
    "attn2.to_v": "cross_attention.v",
    "attn2.to_out": "cross_attention.o",
    "ff.net": "mlp",
    "conv": "conv",
    "conv1": "conv",
    "conv2": "conv",
    "conv_shortcut": "conv",
    "conv_in": "conv",
    "conv_out": "conv",
    "time_emb_proj": "time",
    "proj_in": "projection",
    "proj_out": "projection",
}
"""Component of a UNet's or VAE's tensor by the end of its name."""
