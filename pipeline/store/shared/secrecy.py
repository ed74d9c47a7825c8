"""Keeping credentials out of what is said about a store."""

from __future__ import annotations

import os
import re

_SECRET_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN"),
    *("AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "KUGELAUDIO_API_KEY"),
)
_IN_URLS = re.compile(
    r"(?i)\b(sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|access_token|token|key)=[^&\s'\"]+"
)
_USER = re.compile(r"(?<=://)[^/\s@]+@")
_LONGEST = 300


def without_secrets(text: str) -> str:
    """What a backend said, in one line, without credentials of this environment and without signed parts of URLs."""
    for name in _SECRET_VARIABLES:
        value = os.environ.get(name, "").strip()
        if len(value) >= 4:
            text = text.replace(value, "…")
    text = _USER.sub("", _IN_URLS.sub(r"\1=…", text))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
