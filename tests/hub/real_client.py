"""About twenty calls of the real huggingface_hub against a test Hub; needs nothing but that library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported lazily

ENDPOINT = sys.argv[1]
ID = "org/tuned"


def refused(call: object, *args: object, error: type[Exception], **kwargs: object) -> None:
    """Assert that a call fails in the way it should."""
    try:
        call(*args, **kwargs)  # type: ignore[operator]  # any method of the API
    except error:
        return
    raise AssertionError(f"{call} did not raise {error}")


def main() -> None:
    """Make the calls."""
    api = HfApi(endpoint=ENDPOINT)
    info = api.model_info(ID, files_metadata=True)
    assert info.sha is not None
    assert info.siblings is not None
    assert info.card_data is not None
    assert (info.id, len(info.sha), info.card_data.license) == (ID, 40, "mit")
    by_name = {s.rfilename: s for s in info.siblings}
    assert sorted(by_name) == ["README.md", "a/b c.txt", "model.safetensors"]
    assert by_name["model.safetensors"].lfs is not None
    assert by_name["README.md"].lfs is None

    expanded = api.model_info(ID, expand=["sha", "baseModels"])
    assert expanded.siblings is None
    bases: Any = expanded.base_models  # its type hint is not what the Hub sends
    assert bases["models"][0]["id"] == "org/base"
    counted: Any = api.model_info("org/base", expand=["childrenModelCount"]).children_model_count
    assert counted == {"adapter": 0, "merge": 0, "quantized": 0, "finetune": 1}

    commits = api.list_repo_commits(ID)
    assert [c.title for c in commits] == ["commit 2", "commit 1", "commit 0"]
    assert [c.message for c in commits] == ["why 2", "why 1", "why 0"]
    first = commits[-1].commit_id
    assert api.model_info(ID, revision=first).sha == first

    tree = list(api.list_repo_tree(ID, recursive=True))
    assert sorted(t.path for t in tree) == ["README.md", "a", "a/b c.txt", "model.safetensors"]
    assert sorted(t.path for t in api.list_repo_tree(ID)) == ["README.md", "a", "model.safetensors"]
    assert [b.name for b in api.list_repo_refs(ID).branches] == ["main"]
    paths = api.get_paths_info(ID, ["README.md", "nothing"])
    assert [p.path for p in paths] == ["README.md"]
    assert api.file_exists(ID, "README.md")
    assert not api.file_exists(ID, "nothing")
    assert api.repo_exists(ID)

    weights = hf_hub_download(ID, "model.safetensors", endpoint=ENDPOINT)
    assert Path(weights).stat().st_size == by_name["model.safetensors"].size
    card = hf_hub_download(ID, "README.md", revision=first, endpoint=ENDPOINT)
    assert Path(card).read_text().endswith("# Card 0\n")
    folder = snapshot_download(ID, endpoint=ENDPOINT)
    assert sorted(p.name for p in Path(folder).iterdir()) == ["README.md", "a", "model.safetensors"]
    assert sum(api.get_safetensors_metadata(ID).parameter_count.values()) > 0

    assert [m.id for m in api.list_models(filter="base_model:finetune:org/base")] == [ID]
    assert sorted(m.id for m in api.list_models(author="org")) == ["org/base", ID]

    opened = api.create_discussion(ID, "A report", description="first")
    comment = api.comment_discussion(ID, opened.num, "second")
    api.edit_discussion_comment(ID, opened.num, comment.id, "second, edited")
    api.change_discussion_status(ID, opened.num, "closed")
    details = api.get_discussion_details(ID, opened.num)
    said = [getattr(e, "content", "") for e in details.events if e.type == "comment"]
    assert (said, details.status) == (["first", "second, edited"], "closed")
    assert [d.title for d in api.get_repo_discussions(ID)] == ["A report"]

    refused(api.model_info, "org/none", error=HfHubHTTPError)
    refused(api.model_info, ID, revision="none", error=RevisionNotFoundError)
    refused(hf_hub_download, ID, "none.txt", endpoint=ENDPOINT, error=EntryNotFoundError)
    refused(
        hf_hub_download,
        "org/base",
        "config.json",
        endpoint=ENDPOINT,
        local_files_only=True,
        error=LocalEntryNotFoundError,
    )
    assert httpx.Client is not None
    print("all as expected")


if __name__ == "__main__":
    main()
