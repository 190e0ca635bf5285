"""``license/use-restrictions-dropped``."""

from __future__ import annotations

from cardlint_licenses import Topic
from cardlint_rules.license._edges import ConflictRule


class UseRestrictionsDropped(ConflictRule):
    """A parent's license asks its use restrictions to be passed on, and the declared license has none.

    ## What it checks
    A parent, or a parent's parent, is under a license whose use restrictions must stand in every
    further license as enforceable terms (OpenRAIL, Gemma, DeepSeek, Falcon, Hunyuan and the
    like), and this card declares licenses that have no use restrictions.

    ## Why it matters
    Who takes the model under the declared license alone is not bound by the restrictions, which is
    what the parent's license asks its licensees to prevent.

    ## Example
    `license: mit` over `base_model: google/gemma-2-9b` (Gemma Terms of Use, 3.1(1)).

    ## How to fix
    Declare the parent's license, or `license: other` with a license file that contains the
    restrictions.

    ## Sources
    - CreativeML OpenRAIL-M, 4(a) and section 5; Gemma Terms of Use, 3.1(1)
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/use-restrictions-dropped"
    topic = Topic.USE_RESTRICTIONS
    advice = "Declare {license}, or `other` with a license file that contains its use restrictions."
