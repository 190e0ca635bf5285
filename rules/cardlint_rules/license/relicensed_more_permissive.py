"""``license/relicensed-more-permissive``."""

from __future__ import annotations

from cardlint_licenses import Topic
from cardlint_rules.license._edges import ConflictRule


class RelicensedMorePermissive(ConflictRule):
    """A permissive license is declared over a vendor's agreement that stays on the weights.

    ## What it checks
    A parent, or a parent's parent, is under a model maker's own agreement (Llama, Qwen, NVIDIA,
    Stability and the like) whose conditions hold for derivatives, and this card declares only
    permissive licenses over it.

    ## Why it matters
    Such an agreement lets derivatives be passed on under its own conditions; it does not let them
    be granted away. Who reads `apache-2.0` on the card believes to have rights that the agreement
    keeps back.

    ## Example
    `license: apache-2.0` over `base_model: meta-llama/Llama-3.1-8B`.

    ## How to fix
    Declare the parent's license (`license: llama3.1`), or `license: other` with a license file that
    names both.

    ## Sources
    - Llama 3.1 Community License Agreement, 1.b.i: a copy of the agreement goes with every derivative
    - The sections of other agreements are in `cardlint_licenses`, each with its source and date
    """

    id = "license/relicensed-more-permissive"
    topic = Topic.COPY
    advice = "Declare {license}, or `other` with a license file that names both."
