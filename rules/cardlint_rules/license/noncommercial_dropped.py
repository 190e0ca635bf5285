"""``license/noncommercial-dropped``."""

from __future__ import annotations

from cardlint_licenses import Topic
from cardlint_rules.license._edges import ConflictRule


class NoncommercialDropped(ConflictRule):
    """A parent's license is for noncommercial use, and the declared license has no such limit.

    ## What it checks
    A parent, or a parent's parent, is under a license that allows noncommercial or research use
    alone, and none of the licenses that this card declares carries such a limit. A card that
    declares both kinds is for a person to judge and is told by
    `license/incompatible-with-upstream`.

    ## Why it matters
    Who relies on the declared license may use the model in a product, which the parent's license
    does not allow for what is in the weights of it.

    ## Example
    `license: apache-2.0` on a merge one parent of which is `cc-by-nc-sa-4.0`.

    ## How to fix
    Declare a license that carries the limit, leave the parent out, or ask its publisher for a
    license; a license that you were given can be recorded as a waiver in `cardlint.toml`.

    ## Sources
    - CC BY-NC 4.0, sections 1 and 2(a)(1)
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    """

    id = "license/noncommercial-dropped"
    topic = Topic.NONCOMMERCIAL
    advice = "Declare a license with the noncommercial limit of {license}, or record the right that you were given as a waiver."
