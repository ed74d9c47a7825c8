"""The settings of sessions: merged from frame to frame, and changed between turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.server.api_errors import invalid
from pipeline.server.speech_request import SessionSettings, UpdatableSettings, parsed

_LOWEST_CFG, _HIGHEST_CFG = 1.2, 2.5


def configured(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with those given in their place. Raises ApiError 400 for unknown or wrong ones."""
    if not given:
        return dict(settings)
    merged = {**settings, **given}
    parsed(SessionSettings, merged)
    return merged


def updated(settings: Mapping[str, Any], given: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings after ``update_settings``, and the six updatable ones now in effect. Raises ApiError 400."""
    if not isinstance(given, dict) or not given:
        raise invalid("update_settings needs at least one parameter to change")
    changes = parsed(UpdatableSettings, given).model_dump(exclude_none=True)
    if "cfg_scale" in changes:
        changes["cfg_scale"] = min(max(changes["cfg_scale"], _LOWEST_CFG), _HIGHEST_CFG)
    merged = {**settings, **changes}
    effective = parsed(SessionSettings, merged)
    return merged, {name: getattr(effective, name) for name in UpdatableSettings.model_fields}
