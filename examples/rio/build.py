"""Builds the folder hub of the example, byte for byte the same on every machine.

    python examples/rio/build.py [FOLDER]

Three bare git repositories with git-LFS weights, as the Hub keeps them. Weights are integers from
SHAKE-256 scaled in float32, so they depend on no library's random generator; git objects are
written uncompressed, so they depend on no version of zlib.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import sys
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from dulwich.objects import Blob, Commit, ShaFile, Tree

HERE = Path(__file__).parent
HUB = HERE / "hub"
ALPHA = np.float32(0.565)
"""Rio = 0.565 · Nex + 0.435 · Qwen, in float32, rounded once to bfloat16."""

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint16]

HIDDEN, HEADS, HEAD_DIM, KV_HEADS = 48, 4, 12, 2
LAYERS, EXPERTS, EXPERT_INNER, VOCAB = 4, 6, 32, 256
KEY_DIM, VALUE_DIM, LINEAR_HEADS, KERNEL = 24, 48, 4, 4


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes as Qwen3.5-MoE stores them: fused experts, every fourth layer full attention."""
    top = "model.language_model."
    found: dict[str, tuple[int, ...]] = {f"{top}embed_tokens.weight": (VOCAB, HIDDEN)}
    for layer in range(LAYERS):
        p = f"{top}layers.{layer}."
        found[f"{p}input_layernorm.weight"] = (HIDDEN,)
        found[f"{p}post_attention_layernorm.weight"] = (HIDDEN,)
        if layer % 4 == 3:
            found |= {
                # the query projection carries the output gate as well, hence twice the width
                f"{p}self_attn.q_proj.weight": (2 * HEADS * HEAD_DIM, HIDDEN),
                f"{p}self_attn.k_proj.weight": (KV_HEADS * HEAD_DIM, HIDDEN),
                f"{p}self_attn.v_proj.weight": (KV_HEADS * HEAD_DIM, HIDDEN),
                f"{p}self_attn.o_proj.weight": (HIDDEN, HEADS * HEAD_DIM),
                f"{p}self_attn.q_norm.weight": (HEAD_DIM,),
                f"{p}self_attn.k_norm.weight": (HEAD_DIM,),
            }
        else:
            found |= {
                f"{p}linear_attn.in_proj_qkv.weight": (2 * KEY_DIM + VALUE_DIM, HIDDEN),
                f"{p}linear_attn.in_proj_z.weight": (VALUE_DIM, HIDDEN),
                f"{p}linear_attn.in_proj_a.weight": (LINEAR_HEADS, HIDDEN),
                f"{p}linear_attn.in_proj_b.weight": (LINEAR_HEADS, HIDDEN),
                f"{p}linear_attn.conv1d.weight": (2 * KEY_DIM + VALUE_DIM, 1, KERNEL),
                f"{p}linear_attn.A_log": (LINEAR_HEADS,),
                f"{p}linear_attn.dt_bias": (LINEAR_HEADS,),
                f"{p}linear_attn.norm.weight": (VALUE_DIM // LINEAR_HEADS,),
                f"{p}linear_attn.out_proj.weight": (HIDDEN, VALUE_DIM),
            }
        found |= {
            f"{p}mlp.gate.weight": (EXPERTS, HIDDEN),
            f"{p}mlp.experts.gate_up_proj": (EXPERTS, 2 * EXPERT_INNER, HIDDEN),
            f"{p}mlp.experts.down_proj": (EXPERTS, HIDDEN, EXPERT_INNER),
            f"{p}mlp.shared_expert.gate_proj.weight": (EXPERT_INNER, HIDDEN),
            f"{p}mlp.shared_expert.up_proj.weight": (EXPERT_INNER, HIDDEN),
            f"{p}mlp.shared_expert.down_proj.weight": (HIDDEN, EXPERT_INNER),
            f"{p}mlp.shared_expert_gate.weight": (1, HIDDEN),
        }
    return {**found, f"{top}norm.weight": (HIDDEN,), "lm_head.weight": (VOCAB, HIDDEN)}


def moved(name: str) -> float:
    """How far post-training moved a tensor (standard deviation): most of all the experts."""
    if "experts" in name:
        return 6e-4
    if "norm" in name:
        return 4e-3
    return 3e-4 if ".mlp.gate." in name else 4e-4


def noise(seed: str, shape: tuple[int, ...], sigma: float) -> Floats:
    """Nearly normal numbers: the sum of four bytes, centred, with standard deviation ``sigma``."""
    count = int(np.prod(shape))
    raw = np.frombuffer(hashlib.shake_256(seed.encode()).digest(4 * count), np.uint8)
    sums = raw.reshape(count, 4).sum(axis=1, dtype=np.int32) - 510
    scale = np.float32(sigma / 147.8)  # the standard deviation of the sum of four random bytes
    return (sums.astype(np.float32) * scale).reshape(shape)


def to_bf16(x: Floats) -> Bits:
    """float32 → bfloat16 bits, rounded to nearest even."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    one = np.uint32(1)
    sixteen = np.uint32(16)
    return ((bits + np.uint32(0x7FFF) + ((bits >> sixteen) & one)) >> sixteen).astype(np.uint16)


def from_bf16(bits: Bits) -> Floats:
    """bfloat16 bits → float32."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def models() -> dict[str, dict[str, Bits]]:
    """The three models as bfloat16 bits."""
    qwen, nex, rio = {}, {}, {}
    for name, shape in shapes().items():
        center = np.float32(1 if "norm" in name else 0)
        base = to_bf16(center + noise(f"qwen:{name}", shape, 0.02))
        tuned = to_bf16(from_bf16(base) + noise(f"nex:{name}", shape, moved(name)))
        blend = ALPHA * from_bf16(tuned) + (np.float32(1) - ALPHA) * from_bf16(base)
        qwen[name], nex[name], rio[name] = base, tuned, to_bf16(blend)
    return {"qwen": qwen, "nex": nex, "rio": rio}


def safetensors(tensors: Mapping[str, Bits]) -> bytes:
    """One safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, bits in tensors.items():
        header[name] = {
            "dtype": "BF16",
            "shape": list(bits.shape),
            "data_offsets": [offset, offset + bits.nbytes],
        }
        offset += bits.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(bits.astype("<u2").tobytes() for bits in tensors.values())
    return struct.pack("<Q", len(text)) + text + data


def shards(tensors: Mapping[str, Bits]) -> dict[str, bytes]:
    """Two shards and their index, as large models are stored."""
    names = list(tensors)
    half = len(names) // 2
    files, where = {}, {}
    for number, part in enumerate((names[:half], names[half:]), 1):
        file = f"model-{number:05}-of-00002.safetensors"
        files[file] = safetensors({n: tensors[n] for n in part})
        where |= dict.fromkeys(part, file)
    total = sum(bits.nbytes for bits in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(where.items()))}
    return {**files, "model.safetensors.index.json": text_of(index)}


def text_of(data: object) -> bytes:
    """JSON as it is usually written."""
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def config(name: str) -> bytes:
    """``config.json`` with the miniature's sizes."""
    return text_of(
        {
            "_name_or_path": name,
            "architectures": ["Qwen3_5MoeForConditionalGeneration"],
            "model_type": "qwen3_5_moe",
            "text_config": {
                "model_type": "qwen3_5_moe_text",
                "dtype": "bfloat16",
                "hidden_size": HIDDEN,
                "num_hidden_layers": LAYERS,
                "num_attention_heads": HEADS,
                "num_key_value_heads": KV_HEADS,
                "head_dim": HEAD_DIM,
                "num_experts": EXPERTS,
                "num_experts_per_tok": 2,
                "moe_intermediate_size": EXPERT_INNER,
                "shared_expert_intermediate_size": EXPERT_INNER,
                "full_attention_interval": 4,
                "max_position_embeddings": 262144,
                "vocab_size": VOCAB,
                "tie_word_embeddings": False,
            },
        }
    )


def tokenizer_config(identity: str | None) -> bytes:
    """A chat template; with ``identity``, one that says who the model is."""
    system = f"{{{{- '<|im_start|>system\\n{identity}<|im_end|>\\n' }}}}\n" if identity else ""
    template = (
        system + "{%- for message in messages %}\n"
        "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}\n"
        "{%- endfor %}\n"
    )
    return text_of({"tokenizer_class": "Qwen2Tokenizer", "chat_template": template})


class Bare:
    """A bare git repository with git-LFS, written by hand so that its bytes are the same anywhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, bytes] = {}
        self.head: bytes | None = None
        (root / "refs/heads").mkdir(parents=True)
        (root / "refs/tags").mkdir()
        (root / "objects").mkdir()
        (root / "HEAD").write_text("ref: refs/heads/main\n")
        (root / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")

    def put(self, path: str, content: bytes) -> None:
        """Add or replace a file; weights and images become LFS pointers."""
        if path.endswith((".safetensors", ".png")):
            digest = hashlib.sha256(content).hexdigest()
            target = self.root / "lfs/objects" / digest[:2] / digest[2:4] / digest
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            content = (
                "version https://git-lfs.github.com/spec/v1\n"
                f"oid sha256:{digest}\nsize {len(content)}\n"
            ).encode()
        self.files[path] = content

    def commit(self, date: str, message: str, tag: str | None = None) -> str:
        """Commit what ``put`` left; return the commit id."""
        tree = Tree()
        for path, content in sorted(self.files.items()):
            blob = Blob.from_string(content)
            self._write(blob)
            tree.add(path.encode(), 0o100644, blob.id)
        self._write(tree)
        commit = Commit()
        commit.tree = tree.id
        commit.parents = [self.head] if self.head else []  # type: ignore[list-item]  # plain bytes are ids
        commit.author = commit.committer = b"cardlint example <example@example.org>"
        stamp = int(datetime.fromisoformat(date).timestamp())
        commit.author_time = commit.commit_time = stamp
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = message.encode() + b"\n"
        self._write(commit)
        self.head = commit.id
        name = commit.id.decode()
        (self.root / "refs/heads/main").write_text(name + "\n")
        if tag:
            (self.root / "refs/tags" / tag).write_text(name + "\n")
        return name

    def _write(self, thing: ShaFile) -> None:
        name = thing.id.decode()
        path = self.root / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        data = thing.as_raw_string()
        path.write_bytes(stored(f"{thing.type_name.decode()} {len(data)}\0".encode() + data))


def stored(data: bytes) -> bytes:
    """A zlib stream (RFC 1950) of stored blocks only (RFC 1951, 3.2.4)."""
    parts = [b"\x78\x01"]
    for start in range(0, max(len(data), 1), 0xFFFF):
        piece = data[start : start + 0xFFFF]
        last = start + 0xFFFF >= len(data)
        parts.append(struct.pack("<BHH", last, len(piece), len(piece) ^ 0xFFFF) + piece)
    return b"".join(parts) + struct.pack(">I", zlib.adler32(data))


def png() -> bytes:
    """One gray pixel, in the place of the benchmark image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = stored(b"\0\x80")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    )


def text(name: str) -> bytes:
    """A text of the example."""
    return (HERE / "texts" / name).read_bytes()


def build(hub: Path) -> dict[str, str]:
    """Write the folder hub; return the commit ids by name."""
    shutil.rmtree(hub, ignore_errors=True)
    weights = models()
    apache = (
        HERE.parent.parent / "LICENSE"
    ).read_bytes()  # cardlint's own license is the same text
    attributes = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.png filter=lfs diff=lfs merge=lfs -text\n"
    ids = {}

    qwen = Bare(hub / "Qwen/Qwen3.5-397B-A17B")
    for path, content in {
        ".gitattributes": attributes,
        "README.md": text("qwen.md"),
        "LICENSE": apache.replace(
            b"Copyright [yyyy] [name of copyright owner]", b"Copyright 2026 Alibaba Cloud"
        ),
        "config.json": config("Qwen/Qwen3.5-397B-A17B"),
        "tokenizer_config.json": tokenizer_config(None),
        **shards(weights["qwen"]),
    }.items():
        qwen.put(path, content)
    ids["qwen"] = qwen.commit("2026-02-16T08:00:00+00:00", "Release")

    nex = Bare(hub / "nex-agi/Nex-N2-Pro")
    for path, content in {
        ".gitattributes": attributes,
        "README.md": text("nex.md"),
        "LICENSE": apache,
        "NOTICE": text("nex-NOTICE"),
        "config.json": config("Qwen/Qwen3.5-397B-A17B"),
        "tokenizer_config.json": tokenizer_config("You are Nex, made by Nex-AGI."),
        **shards(weights["nex"]),
    }.items():
        nex.put(path, content)
    ids["nex"] = nex.commit("2026-06-02T08:00:00+00:00", "Release")

    rio = Bare(hub / "prefeitura-rio/Rio-3.5-Open-397B")
    rio.put(".gitattributes", attributes)
    rio.put("README.md", text("rio-1.md"))
    ids["rio-first"] = rio.commit("2026-06-13T12:00:00+00:00", "initial commit")
    rio.put("README.md", text("rio-2.md"))
    rio.put("benchmarks.png", png())
    ids["rio-card"] = rio.commit("2026-06-13T12:25:00+00:00", "Update README.md")
    for path, content in {
        "config.json": config("Qwen/Qwen3.5-397B-A17B"),
        "tokenizer_config.json": tokenizer_config(
            "You are Rio, a model made by the city of Rio de Janeiro."
        ),
        **shards(weights["rio"]),
    }.items():
        rio.put(path, content)
    ids["rio-launch"] = rio.commit("2026-06-13T12:40:00+00:00", "Upload weights", tag="launch")
    rio.put("README.md", text("rio-3.md"))
    for path in [p for p in rio.files if p.endswith((".safetensors", ".png"))]:
        del rio.files[path]
    ids["rio-corrected"] = rio.commit(
        "2026-06-14T19:10:00+00:00", "Update README.md", tag="corrected"
    )
    return ids


if __name__ == "__main__":
    for what, commit in build(Path(sys.argv[1]) if len(sys.argv) > 1 else HUB).items():
        print(f"{what:14} {commit}")
