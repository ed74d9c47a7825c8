"""What became of a request that raised: whether it can have been billed."""

from __future__ import annotations

from typing import Literal

from pipeline.engines.protocol import Passage
from pipeline.kugelaudio import IncompleteAudioError, KugelAudioConnectionError, KugelAudioError, ServerRestartingError
from pipeline.kugelaudio.speech.frames import MALFORMED

Outcome = Literal["failed", "lost", "rejected"]

_NO_ANSWER = frozenset({None, "TIMEOUT", MALFORMED})


def outcome_of(error: BaseException, passage: Passage) -> Outcome:
    """The ledger's outcome for an error of a request that came so far.

    ==========================================================  ========================================
    the answer ended well and is short                          ``rejected``: it was generated, so billed
    the request never left                                      ``failed``: not billed
    the service answered with an error of its own               ``failed``: not billed (KugelAudio API,
                                                                "Money": failed generations, and streams
                                                                that error before completion)
    the connection went, a time limit passed, the answer could  ``lost``: whether it was finished and
    not be understood, the server restarted, we were stopped    billed by then nobody can tell
    ==========================================================  ========================================
    """
    if isinstance(error, IncompleteAudioError):
        return "rejected"
    if passage.sent_at is None:
        return "failed"
    return "failed" if isinstance(error, KugelAudioError) and _answered(error) else "lost"


def _answered(error: KugelAudioError) -> bool:
    """Whether the service itself said that it failed or refused."""
    if isinstance(error, ServerRestartingError):
        return False
    if isinstance(error, KugelAudioConnectionError):
        return error.request_id is not None or error.error_code not in _NO_ANSWER
    return type(error) is not KugelAudioError or error.status_code is not None or error.error_code not in _NO_ANSWER
