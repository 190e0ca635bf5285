"""What a file's name says: private, left over from training, or pickled."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_PRIVATE = re.compile(
    r"\.env|\.env\.(?!example$|sample$|template$|dist$).+|\.netrc|_netrc|\.git-credentials|\.pypirc"
    r"|\.npmrc|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|p12|pfx|keystore|jks|kdbx)"
    r"|\.bash_history|\.python_history|\.zsh_history|kaggle\.json"
)
_PRIVATE_FOLDERS = {".ssh", ".aws", ".gnupg", ".azure", ".gcloud", ".kube"}
_TRAINING = re.compile(
    r"optimizer\.(?:pt|bin|safetensors)|scheduler\.(?:pt|bin)|scaler\.pt|rng_state(?:_\d+)?\.pth"
    r"|random_states_\d+\.pkl|.*optim_states\.pt|zero_pp_rank_\d+.*\.pt|mp_rank_\d+_model_states\.pt"
    r"|events\.out\.tfevents\..+|zero_to_fp32\.py|latest_checkpointed_iteration\.txt"
)
_TRAINING_FOLDERS = re.compile(r"global_step\d+|wandb|__pycache__|\.ipynb_checkpoints|\.mlflow")
PICKLED = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill"})


def private(path: str) -> str | None:
    """The part of the path that says it is somebody's own, if one does."""
    pure = PurePosixPath(path)
    for part in pure.parts[:-1]:
        if part in _PRIVATE_FOLDERS:
            return part
    return pure.name if _PRIVATE.fullmatch(pure.name) else None


def training(path: str) -> str | None:
    """The part of the path that only training needs, if there is one."""
    pure = PurePosixPath(path)
    for part in pure.parts[:-1]:
        if _TRAINING_FOLDERS.fullmatch(part):
            return part
    return pure.name if _TRAINING.fullmatch(pure.name) else None


def pickled(path: str, head: bytes) -> bool:
    r"""Whether a file is a pickle, by its name and first bytes; it is never loaded.

    A pickle of protocol 2 or later begins with ``\x80`` and the protocol; PyTorch's own archive
    is a zip file of which the first entry is a pickle.
    """
    if PurePosixPath(path).suffix.lower() not in PICKLED:
        return False
    if head[:1] == b"\x80" and head[1:2] and head[1] <= 5:
        return True
    return head[:4] == b"PK\x03\x04" and b".pkl" in head
