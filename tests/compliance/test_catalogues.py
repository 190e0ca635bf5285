"""Every message of the report is translated, and every value is filled in."""

from __future__ import annotations

import re

import pytest

from cardlint.compliance import i18n
from cardlint.compliance.messages import messages

CATALOGUES = [name for name in i18n.LANGUAGES.values() if name != "en"]


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_message_is_translated(name: str) -> None:
    """None is missing and none is left over."""
    assert sorted(i18n._catalogue(name)) == messages()


@pytest.mark.parametrize("name", CATALOGUES)
def test_translations_keep_the_values(name: str) -> None:
    """A ``{value}`` of the message stands in its translation."""
    for message, text in i18n._catalogue(name).items():
        assert sorted(re.findall(r"{\w+[^}]*}", message)) == sorted(
            re.findall(r"{\w+[^}]*}", text)
        ), message


def test_values_are_filled_in() -> None:
    """With and without a catalogue."""
    assert i18n.translator("en")("License: {license}", license="mit") == "License: mit"
    assert i18n.translator("pt-BR")("License: {license}", license="mit") == "Licença: mit"
