"""``python -m cardlint``."""

from cardlint.cli import main

main()
