"""Decoders that follow Llama's names, and Meta's own ``consolidated`` files.

Llama, Mistral, Mixtral, Qwen2/3/3.5 (dense and MoE), Gemma, Phi-3, DeepSeek V3, gpt-oss.
Sources: transformers, ``modeling_*.py`` and ``conversion_mapping.py``; llama-models, ``model.py``.
"""

from __future__ import annotations

LAYER = {
    # attention
    "self_attn.q_proj": "attention.q",
    "self_attn.k_proj": "attention.k",
    "self_attn.v_proj": "attention.v",
    "self_attn.o_proj": "attention.o",
    "self_attn.out_proj": "attention.o",
    "self_attn.dense": "attention.o",
    "self_attn.qkv_proj": "concat:attention.q,attention.k,attention.v",
    "self_attn.W_pack": "concat:attention.q,attention.k,attention.v",
    "self_attn.query_key_value": "grouped:attention.q,attention.k,attention.v",
    "self_attn.q_norm": "norm.q",
    "self_attn.k_norm": "norm.k",
    "self_attn.q_layernorm": "norm.q",
    "self_attn.k_layernorm": "norm.k",
    "self_attn.sinks": "attention.sinks",
    # multi-head latent attention (DeepSeek)
    "self_attn.q_a_proj": "attention.q_a",
    "self_attn.q_b_proj": "attention.q_b",
    "self_attn.kv_a_proj_with_mqa": "attention.kv_a",
    "self_attn.kv_b_proj": "attention.kv_b",
    "self_attn.q_a_layernorm": "norm.q_a",
    "self_attn.kv_a_layernorm": "norm.kv_a",
    # Gated DeltaNet (Qwen3-Next, Qwen3.5)
    "linear_attn.in_proj_qkv": "linear_attention.in",
    "linear_attn.in_proj_qkvz": "linear_attention.in",
    "linear_attn.in_proj_z": "linear_attention.z",
    "linear_attn.in_proj_b": "linear_attention.b",
    "linear_attn.in_proj_a": "linear_attention.a",
    "linear_attn.in_proj_ba": "linear_attention.ba",
    "linear_attn.out_proj": "linear_attention.out",
    "linear_attn.conv1d": "linear_attention.conv",
    "linear_attn.A_log": "linear_attention.decay",
    "linear_attn.dt_bias": "linear_attention.dt",
    "linear_attn.norm": "norm.linear_attention",
    # MLP
    "mlp.gate_proj": "mlp.gate",
    "mlp.up_proj": "mlp.up",
    "mlp.down_proj": "mlp.down",
    "mlp.gate_up_proj": "halves:mlp.gate,mlp.up",
    "mlp.fc1": "mlp.up",
    "mlp.fc2": "mlp.down",
    # mixture of experts
    "mlp.gate": "router",
    "mlp.gate.e_score_correction_bias": "router.bias",
    "mlp.router": "router",
    "block_sparse_moe.gate": "router",
    "feed_forward.router": "router",
    "mlp.experts.#.gate_proj": "experts.gate",
    "mlp.experts.#.up_proj": "experts.up",
    "mlp.experts.#.down_proj": "experts.down",
    "block_sparse_moe.experts.#.w1": "experts.gate",
    "block_sparse_moe.experts.#.w3": "experts.up",
    "block_sparse_moe.experts.#.w2": "experts.down",
    "mlp.experts.gate_up_proj": "experts_halves:experts.gate,experts.up",
    "mlp.experts.down_proj": "experts:experts.down",
    "mlp.experts.gate_up_proj_blocks": "experts_interleaved_rows:experts.gate,experts.up",
    "mlp.experts.down_proj_blocks": "experts:experts.down",
    "mlp.experts.gate_up_proj_bias": "experts_interleaved:experts.gate.bias,experts.up.bias",
    "mlp.experts.down_proj_bias": "experts:experts.down.bias",
    "feed_forward.experts.gate_up_proj": "experts_column_halves:experts.gate,experts.up",
    "feed_forward.experts.down_proj": "experts_transposed:experts.down",
    "feed_forward.shared_expert.gate_proj": "shared_expert.gate",
    "feed_forward.shared_expert.up_proj": "shared_expert.up",
    "feed_forward.shared_expert.down_proj": "shared_expert.down",
    "feed_forward.gate_proj": "mlp.gate",
    "feed_forward.up_proj": "mlp.up",
    "feed_forward.down_proj": "mlp.down",
    "mlp.shared_expert.gate_proj": "shared_expert.gate",
    "mlp.shared_expert.up_proj": "shared_expert.up",
    "mlp.shared_expert.down_proj": "shared_expert.down",
    "mlp.shared_expert_gate": "shared_expert_gate",
    "mlp.shared_experts.gate_proj": "shared_expert.gate",
    "mlp.shared_experts.up_proj": "shared_expert.up",
    "mlp.shared_experts.down_proj": "shared_expert.down",
    # norms
    "input_layernorm": "norm.input",
    "post_attention_layernorm": "norm.post_attention",
    "pre_feedforward_layernorm": "norm.pre_feedforward",
    "post_feedforward_layernorm": "norm.post_feedforward",
    # Meta's files; rotary halves are interleaved there
    "attention.wq": "rope:attention.q",
    "attention.wk": "rope_kv:attention.k",
    "attention.wv": "attention.v",
    "attention.wo": "attention.o",
    "attention.wqkv": "grouped:attention.q,attention.k,attention.v",
    "feed_forward.w1": "mlp.gate",
    "feed_forward.w3": "mlp.up",
    "feed_forward.w2": "mlp.down",
    "attention_norm": "norm.input",
    "ffn_norm": "norm.post_attention",
}
TOP = {
    "embed_tokens": "embedding",
    "tok_embeddings": "embedding",
    "lm_head": "lm_head",
    "output": "lm_head",
    "norm": "norm.final",
    "final_layernorm": "norm.final",
    "mtp.fc": "mtp.projection",
}
GPT_OSS = {
    "mlp.experts.gate_up_proj": "experts_interleaved:experts.gate,experts.up",
    "mlp.experts.down_proj": "experts_transposed:experts.down",
}
"""gpt-oss in bfloat16 stores its experts as (in, out), under names that Qwen uses for (out, in)."""
