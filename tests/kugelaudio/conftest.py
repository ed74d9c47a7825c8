"""A peer on this machine that plays a script on each WebSocket."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

sys.path.insert(0, str(Path(__file__).parent))

Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def listening(script: Script, **options: Any) -> AsyncIterator[str]:
    logger = logging.getLogger("test.peer")
    logger.setLevel(logging.CRITICAL)
    async with serve(script, "127.0.0.1", 0, compression=None, max_size=None, logger=logger, **options) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


@pytest.fixture
def peer() -> Callable[..., Any]:
    """``async with peer(script) as url``."""
    return listening
