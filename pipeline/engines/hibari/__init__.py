"""The embedded engine: hibari's small English voice, with exact word times on the text as written."""

from pipeline.engines.hibari.engine import HibariEngine

__all__ = ["HibariEngine"]
