"""The KugelAudio API client. Usable alone; it imports nothing else of this package's parent.

::

    from pipeline.kugelaudio import KugelAudio

    with KugelAudio(api_key="…") as client:
        audio = client.tts.generate("Good evening.", voice_id=1071, language="en", word_timestamps=True)
        audio.save("evening.wav")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from pipeline.kugelaudio.errors import (
    AuthenticationError,
    IncompleteAudioError,
    InsufficientCreditsError,
    KugelAudioError,
    NotFoundError,
    RateLimitError,
    ServerRestartingError,
    TextTooLongError,
    ValidationError,
)
from pipeline.kugelaudio.errors import ConnectionError as KugelAudioConnectionError

if TYPE_CHECKING:
    from pipeline.kugelaudio.audio import AudioChunk, AudioResponse
    from pipeline.kugelaudio.client import AsyncKugelAudio, KugelAudio
    from pipeline.kugelaudio.configuration import TimeLimits
    from pipeline.kugelaudio.models import (
        BulkReplaceResult,
        Dictionary,
        DictionaryEntry,
        DictionaryEntryList,
        GeneratedSample,
        Model,
        SessionUsage,
        StreamConfig,
        Voice,
        VoiceAge,
        VoiceCategory,
        VoiceDetail,
        VoiceListResponse,
        VoiceReference,
        VoiceSex,
        WordTimestamp,
    )
    from pipeline.kugelaudio.speech.multi import MultiContextSession
    from pipeline.kugelaudio.speech.session import StreamingSession
    from pipeline.kugelaudio.speech.session_sync import StreamingSessionSync
    from pipeline.kugelaudio.trace import TraceEvent

__all__ = [
    "AsyncKugelAudio",
    "AudioChunk",
    "AudioResponse",
    "AuthenticationError",
    "BulkReplaceResult",
    "Dictionary",
    "DictionaryEntry",
    "DictionaryEntryList",
    "GeneratedSample",
    "IncompleteAudioError",
    "InsufficientCreditsError",
    "KugelAudio",
    "KugelAudioConnectionError",
    "KugelAudioError",
    "Model",
    "MultiContextSession",
    "NotFoundError",
    "RateLimitError",
    "ServerRestartingError",
    "SessionUsage",
    "StreamConfig",
    "StreamingSession",
    "StreamingSessionSync",
    "TextTooLongError",
    "TimeLimits",
    "TraceEvent",
    "ValidationError",
    "Voice",
    "VoiceAge",
    "VoiceCategory",
    "VoiceDetail",
    "VoiceListResponse",
    "VoiceReference",
    "VoiceSex",
    "WordTimestamp",
]

_LOADED_WHEN_ASKED_FOR = {
    "AsyncKugelAudio": "pipeline.kugelaudio.client",
    "AudioChunk": "pipeline.kugelaudio.audio",
    "AudioResponse": "pipeline.kugelaudio.audio",
    "BulkReplaceResult": "pipeline.kugelaudio.models",
    "Dictionary": "pipeline.kugelaudio.models",
    "DictionaryEntry": "pipeline.kugelaudio.models",
    "DictionaryEntryList": "pipeline.kugelaudio.models",
    "GeneratedSample": "pipeline.kugelaudio.models",
    "KugelAudio": "pipeline.kugelaudio.client",
    "Model": "pipeline.kugelaudio.models",
    "MultiContextSession": "pipeline.kugelaudio.speech.multi",
    "SessionUsage": "pipeline.kugelaudio.models",
    "StreamingSession": "pipeline.kugelaudio.speech.session",
    "StreamingSessionSync": "pipeline.kugelaudio.speech.session_sync",
    "StreamConfig": "pipeline.kugelaudio.models",
    "TimeLimits": "pipeline.kugelaudio.configuration",
    "TraceEvent": "pipeline.kugelaudio.trace",
    "Voice": "pipeline.kugelaudio.models",
    "VoiceAge": "pipeline.kugelaudio.models",
    "VoiceCategory": "pipeline.kugelaudio.models",
    "VoiceDetail": "pipeline.kugelaudio.models",
    "VoiceListResponse": "pipeline.kugelaudio.models",
    "VoiceReference": "pipeline.kugelaudio.models",
    "VoiceSex": "pipeline.kugelaudio.models",
    "WordTimestamp": "pipeline.kugelaudio.models",
}
"""The error family is needed where nothing is sent; the client brings httpx and websockets, which take their time."""


def __getattr__(name: str) -> object:
    if name not in _LOADED_WHEN_ASKED_FOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LOADED_WHEN_ASKED_FOR[name]), name)


def __dir__() -> list[str]:
    return __all__
