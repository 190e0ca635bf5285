"""What the Hub makes of the front matter: tags, model trees, and its own check of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import yaml

from tests.hub.repositories import Served

if TYPE_CHECKING:
    from tests.hub.server import HubServer

BLOCK = re.compile(r"\s*---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)
RELATIONS = ("adapter", "merge", "quantized", "finetune")


def front_matter(text: str) -> Any:
    """The YAML of a card.

    Raises:
        yaml.YAMLError: it is none.
    """
    match = BLOCK.match(text)
    return yaml.safe_load(match[1]) if match else None


class Cards:
    """The cards of one test Hub; each is read once for a commit."""

    def __init__(self, hub: HubServer) -> None:
        self._hub = hub
        self._known: dict[tuple[str, str], dict[str, Any]] = {}

    def of(self, repo: Served, commit: str) -> dict[str, Any]:
        """``cardData``, ``tags`` and ``baseModels`` of a repository."""
        key = (repo.id, commit)
        if key not in self._known:
            self._known[key] = self._read(repo, commit)
        return self._known[key]

    def _read(self, repo: Served, commit: str) -> dict[str, Any]:
        card = repo.files(commit).get("README.md")
        text = repo.read(commit, "README.md", 0, card.size) if card else b""
        try:
            data = front_matter(text.decode("utf-8", "replace"))
        except yaml.YAMLError:
            data = None
        if not isinstance(data, dict):
            return {"tags": []}
        bases = data.get("base_model") or []
        bases = [b for b in (bases if isinstance(bases, list) else [bases]) if isinstance(b, str)]
        relation = data.get("base_model_relation") or ("merge" if len(bases) > 1 else "finetune")
        tags = [f"base_model:{b}" for b in bases]
        tags += [f"base_model:{relation}:{b}" for b in bases]
        if isinstance(data.get("license"), str):
            tags.append(f"license:{data['license']}")
        found: dict[str, Any] = {"cardData": _plain(data), "tags": tags}
        if bases:
            models = [{"_id": "0" * 24, "id": b} for b in bases]
            found["baseModels"] = {"relation": relation, "models": models}
        return found

    def listed(self, filters: list[str]) -> list[dict[str, Any]]:
        """Rows of the list of models that have every tag asked for."""
        rows = []
        for id_, repo in self._hub.repositories.items():
            commit = repo.resolve("main")
            if commit is None:
                continue
            tags = self.of(repo, commit)["tags"]
            if set(filters) <= set(tags):
                rows.append({"_id": "0" * 24, "id": id_, "modelId": id_, "tags": tags})
        return rows

    def count(self, id_: str) -> dict[str, int]:
        """How many models declare ``id_``, by relation."""
        counts = Counter(
            relation
            for relation in RELATIONS
            for _ in self.listed([f"base_model:{relation}:{id_}"])
        )
        return {relation: counts[relation] for relation in RELATIONS}

    def validate(self, text: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """Errors and warnings on a card; what is certain of the Hub's own check."""
        try:
            data = front_matter(text)
        except yaml.YAMLError as error:
            return [{"message": f"invalid YAML: {error}"}], []
        if data is None:
            return [], [{"message": "empty or missing yaml metadata in repo card"}]
        if not isinstance(data, dict):
            return [{"message": "metadata must be an object"}], []
        texts = ("license", "license_name", "license_link", "pipeline_tag", "library_name")
        wrong = [
            k
            for k in texts
            if k in data and not isinstance(data[k], str | list if k == "license" else str)
        ]
        return [{"message": f'"{key}" must be a string'} for key in wrong], []


def _plain(value: Any) -> Any:
    """As JSON would have it: dates become text."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
