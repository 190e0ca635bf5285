"""How often `compare` is right, measured: ``python -m tests.accuracy --lab ../shared/lab``."""
