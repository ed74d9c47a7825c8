"""The KugelAudio API client. Usable alone; it imports nothing else of this package's parent.

::

    from pipeline.kugelaudio import KugelAudio

    with KugelAudio(api_key="…") as client:
        audio = client.tts.generate("Good evening.", voice_id=1071, language="en", word_timestamps=True)
        audio.save("evening.wav")
"""

from pipeline.kugelaudio.audio import AudioChunk, AudioResponse
from pipeline.kugelaudio.client import AsyncKugelAudio, KugelAudio
from pipeline.kugelaudio.configuration import TimeLimits
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
