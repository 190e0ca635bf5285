"""What llama.cpp calls tensors in GGUF files.

Sources: gguf-py, ``constants.py`` (``TENSOR_NAMES``); ``convert_hf_to_gguf.py`` (``permute``,
``undo_permute``): for Llama-type models it writes the rows of each query and key head in the order
(pair, half), which is turned back here.
"""

from __future__ import annotations

LAYER = {
    "attn_q": "attention.q",
    "attn_k": "attention.k",
    "attn_v": "attention.v",
    "attn_output": "attention.o",
    "attn_qkv": "concat:attention.q,attention.k,attention.v",
    "attn_q_norm": "norm.q",
    "attn_k_norm": "norm.k",
    "attn_sinks": "attention.sinks",
    "attn_q_a": "attention.q_a",
    "attn_q_b": "attention.q_b",
    "attn_kv_a_mqa": "attention.kv_a",
    "attn_kv_b": "attention.kv_b",
    "attn_q_a_norm": "norm.q_a",
    "attn_kv_a_norm": "norm.kv_a",
    "attn_norm": "norm.input",
    "ffn_norm": "norm.post_attention",
    "post_attention_norm": "norm.post_attention",
    "post_ffw_norm": "norm.post_feedforward",
    "attn_output_norm": "norm.attention",
    "layer_output_norm": "norm.output",
    "ffn_gate": "mlp.gate",
    "ffn_up": "mlp.up",
    "ffn_down": "mlp.down",
    "ffn_gate_inp": "router",
    "exp_probs_b": "router",
    "ffn_gate_exps": "experts:experts.gate",
    "ffn_up_exps": "experts:experts.up",
    "ffn_down_exps": "experts:experts.down",
    "ffn_gate.#": "experts.gate",
    "ffn_up.#": "experts.up",
    "ffn_down.#": "experts.down",
    "ffn_gate_shexp": "shared_expert.gate",
    "ffn_up_shexp": "shared_expert.up",
    "ffn_down_shexp": "shared_expert.down",
    "ffn_gate_inp_shexp": "shared_expert_gate",
    "ssm_out": "linear_attention.out",
    "ssm_conv1d": "linear_attention.conv",
}
TOP = {
    "token_embd": "embedding",
    "token_embd_norm": "norm.embedding",
    "position_embd": "position_embedding",
    "output_norm": "norm.final",
}
PERMUTED = {
    "llama", "deci", "granite", "granitemoe", "baichuan", "xverse", "internlm2", "deepseek", "arcee",
    "smollm3", "mistral3",
}  # fmt: skip
"""Architectures whose query and key rows the converter reorders."""
PERMUTED_LAYER = {"attn_q": "rope:attention.q", "attn_k": "rope_kv:attention.k"}
GEMMA_LAYER = {"ffn_norm": "norm.pre_feedforward"}
