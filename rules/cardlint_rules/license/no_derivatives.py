"""``license/no-derivatives``."""

from __future__ import annotations

from cardlint_licenses import Topic
from cardlint_rules.license._edges import ConflictRule


class NoDerivatives(ConflictRule):
    """A parent's license does not let derivatives be shared.

    ## What it checks
    A parent, or a parent's parent, is under a no-derivatives license, and this repository is
    published as a fine-tune, merge or quantization of it. Whether an adapter is adapted material
    is for a person to judge: `license/incompatible-with-upstream`.

    ## Why it matters
    CC BY-ND 4.0 lets everybody make adapted material and lets nobody share it; the license of the
    derivative does not change that.

    ## Example
    `base_model: org/base` under `cc-by-nc-nd-4.0`, `base_model_relation: finetune`.

    ## How to fix
    Ask the parent's publisher for a license, and record it as a waiver in `cardlint.toml`.

    ## Sources
    - CC BY-ND 4.0, 2(a)(1)(B) and 3(a); CC BY-NC-ND 4.0, the same sections
    """

    id = "license/no-derivatives"
    topic = Topic.NO_DERIVATIVES
    advice = "Ask the publisher for a license, and record it as a waiver."
