"""Why a take is not to be made here now, although it is not here."""

from __future__ import annotations

from pipeline.errors import StorageError


class MadeElsewhere(Exception):
    """Another runner is making this take."""


class DamagedInStore(StorageError):
    """What the store has under a key is not what was stored. It is not used, and replaced only on purpose."""

    def __init__(self, key: str, how: str) -> None:
        super().__init__(
            f"the store's take {key[:12]} {how}; it is not used, and no other is paid for",
            hint="`narrate store push --replace` puts an intact copy in its place; "
            "`narrate store verify --set-aside` takes it out of use, and a render makes it again",
        )
        self.key = key
