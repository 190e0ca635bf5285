"""``license/share-alike-dropped``."""

from __future__ import annotations

from cardlint_licenses import Topic
from cardlint_rules.license._edges import ConflictRule


class ShareAlikeDropped(ConflictRule):
    """A parent's license asks derivatives to carry the same license, and another is declared.

    ## What it checks
    A parent, or a parent's parent, is under a copyleft or share-alike license, and this card
    declares neither that license nor one that its own text names as compatible. Weak copyleft
    (MPL, LGPL), whose reach over weights is open, and GPL versions, of which the Hub cannot say
    "or later", are for a person to judge: `license/incompatible-with-upstream`.

    ## Why it matters
    The license lets derivatives be shared on the condition that they carry it.

    ## Example
    `license: mit` over a parent under `cc-by-sa-4.0`.

    ## How to fix
    Declare the parent's license.

    ## Sources
    - CC BY-SA 4.0, 3(b); GPL 3.0, 5(c)
    - The sections of other licenses are in `cardlint_licenses`, each with its source and date
    - OSADL license compatibility matrix, agreement and differences in the tests
    """

    id = "license/share-alike-dropped"
    topic = Topic.SHARE_ALIKE
    advice = "Declare {license}."
