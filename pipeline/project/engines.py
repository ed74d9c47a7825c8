"""The engines that a manifest can name: one line each. This is where an engine is registered (docs/howto-engine.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class EngineName(StrEnum):
    """An engine: its name, where it is opened, and a voice's binding as messages show it.

    ``opened_by`` is ``module:function``, imported when the engine is first asked for; what the function is given is
    told by ``pipeline.engines.registry``. ``paid`` engines are never what a preview renders on.
    """

    HIBARI = "hibari", "pipeline.engines.hibari.engine:open_hibari", "{voice: heart}"
    ESPEAK = "espeak", "pipeline.engines.espeak.engine:open_espeak", "{voice: en-us}"
    KUGELAUDIO = "kugelaudio", "pipeline.engines.kugelaudio.opening:open_kugelaudio", "{voice_id: 1071}", True

    opened_by: str
    binding: str
    paid: bool

    def __new__(cls, name: str, opened_by: str = "", binding: str = "{}", paid: bool = False) -> Self:
        """Make a member of its line; what stands behind the name is not part of its value."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.opened_by = opened_by
        member.binding = f"{name}: {binding}"
        member.paid = paid
        return member
