"""A full scan sums what numpy sums, in bounded memory, and goes on where it was stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from cardlint.source.interface import Range
from cardlint.source.local import LocalFolder
from cardlint.weights.compare import compare
from cardlint.weights.confirm import confirm
from cardlint.weights.full import scan
from cardlint.weights.invariants import cosine
from cardlint.weights.moments import Moments, empty, moments
from cardlint.weights.read import sketch
from cardlint.weights.sketch import Sketch
from tests.kit.weights import bf16_bits, rounded
from tests.weights.reading.kit import LAB, NO_LAB, Array, rng, weights, write


def family(folder: Path, dtype: str = "BF16") -> tuple[LocalFolder, list[LocalFolder]]:
    """A merge 0.6 / 0.4 and its parents."""
    one, two = weights(1), weights(1, change=0.01)
    one, two = ({k: rounded(v, dtype) for k, v in m.items()} for m in (one, two))
    mix = {k: np.float32(0.6) * one[k] + np.float32(0.4) * two[k] for k in one}
    sources = []
    for name, values in (("mix", mix), ("one", one), ("two", two)):
        (folder / name).mkdir()
        sources.append(LocalFolder(write(folder / name, values, dtype)))
    return sources[0], sources[1:]


def total(found: dict[str, Moments]) -> Moments:
    """Of all tensors."""
    result = empty(2)
    for each in found.values():
        result += each
    return result


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32"])
def test_every_element_is_compared(tmp_path: Path, dtype: str) -> None:
    """Cosine, distance, fit and replay are those of the whole models."""
    mix, parents = family(tmp_path, dtype)
    found = scan(mix, parents, recipe=[0.6, 0.4])
    assert found.elements[0] == found.elements[1]
    assert found.left_out == {}
    sums = total({k: m for k, (_, m) in found.tensors.items()})
    x, p, q = (
        np.concatenate([b.values for b in sketch(s).blocks.values()]).astype(np.float64)
        for s in (mix, *parents)
    )
    assert sums.cosine(0) == pytest.approx(cosine(x, p), abs=1e-9)
    assert sums.cosine(1) == pytest.approx(cosine(x, q), abs=1e-9)
    assert sums.distance(1) == pytest.approx(np.linalg.norm(x - q) / np.linalg.norm(q), rel=1e-4)
    assert sums.identical == (int((x == p).sum()), int((x == q).sum()))
    fit = sums.fit()
    assert fit is not None
    alpha = float((x - p) @ (q - p) / ((q - p) @ (q - p)))
    assert fit[0].tolist() == pytest.approx([1 - alpha, alpha], rel=1e-4)
    assert sums.replayed == sums.n


@pytest.mark.parametrize(
    ("n", "kind"), [(10, "f"), (70_000, "f"), (200_001, "u"), (200_001, "m"), (200_000, "d")]
)
def test_sums_are_those_of_numpy(n: int, kind: str) -> None:
    """Block by block, as bits of bfloat16, as float32, as both, as float64; odd blocks too."""
    bits = [(rng(i).integers(0, 1 << 16, n, np.uint16) & 0x80FF) | 0x3C00 for i in range(3)]
    floats: list[Array] = [(b.astype(np.uint32) << 16).view(np.float32) for b in bits]
    bits[1][::3] = bits[0][::3]
    bits[0][1::4] = bf16_bits(0.5 * floats[1] + 0.5 * floats[2])[1::4]
    floats = [(b.astype(np.uint32) << 16).view(np.float32) for b in bits]
    arrays = {
        "u": bits,
        "f": floats,
        "m": [bits[0], floats[1], bits[2]],
        "d": [f.astype(np.float64) for f in floats],
    }[kind]
    found = moments(arrays[0], arrays[1:], [0.5, 0.5], "BF16")
    assert found.n == n
    assert found.identical == tuple(int((floats[0] == f).sum()) for f in floats[1:])
    if kind != "d":  # in float64 there is nothing to round
        blend = np.float32(0.5) * floats[1] + np.float32(0.5) * floats[2]
        assert found.replayed == int((bf16_bits(blend) == bits[0]).sum())
    x, p, q = (f.astype(np.float64) for f in floats)
    vectors = np.stack([p, x - p, q - p])
    np.testing.assert_allclose(found.gram, vectors @ vectors.T, rtol=1e-5)
    np.testing.assert_allclose(found.sums, vectors.sum(1), atol=1e-3)


def test_numbers_that_are_none_are_left_out() -> None:
    """Only the elements that are finite in all models are summed."""
    x, p = rng(1).standard_normal((2, 100_000)).astype(np.float32)
    x[5], p[70_000] = np.nan, np.inf
    assert moments(x, [p], None, "F32").n == 99_998
    assert moments(np.full(9, np.nan, np.float32), [p[:9]], None, "F32").n == 0


def test_tiny_differences_are_not_lost() -> None:
    """A change of 1e-6 of every weight has its right length."""
    p = rng(1).standard_normal(1 << 20)
    x = p * (1 + 1e-6)
    assert moments(x, [p], None, "F64").distance(0) == pytest.approx(1e-6, rel=1e-6)


class Failing(LocalFolder):
    """A disk that gives up after some reads."""

    left = 1 << 30

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Count, then fail."""
        Failing.left -= 1
        if Failing.left < 0:
            raise OSError("gone")
        return super().read_ranges(ranges)


def test_a_scan_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """The second run reads only what the first did not finish; the sums are the same."""
    mix, parents = family(tmp_path)
    state = tmp_path / "state"
    failing = Failing(mix.root)
    Failing.left = 15
    with pytest.raises(OSError, match="gone"):
        scan(failing, parents, state=state)
    (file,) = state.iterdir()
    assert 0 < len(file.read_text().splitlines()) < 21
    file.write_text(file.read_text() + '{"tensor": "half a li')
    seen: list[tuple[int, int]] = []
    Failing.left = 1 << 30
    again = scan(failing, parents, state=state, progress=lambda *at: seen.append(at))
    assert seen[0][0] > 0
    assert seen[-1][0] == pytest.approx(seen[-1][1], rel=1e-3)
    assert list(state.iterdir()) == []
    fresh = scan(mix, parents)
    assert set(again.tensors) == set(fresh.tensors)
    for name, (_, found) in fresh.tensors.items():
        np.testing.assert_allclose(again.tensors[name][1].gram, found.gram)


def test_the_state_of_another_scan_is_not_taken_up(tmp_path: Path) -> None:
    """Another recipe, or other files, go by another name."""
    mix, parents = family(tmp_path)
    names = set()
    for recipe in ([0.6, 0.4], [0.5, 0.5]):
        Failing.left = 15
        with pytest.raises(OSError, match="gone"):
            scan(Failing(mix.root), parents, recipe=recipe, state=tmp_path / "state")
        names |= {f.name for f in (tmp_path / "state").iterdir()}
    assert len(names) == 2


def test_what_cannot_be_compared_is_named(tmp_path: Path) -> None:
    """Another shape, no such tensor; a longer vocabulary is compared as far as it goes."""
    mix, parents = family(tmp_path)
    values = weights(1)
    values["lm_head.weight"] = np.concatenate([values["lm_head.weight"]] * 2)
    values["model.norm.weight"] = np.ones(65, np.float32)
    del values["model.layers.0.mlp.up_proj.weight"]
    write(parents[0].root, values)
    found = scan(mix, [LocalFolder(parents[0].root)])
    assert found.left_out == {
        "layers.0.mlp.up": "a parent has no such tensor",
        "norm.final": "a parent's shape is [65]",
    }
    assert found.tensors["lm_head"][1].n == 256 * 64


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells VmHWM")
def test_memory_does_not_grow_with_the_model(tmp_path: Path) -> None:
    """Three sparse models of 4 GB: at most 400 MB."""
    for name in "abc":
        (tmp_path / name).mkdir()
        n = 2 << 30
        entry = {"dtype": "BF16", "shape": [n >> 12, 1 << 12], "data_offsets": [0, 2 * n]}
        import json

        text = json.dumps({"model.layers.0.mlp.up_proj.weight": entry}).encode()
        with (tmp_path / name / "model.safetensors").open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            file.truncate(8 + len(text) + 2 * n)
    code = (
        "import sys; from pathlib import Path;"
        "from cardlint.source.local import LocalFolder; from cardlint.weights.full import scan;"
        "a, b, c = (LocalFolder(Path(p)) for p in sys.argv[1:]);"
        "assert scan(a, [b, c]).elements[0] == 2 << 30;"
        # Not ru_maxrss: on Linux that keeps what the tests' own process held when it forked.
        "status = Path('/proc/self/status').read_text();"
        "print(int(status.partition('VmHWM:')[2].split()[0]) / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(str(tmp_path / n) for n in "abc")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) <= 400, done.stdout


def test_a_comparison_is_confirmed_over_all_elements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a sample to every element: the same verdict, the figures of all."""
    mix, parents = family(tmp_path)
    exact = compare(sketch(mix, name="mix"), [sketch(p, name=p.root.name) for p in parents])
    monkeypatch.setattr("cardlint.weights.read.WHOLE", 0)
    some = [sketch(s, name=s.root.name, requests=40) for s in (mix, *parents)]
    said = compare(some[0], some[1:])
    seen: list[tuple[int, int]] = []
    full = confirm(said, mix, parents, progress=lambda *at: seen.append(at))
    assert seen[-1][0] == pytest.approx(seen[-1][1], rel=1e-3)
    assert full.verdict.kind == exact.verdict.kind == "merge"
    assert full.verdict.replay == pytest.approx(1, abs=1e-3)
    assert full.coverage["elements"] == exact.coverage["elements"]
    for one, other in zip(full.relations, exact.relations, strict=True):
        assert one.similarity == pytest.approx(other.similarity, abs=1e-6)
        assert one.distance == pytest.approx(other.distance, rel=1e-4)
        assert one.identical == pytest.approx(other.identical, abs=1e-9)
    table = {(c.component, c.layer): c.n for c in exact.components}
    for row in full.components:
        assert row.n == table[row.component, row.layer]
        assert row.consistency == pytest.approx(1, abs=0.01)


@pytest.mark.skipif(not LAB.is_dir(), reason=NO_LAB)
def test_an_adapter_is_not_scanned() -> None:
    """It holds a change, not weights."""
    names = ("A-de-lora", "A", "A-de-lora-adapter")
    sources = [LocalFolder(LAB / n) for n in names]
    said = compare(*_split([sketch(s, name=n) for s, n in zip(sources, names, strict=True)]))
    full = confirm(said, sources[0], sources[1:])
    assert full.verdict == said.verdict
    assert [n.why for n in full.not_checked][
        -1
    ] == "an adapter is laid on its base in a sample only"


def _split(sketches: list[Sketch]) -> tuple[Sketch, list[Sketch]]:
    return sketches[0], sketches[1:]
