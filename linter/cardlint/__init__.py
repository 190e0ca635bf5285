"""cardlint: a linter for model repositories on the Hugging Face Hub."""

__version__ = "0.1.0"
