"""Narration as a build: manuscript in, audiobook, captions and cost ledger out. See README.md."""

__version__ = "0.1.0"
