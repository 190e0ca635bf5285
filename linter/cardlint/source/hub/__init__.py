"""The Hugging Face Hub, or any server that speaks its HTTP interface."""

from cardlint.source.hub.source import Hub, HubSource

__all__ = ["Hub", "HubSource"]
