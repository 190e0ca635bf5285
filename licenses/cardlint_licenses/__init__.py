"""What licenses ask for, as data with a source for each fact; and what license a text is.

One YAML file a license in ``data/licenses``; no license text is shipped, only hashes of four-word
shingles and the short sentences that a license itself requires to be handed on. This is a reading
aid with sections and dates, not legal advice.
"""

from cardlint_licenses.catalog import ids, load, resolve
from cardlint_licenses.model import Condition, Kind, License, Reuse, Text, Topic

__all__ = [
    "Condition",
    "Kind",
    "License",
    "Reuse",
    "Text",
    "Topic",
    "ids",
    "load",
    "resolve",
]
