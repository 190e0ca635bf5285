"""cardlint: a linter for model repositories on the Hugging Face Hub."""
