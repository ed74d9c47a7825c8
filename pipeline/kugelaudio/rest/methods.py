"""Turn functions that build calls into methods that carry them out, so that each call is written once."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from pipeline.kugelaudio.rest.call import Call
from pipeline.kugelaudio.rest.transport import AwaitingTransport, BlockingTransport

P = ParamSpec("P")
T = TypeVar("T")


class BlockingResource:
    """A group of calls that block."""

    def __init__(self, transport: BlockingTransport) -> None:
        self._transport = transport

    def _carry_out(self, call: Call[T]) -> T:
        return self._transport.send(call)


class AwaitingResource:
    """A group of calls to be awaited."""

    def __init__(self, transport: AwaitingTransport) -> None:
        self._transport = transport

    def _carry_out(self, call: Call[T]) -> Awaitable[T]:
        return self._transport.send(call)


def blocking(build: Callable[P, Call[T]]) -> Callable[Concatenate[BlockingResource, P], T]:
    """Return a method that builds the call and waits for its result."""

    @functools.wraps(build)
    def method(self: BlockingResource, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._carry_out(build(*args, **kwargs))

    return method


def awaiting(build: Callable[P, Call[T]]) -> Callable[Concatenate[AwaitingResource, P], Awaitable[T]]:
    """Return a method that builds the call and returns its result to be awaited."""

    @functools.wraps(build)
    def method(self: AwaitingResource, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        return self._carry_out(build(*args, **kwargs))

    return method
