"""eSpeak NG: an optional engine for a hundred languages (``pip install 'narrate[espeak]'``; GPL-3)."""

from pipeline.engines.espeak.engine import EspeakEngine

__all__ = ["EspeakEngine"]
