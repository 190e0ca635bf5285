"""The parts of huggingface_hub that are used, under one roof.

The HTTP library beneath it changed its name in version 2 (httpx, then httpx2); it is only ever taken
from here. Importing this module costs most of a second: it is imported by functions, when the Hub
is really asked.
"""

from huggingface_hub import constants, errors
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # exported lazily, unseen by mypy
    build_hf_headers,
    get_session,
    hf_raise_for_status,
    httpx,
)

__all__ = [
    "build_hf_headers",
    "constants",
    "errors",
    "get_session",
    "hf_raise_for_status",
    "httpx",
]
