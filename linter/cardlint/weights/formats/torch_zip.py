"""Tensors of PyTorch's zip files, without unpickling anything.

``torch.save`` writes a zip with ``…/data.pkl`` and one uncompressed entry for each storage
(torch, ``serialization.py``). The pickle is walked with ``pickletools.genops``, which only takes it
apart: names of functions stay names, nothing is imported and nothing is called. A small machine
follows the handful of instructions that make up a state dict; what it does not know becomes a value
that says nothing. Names that have no business there are reported.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cardlint.errors import Malformed
from cardlint.source.interface import Range, Source
from cardlint.weights.dtypes import BITS
from cardlint.weights.formats.interface import Plain, Storage

MAX_PICKLE = 64 << 20
MAX_READ = 96 << 20
"""Bytes of one file that are read to find its tensors: the directory and the pickle."""
MAX_STEPS = 2_000_000
MAX_ENTRIES = 1 << 17

STORAGES = {
    "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64",
    "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
    "ByteStorage": "U8", "BoolStorage": "BOOL",
}  # fmt: skip
USUAL = (
    "torch.", "torch ", "collections.OrderedDict", "collections.defaultdict", "numpy.core.multiarray.",
    "numpy._core.multiarray.", "numpy.dtype", "numpy.ndarray", "argparse.Namespace", "builtins.dict",
    "__builtin__.dict", "builtins.set", "__builtin__.set", "builtins.list", "builtins.int",
    "builtins.float", "builtins.bytearray", "_codecs.encode", "pathlib.PosixPath", "omegaconf.",
    "pytorch_lightning.", "lightning.", "transformers.training_args.", "transformers.trainer_utils.",
    "accelerate.", "datetime.", "enum.", "typing.Any",
)  # fmt: skip
"""Names that training code leaves in checkpoints. Loading them is not thereby harmless."""
NESTED = ("state_dict", "model_state_dict", "model", "module", "params_ema", "params", "net")
"""Keys below which training code keeps the weights."""


@dataclass(frozen=True, slots=True)
class Name:
    """A function or class that the pickle names; it stays a name."""

    text: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor: which storage, where in it."""

    key: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that the machine does not know; it says nothing."""


@dataclass(frozen=True, slots=True)
class TorchFile:
    """What was found."""

    stored: dict[str, Storage]
    unusual: tuple[str, ...]
    """Names that a state dict does not need, such as ``os.system``."""
    gaps: tuple[str, ...]


class _RangeFile(io.RawIOBase):
    """A remote file as :mod:`zipfile` wants it, with a limit on what is read."""

    def __init__(self, source: Source, path: str, size: int) -> None:
        super().__init__()
        self.source, self.path, self.size = source, path, size
        self.at = self.spent = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = max(0, offset + (0, self.at, self.size)[whence])
        return self.at

    def read(self, size: int | None = -1) -> bytes:
        left = max(self.size - self.at, 0)
        count = left if size is None or size < 0 else min(size, left)
        self.spent += count
        if self.spent > MAX_READ:
            raise Malformed(f"{self.path}: its directory and pickle exceed {MAX_READ:,} bytes")
        if not count:
            return b""
        data = self.source.read_ranges([Range(self.path, self.at, count)])[0]
        self.at += count
        return data


def unusual_names(source: Source, path: str, size: int) -> tuple[str, ...]:
    """The functions that a pickle names and a state dict does not need.

    Args:
        source: the repository.
        path: of a pickle, bare or in PyTorch's zip.
        size: its bytes.

    Raises:
        Malformed: it cannot be taken apart.
    """
    if size <= MAX_PICKLE and source.read_ranges([Range(path, 0, min(size, 2))])[0][:1] == b"\x80":
        text = source.read_ranges([Range(path, 0, size)])[0]
    else:
        _, _, text = _unzipped(source, path, size)
    _, names = walk(text, path)
    return tuple(sorted(n for n in names if not n.startswith(USUAL)))


def _unzipped(
    source: Source, path: str, size: int
) -> tuple[dict[str, zipfile.ZipInfo], str, bytes]:
    """The directory of PyTorch's zip, its root folder and its pickle."""
    try:
        archive = zipfile.ZipFile(_RangeFile(source, path, size))
        with archive:
            entries = {i.filename: i for i in archive.infolist()}
            pickles = [n for n in entries if n == "data.pkl" or n.endswith("/data.pkl")]
            if len(pickles) != 1 or len(entries) > MAX_ENTRIES:
                raise Malformed(f"{path} is a zip, but not one that torch.save wrote")
            root = pickles[0].removesuffix("data.pkl")
            with archive.open(pickles[0]) as file:
                text = file.read(MAX_PICKLE + 1)
            if f"{root}byteorder" in entries and archive.read(f"{root}byteorder")[:8] == b"big":
                raise Malformed(f"{path} is big-endian")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:  # fmt: skip
        raise Malformed(
            f"{path} is not in PyTorch's zip format and was not opened: it could only be unpickled"
        ) from error
    if len(text) > MAX_PICKLE:
        raise Malformed(f"{path}: its pickle exceeds {MAX_PICKLE:,} bytes")
    return entries, root, text


def read(source: Source, path: str, size: int) -> TorchFile:
    """Find the tensors of a ``.bin``, ``.pt``, ``.pth`` or ``.ckpt`` file.

    Raises:
        Malformed: it is not PyTorch's zip format, or does not add up.
    """
    entries, root, text = _unzipped(source, path, size)
    value, names = walk(text, path)
    tensors = _tensors(value)
    where = _places(source, path, size, entries, root, {t.key for t in tensors.values()})
    stored: dict[str, Storage] = {}
    odd: list[str] = []
    for name, ref in tensors.items():
        storage = _plain(name, ref, where.get(ref.key), path)
        if storage is None:
            odd.append(name)
        else:
            stored[name] = storage
    gaps = [f"{path}: {len(odd):,} tensors could not be placed, such as {odd[0]}"] if odd else []
    unusual = sorted(n for n in names if not n.startswith(USUAL))
    return TorchFile(stored, tuple(unusual[:20]), tuple(gaps))


def _plain(name: str, ref: Ref, place: tuple[int, int] | None, path: str) -> Plain | None:
    """The tensor within its storage, when it is in C order and inside."""
    if place is None or len(ref.shape) != len(ref.strides):
        return None
    step = 1
    for size, stride in zip(reversed(ref.shape), reversed(ref.strides), strict=True):
        if size != 1 and stride != step:
            return None
        step *= size
    width = BITS[ref.dtype] // 8
    begin, size = ref.offset * width, math.prod(ref.shape) * width
    if begin + size > place[1]:
        return None
    return Plain(ref.dtype, ref.shape, (name,), path, place[0] + begin, size)


def _places(
    source: Source,
    path: str,
    size: int,
    entries: dict[str, zipfile.ZipInfo],
    root: str,
    keys: set[str],
) -> dict[str, tuple[int, int]]:
    """Storage key → (first byte, bytes) in the file: after each entry's own header."""
    from cardlint.weights.read import fetch

    wanted = []
    for key in sorted(keys):
        info = entries.get(f"{root}data/{key}")
        if info and info.compress_type == zipfile.ZIP_STORED and info.header_offset + 30 <= size:
            wanted.append((key, info))
    heads = fetch(source, [Range(path, info.header_offset, 30) for _, info in wanted])
    places = {}
    for (key, info), head in zip(wanted, heads, strict=True):
        name, extra = (int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
        start = info.header_offset + 30 + name + extra
        if bytes(head[:4]) == b"PK\3\4" and start + info.file_size <= size:
            places[key] = (start, info.file_size)
    return places


def _tensors(value: Any) -> dict[str, Ref]:
    """The tensors of a state dict, below a usual key where they are not at the top."""
    if not isinstance(value, dict):
        return {}
    own = {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, Ref)}
    if own:
        return own
    for key in NESTED:
        inner = value.get(key)
        if isinstance(inner, dict):
            found = {k: v for k, v in inner.items() if isinstance(k, str) and isinstance(v, Ref)}
            if found:
                return found
    return {}


# --- the machine ------------------------------------------------------------------------------

_MARK = object()


def walk(text: bytes, path: str) -> tuple[Any, set[str]]:
    """Follow a pickle without calling anything.

    Returns:
        What it stands for, of dicts, lists, tuples, numbers, strings, :class:`Ref`,
        :class:`Name` and :class:`Opaque`; and every name that it mentions.

    Raises:
        Malformed: it is broken, or too long.
    """
    machine = _Machine()
    try:
        for steps, (operation, argument, _) in enumerate(pickletools.genops(text)):
            if steps > MAX_STEPS:
                raise Malformed(f"{path}: its pickle has more than {MAX_STEPS:,} instructions")
            machine.step(operation.name, argument)
        return machine.stack[-1], machine.names
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, AttributeError, UnicodeDecodeError) as error:  # fmt: skip
        raise Malformed(f"{path}: its pickle is broken ({type(error).__name__})") from error


class _Machine:
    """A stack, a memo, and inert values."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.names: set[str] = set()

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _PUSH:
            stack.append(argument)
        elif name in _CONSTANT:
            value = _CONSTANT[name]
            stack.append(value() if callable(value) else value)
        elif name == "MARK":
            stack.append(_MARK)
        elif name in {"PUT", "BINPUT", "LONG_BINPUT"}:
            self.memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in {"GET", "BINGET", "LONG_BINGET"}:
            stack.append(self.memo[int(argument)])
        elif name == "GLOBAL":
            stack.append(self._name(argument.replace(" ", ".", 1)))
        elif name == "STACK_GLOBAL":
            attribute, module = stack.pop(), stack.pop()
            if not isinstance(module, str) or not isinstance(attribute, str):
                raise ValueError(name)
            stack.append(self._name(f"{module}.{attribute}"))
        elif name == "INST":
            self._popped()
            self._name(argument.replace(" ", ".", 1))
            stack.append(Opaque())
        elif name == "OBJ":
            self._popped()
            stack.append(Opaque())
        elif name in {"TUPLE1", "TUPLE2", "TUPLE3"}:
            count = int(name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "TUPLE":
            stack.append(tuple(self._popped()))
        elif name == "LIST":
            stack.append(self._popped())
        elif name == "DICT":
            stack.append(_dict(self._popped()))
        elif name in {"APPEND", "SETITEM"}:
            count = 1 if name == "APPEND" else 2
            self._fill(stack[-1 - count], stack[-count:])
            del stack[-count:]
        elif name in {"APPENDS", "SETITEMS", "ADDITEMS"}:
            items = self._popped()
            self._fill(stack[-1], items)
        elif name in {"POP", "POP_MARK"}:
            if name == "POP":
                stack.pop()
            else:
                self._popped()
        elif name == "DUP":
            stack.append(stack[-1])
        elif name in {"BINPERSID", "PERSID"}:
            stack.append(("storage", stack.pop() if name == "BINPERSID" else argument))
        elif name in {"REDUCE", "NEWOBJ"}:
            arguments, function = stack.pop(), stack.pop()
            stack.append(_made(function, arguments))
        elif name == "NEWOBJ_EX":
            del stack[-3:]
            stack.append(Opaque())
        elif name == "BUILD":
            stack.pop()
        elif name == "FROZENSET":
            self._popped()
            stack.append(Opaque())
        elif name not in {"PROTO", "FRAME", "STOP"}:
            raise ValueError(name)

    def _name(self, text: str) -> Name:
        self.names.add(text[:200])
        return Name(text)

    def _popped(self) -> list[Any]:
        """Everything down to the mark."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError("no mark")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    @staticmethod
    def _fill(target: Any, items: Sequence[Any]) -> None:
        if isinstance(target, dict):
            target.update(_dict(items))
        elif isinstance(target, list):
            target.extend(items)


_PUSH = {
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "INT", "BININT",
    "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
}  # fmt: skip
_CONSTANT: dict[str, Any] = {
    "NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (), "EMPTY_LIST": list,
    "EMPTY_DICT": dict, "EMPTY_SET": list,
}  # fmt: skip


def _dict(items: Sequence[Any]) -> dict[Any, Any]:
    """Pairs with plain keys; the others say nothing."""
    pairs = zip(items[::2], items[1::2], strict=True)
    return {k: v for k, v in pairs if isinstance(k, str | int)}


def _made(function: Any, arguments: Any) -> Any:
    """What the few known calls stand for; nothing is called."""
    if not isinstance(function, Name) or not isinstance(arguments, tuple):
        return Opaque()
    if function.text == "collections.OrderedDict":
        pairs = arguments[0] if arguments and isinstance(arguments[0], list) else []
        return {p[0]: p[1] for p in pairs if len(p) == 2 and isinstance(p[0], str | int)}
    if function.text == "torch._utils._rebuild_parameter":
        return arguments[0] if arguments else Opaque()
    if function.text in {"torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"}:
        return _tensor(*arguments[:4]) if len(arguments) >= 4 else Opaque()
    return Opaque()


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> Any:
    if not (isinstance(storage, tuple) and len(storage) == 2 and isinstance(storage[1], tuple)):
        return Opaque()
    said = storage[1]
    if len(said) < 3 or not isinstance(said[1], Name) or not isinstance(said[2], str):
        return Opaque()
    dtype = STORAGES.get(said[1].text.rpartition(".")[2])
    sizes = [offset, *(shape if isinstance(shape, tuple) else [None])]
    sizes += [*(strides if isinstance(strides, tuple) else [None])]
    if dtype is None or not all(type(n) is int and 0 <= n < 1 << 62 for n in sizes):
        return Opaque()
    return Ref(said[2], dtype, offset, shape, strides)
