"""Rules about what goes up: asked with ``--before-upload``, before a folder becomes public."""
