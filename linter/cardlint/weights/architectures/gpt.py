"""GPT-2 (Conv1D: stored as (in, out), and kept so), GPT-NeoX, GPT-J, Falcon, BLOOM, Phi-1, MPT, OPT.

Sources: transformers, ``modeling_gpt2.py``, ``modeling_gpt_neox.py``, ``modeling_falcon.py``,
``modeling_bloom.py``, ``modeling_mpt.py``.
"""

from __future__ import annotations

LAYER = {
    "attn.c_attn": "columns:attention.q,attention.k,attention.v",
    "attn.c_proj": "attention.o",
    "mlp.c_fc": "mlp.up",
    "mlp.c_proj": "mlp.down",
    "ln_1": "norm.input",
    "ln_2": "norm.post_attention",
    "attn.q_proj": "attention.q",
    "attn.k_proj": "attention.k",
    "attn.v_proj": "attention.v",
    "attn.out_proj": "attention.o",
    "mlp.fc_in": "mlp.up",
    "mlp.fc_out": "mlp.down",
    "attention.query_key_value": "per_head:attention.q,attention.k,attention.v",
    "attention.dense": "attention.o",
    "self_attention.query_key_value": "grouped:attention.q,attention.k,attention.v",
    "self_attention.dense": "attention.o",
    "mlp.dense_h_to_4h": "mlp.up",
    "mlp.dense_4h_to_h": "mlp.down",
    "ln_attn": "norm.input",
    "ln_mlp": "norm.post_attention",
    "attn.Wqkv": "concat:attention.q,attention.k,attention.v",
    "ffn.up_proj": "mlp.up",
    "ffn.down_proj": "mlp.down",
    "norm_1": "norm.input",
    "norm_2": "norm.post_attention",
    "fc1": "mlp.up",
    "fc2": "mlp.down",
    "self_attn_layer_norm": "norm.input",
    "encoder_attn_layer_norm": "norm.cross_attention",
    "final_layer_norm": "norm.post_attention",
}
TOP = {
    "wte": "embedding",
    "wpe": "position_embedding",
    "ln_f": "norm.final",
    "embed_in": "embedding",
    "embed_out": "lm_head",
    "final_layer_norm": "norm.final",
    "word_embeddings": "embedding",
    "word_embeddings_layernorm": "norm.embedding",
    "norm_f": "norm.final",
    "decoder.embed_tokens": "embedding",
    "decoder.embed_positions": "position_embedding",
    "decoder.layer_norm": "norm.final",
    "decoder.final_layer_norm": "norm.final",
}
