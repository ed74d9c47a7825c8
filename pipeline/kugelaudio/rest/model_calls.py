"""Calls about speech models."""

from __future__ import annotations

from pipeline.kugelaudio.fields import ApiModel
from pipeline.kugelaudio.models import Model
from pipeline.kugelaudio.rest.call import Call, reader


class _Models(ApiModel):
    models: list[Model]


_read = reader(_Models)


def list_models() -> Call[list[Model]]:
    """List the models with their limits."""
    return Call("GET", "/v1/models", lambda body: _read(body).models)
