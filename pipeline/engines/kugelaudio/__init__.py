"""The paid engine: KugelAudio's API, or the local server that speaks its protocol."""

from pipeline.engines.kugelaudio.engine import KugelAudioEngine
from pipeline.engines.kugelaudio.opening import open_kugelaudio

__all__ = ["KugelAudioEngine", "open_kugelaudio"]
