"""``upload/secret``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from cardlint.errors import Unavailable
from cardlint.findings import Confidence, Finding, Location, NotChecked, Severity
from cardlint.repository import Repository
from cardlint.rule import Fact, Rule
from cardlint.upload import secrets

MAX_FILE = 64 << 20
MAX_TOTAL = 512 << 20
MAX_FINDINGS = 20
"""Of one file: beyond that it is a list of secrets."""
NO_TEXT = frozenset(
    {
        *(".safetensors", ".gguf", ".ggml", ".onnx", ".onnx_data", ".bin", ".pt", ".pth", ".ckpt"),
        *(".h5", ".keras", ".tflite", ".pb", ".msgpack", ".npz", ".npy", ".parquet", ".arrow"),
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp3", ".wav", ".flac", ".mp4", ".zip", ".gz"),
        *(".model", ".spm", ".ot", ".mlmodel", ".tar", ".xz", ".zst", ".7z", ".pdf"),
    }
)


class Secret(Rule):
    """A file holds what looks like an access token or a private key.

    ## What it checks
    Every text file is searched for tokens by the patterns of their issuers: Hugging Face, GitHub,
    npm, PyPI, AWS, Google, OpenAI, Anthropic, Slack, Stripe, GitLab, and private keys in PEM form. A match
    has the issuer's prefix and length, its random part looks random, and where the issuer gives a
    checksum, it is right. The report shows the prefix and the place, never the token.

    ## Why it matters
    A token on the Hub is found within minutes, and a later commit does not take it out of the
    history.

    ## Example
    ```python
    login(token="hf_…")
    ```

    ## How to fix
    Revoke the token first, wherever the file has already been. Then take it out and read it from
    the environment:
    ```python
    login(token=os.environ["HF_TOKEN"])
    ```

    ## Sources
    - Hub documentation, Security, "Secrets scanning"
    - GitHub, "Behind GitHub's new authentication token formats": prefix and checksum
    """

    id = "upload/secret"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    needs = frozenset({Fact.FILES})
    profiles = frozenset({"before-upload"})

    def check(self, repo: Repository) -> Iterator[Finding | NotChecked]:
        read = 0
        unread: list[str] = []
        for path, entry in repo.files.items():
            if PurePosixPath(path).suffix.lower() in NO_TEXT:
                continue
            if not entry.present or entry.size > MAX_FILE or read + entry.size > MAX_TOTAL:
                unread.append(path)
                continue
            read += entry.size
            try:
                data = repo.source.read_bytes(path, MAX_FILE)
            except Unavailable:
                unread.append(path)
                continue
            yield from self._in(path, data)
        if unread:
            named = ", ".join(unread[:3]) + (f" and {len(unread) - 3} more" if unread[3:] else "")
            why = f"{named} could not be searched: too large, or not here"
            yield NotChecked(self.id, why, "Look through them yourself before they go up.")

    def _in(self, path: str, data: bytes) -> Iterator[Finding]:
        found = sorted(secrets.find(data), key=lambda s: s.start)
        text = data.decode("utf-8", "replace") if found else ""
        for secret in found[:MAX_FINDINGS]:
            line = text.count("\n", 0, secret.start) + 1
            column = secret.start - (text.rfind("\n", 0, secret.start) + 1) + 1
            yield self.finding(
                f"This looks like a {secret.kind} ({secret.shown}…).",
                Location(path, line, column),
                next_step="Revoke it, then take it out; read it from the environment instead.",
                evidence={"kind": secret.kind, "checksum": secret.checked},
            )
