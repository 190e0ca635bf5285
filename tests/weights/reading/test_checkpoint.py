"""The weight files of a repository: index, shards, variants, faults between them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cardlint.errors import NotFound
from cardlint.source.local import LocalFolder
from cardlint.weights.checkpoint import Checkpoint, open_checkpoint
from cardlint.weights.read import sketch
from tests.kit.weights import write_safetensors
from tests.weights.reading.kit import Counting, array, raw_header, read, rng, weights, write


def sharded(folder: Path, count: int = 3) -> dict[str, Any]:
    """A model in shards with its index; returns the index."""
    values = weights()
    names = sorted(values)
    where: dict[str, Any] = {}
    for i in range(count):
        file = f"model-{i + 1:05}-of-{count:05}.safetensors"
        mine = names[i::count]
        write_safetensors(folder / file, {n: values[n] for n in mine})
        where |= dict.fromkeys(mine, file)
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    save_index(folder, index)
    return index


def save_index(folder: Path, index: Any) -> None:
    """Write the shard index."""
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def codes(checkpoint: Checkpoint) -> list[str]:
    """What is wrong, in short."""
    return sorted({p.code for p in checkpoint.problems})


def test_shards_are_one_model(tmp_path: Path) -> None:
    """The same sketch, however the tensors are spread over files."""
    (tmp_path / "a").mkdir()
    one = read(write(tmp_path / "a", weights()))
    sharded(tmp_path / "b")
    many = read(tmp_path / "b")
    assert open_checkpoint(LocalFolder(tmp_path / "b")).problems == ()
    assert many.blocks.keys() == one.blocks.keys()
    for name in one.blocks:
        np.testing.assert_array_equal(array(one, name), array(many, name))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ghost.weight": "model-00001-of-00003.safetensors"}, ["index-absent-tensor"]),
        ({"ghost.weight": "model-00009-of-00009.safetensors"}, ["index-missing-file"]),
        ({"ghost.weight": "../../etc/passwd"}, ["index-path"]),
        ({"ghost.weight": "/etc/passwd"}, ["index-path"]),
        ({"ghost.weight": "..\\x"}, ["index-path"]),
        ({"ghost.weight": 7}, ["index-unreadable"]),
        ({"lm_head.weight": None}, ["index-unreadable"]),
    ],
)
def test_an_index_is_held_against_the_shards(
    tmp_path: Path, change: dict[str, Any], expected: list[str]
) -> None:
    """Each way in which an index can be wrong is named, and the weights are still read."""
    index = sharded(tmp_path)
    index["weight_map"].update(change)
    save_index(tmp_path, index)
    found = open_checkpoint(LocalFolder(tmp_path))
    assert codes(found) == expected
    assert len(found.stored) == 21


def test_tensors_that_the_index_forgets_are_named(tmp_path: Path) -> None:
    """They would be loaded by nobody."""
    index = sharded(tmp_path)
    del index["weight_map"]["lm_head.weight"]
    save_index(tmp_path, index)
    (problem,) = open_checkpoint(LocalFolder(tmp_path)).problems
    assert problem.code == "index-unlisted-tensor"
    assert "lm_head.weight" in problem.message


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    """Broken JSON, another shape, nested without end."""
    write(tmp_path, weights(layers=1))
    (tmp_path / "model.safetensors.index.json").write_text(text)
    assert "index-unreadable" in codes(open_checkpoint(LocalFolder(tmp_path)))


def test_a_tensor_in_two_shards_is_named(tmp_path: Path) -> None:
    """Which one is loaded depends on the loader."""
    sharded(tmp_path, 2)
    twice = {"lm_head.weight": weights()["lm_head.weight"]}
    for i in (1, 2):
        write_safetensors(tmp_path / f"model-{i:05}-of-00002.safetensors", twice)
    (tmp_path / "model.safetensors.index.json").unlink()
    assert codes(open_checkpoint(LocalFolder(tmp_path))) == ["duplicate-tensor"]


def test_missing_shards_without_an_index_are_noticed(tmp_path: Path) -> None:
    """The file names say how many there should be."""
    sharded(tmp_path)
    (tmp_path / "model.safetensors.index.json").unlink()
    (tmp_path / "model-00002-of-00003.safetensors").unlink()
    assert codes(open_checkpoint(LocalFolder(tmp_path))) == ["shards-missing"]


def test_a_truncated_shard_is_named_and_the_others_read(tmp_path: Path) -> None:
    """One broken download does not hide the rest."""
    sharded(tmp_path)
    file = tmp_path / "model-00002-of-00003.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    found = open_checkpoint(LocalFolder(tmp_path))
    assert "offsets-outside" in codes(found)
    found_anyway = sketch(LocalFolder(tmp_path))
    assert found_anyway.coverage.elements[0] > 0
    assert "model-00002-of-00003.safetensors" in found_anyway.gaps[0]


def test_a_git_lfs_pointer_is_not_taken_for_a_file(tmp_path: Path) -> None:
    """What is not here is said not to be here."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9999\n"
    (tmp_path / "model.safetensors").write_text(pointer)
    found = open_checkpoint(LocalFolder(tmp_path))
    assert codes(found) == ["not-here"]
    assert found.stored == {}
    with pytest.raises(NotFound, match="git-LFS pointer"):
        sketch(LocalFolder(tmp_path))


@pytest.mark.parametrize(
    ("files", "words"),
    [({}, "is empty"), ({"README.md": "# x"}, "none of the 1 files")],
)
def test_no_weights_is_an_answer(tmp_path: Path, files: dict[str, str], words: str) -> None:
    """An empty repository has no checkpoint, and that is said."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(NotFound, match=words):
        open_checkpoint(LocalFolder(tmp_path))


def test_one_packaging_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    """Beside a model: its adapter, a variant, another format, an older file."""
    write(tmp_path, weights(layers=1))
    for name in ("model.fp16.safetensors", "adapter_model.safetensors", "consolidated.safetensors"):
        write_safetensors(tmp_path / name, weights(2, layers=1))
    (tmp_path / "model.Q4_K_M.gguf").write_bytes(b"GGUF")
    found = open_checkpoint(LocalFolder(tmp_path))
    assert list(found.files) == ["model.safetensors"]
    assert len(found.gaps) == 2
    assert "3 other weight files" in found.gaps[0]


def test_the_parts_of_a_pipeline_are_kept_apart(tmp_path: Path) -> None:
    """Diffusers keeps a model in each folder."""
    (tmp_path / "model_index.json").write_text("{}")
    for part in ("unet", "text_encoder"):
        values = {"conv_in.weight": np.full((2, 2, 1, 1), 0.5, np.float32)}
        write_safetensors(tmp_path / part / "diffusion_pytorch_model.safetensors", values)
    found = read(tmp_path)
    assert sorted(found.tensors) == ["text_encoder/conv_in", "unet/conv_in"]


def test_unknown_types_are_gaps_and_the_rest_is_read(tmp_path: Path) -> None:
    """A complex tensor is named; its neighbour is read."""
    header = {
        "a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
    }
    (tmp_path / "model.safetensors").write_bytes(raw_header(header, bytes(16)))
    found = read(tmp_path)
    assert list(found.blocks) == ["b"]
    assert "C64" in found.gaps[0]


def test_hundreds_of_headers_are_read_in_two_batches(tmp_path: Path) -> None:
    """Each batch is a round trip where the model is remote."""
    values = rng(1).standard_normal((300, 4)).astype(np.float32)
    long = {f"{'x' * 900}{j}": np.zeros(1, np.float32) for j in range(100)}
    for i in range(300):
        extra = long if i % 100 == 0 else {}
        write_safetensors(
            tmp_path / f"model-{i + 1:05}-of-00300.safetensors",
            {f"layers.{i}.w": values[i], **{f"{i}.{k}": v for k, v in extra.items()}},
        )
    source = Counting(tmp_path)
    found = open_checkpoint(source)
    assert len(found.stored) == 600
    assert [len(b) for b in source.batches] == [300, 3]


def test_a_header_of_124468_tensors_is_read_within_seconds(tmp_path: Path) -> None:
    """As many keys as an NVFP4 mixture of experts has (facts: weights, section 4)."""
    names = [
        f"model.layers.{layer}.mlp.experts.{e}.{p}_proj.weight"
        for layer in range(60)
        for e in range(692)
        for p in ("gate", "up", "down")
    ][:124_468]
    assert len(names) == 124_468
    header = {
        n: {"dtype": "BF16", "shape": [1], "data_offsets": [2 * i, 2 * i + 2]}
        for i, n in enumerate(names)
    }
    (tmp_path / "model.safetensors").write_bytes(raw_header(header, bytes(2 * len(names))))
    start = time.perf_counter()
    found = read(tmp_path)
    assert time.perf_counter() - start < 60
    assert found.coverage.tensors == (124_468, 124_468)
    assert found.tensors["layers.59.experts.10.down"].expert == 10
