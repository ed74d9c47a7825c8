"""The bodies and queries that the REST routes take, as strict as the API's schema has them (OpenAPI)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from pipeline.server.api_errors import not_found, unprocessable

_Body = TypeVar("_Body", bound=BaseModel)

LARGEST_ID = 2**63 - 1
"""What the store can hold; a larger id is one that does not exist."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Empty(_Strict):
    """No query parameters of its own."""

    model_config = ConfigDict(extra="ignore")


class CreateDictionary(_Strict):
    """``POST /v1/dictionaries``."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2000)] | None = None
    language: Annotated[str, Field(max_length=16)] | None = None


class UpdateDictionary(_Strict):
    """``PATCH /v1/dictionaries/{id}``: what is given is changed."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    language: Annotated[str, Field(max_length=16)] | None = None
    is_active: bool | None = None


class EntryBody(_Strict):
    """An entry to be added."""

    word: Annotated[str, Field(min_length=1, max_length=200)]
    replacement: Annotated[str, Field(min_length=1, max_length=1000)]
    ipa: Annotated[str, Field(max_length=200)] | None = None
    case_sensitive: bool = False


class ReplaceEntries(_Strict):
    """``PUT /v1/dictionaries/{id}/entries``."""

    entries: list[EntryBody]


class UpdateEntry(_Strict):
    """``PATCH …/entries/{id}``: what is given is changed."""

    word: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    replacement: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    ipa: Annotated[str, Field(max_length=200)] | None = None
    case_sensitive: bool | None = None


class CreateVoice(BaseModel):
    """The metadata of ``POST /v1/voices``."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    sex: str | None = None
    description: Annotated[str, Field(max_length=2000)] = ""
    generative_voice_description: Annotated[str, Field(max_length=2000)] = ""
    category: str = "cloned"
    age: str | None = None
    quality: str = "mid"
    supported_languages: list[str] = Field(default_factory=lambda: ["en"])
    is_public: bool = False
    sample_text: Annotated[str, Field(max_length=2000)] = ""
    speaker_consent: bool = False


class UpdateVoice(BaseModel):
    """``PATCH /v1/voices/{id}``: what is given is changed. The schema allows further fields."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    generative_voice_description: Annotated[str, Field(max_length=2000)] | None = None
    supported_languages: list[str] | None = None
    category: str | None = None
    age: str | None = None
    sex: str | None = None
    quality: str | None = None
    is_public: bool | None = None
    sample_text: Annotated[str, Field(max_length=2000)] | None = None


_Offset = Annotated[int, Field(ge=0), AfterValidator(lambda offset: min(offset, LARGEST_ID))]


def _project(project_id: int) -> int:
    if abs(project_id) > LARGEST_ID:
        raise not_found("Project")
    return project_id


class ProjectQuery(Empty):
    """``?project_id``. Raises ApiError 404 for one beyond what the store can hold."""

    project_id: Annotated[int, AfterValidator(_project)] | None = None


class EntriesQuery(ProjectQuery):
    """``GET …/entries``."""

    search: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    offset: _Offset = 0


class VoicesQuery(Empty):
    """``GET /v1/voices``."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: _Offset = 0
    language: str | None = None
    include_public: bool = False


class CreditQuery(Empty):
    """``GET /v1/billing/credit-state``."""

    org_id: Annotated[int, Field(ge=1)]


class CreditHeaders(BaseModel):
    """The same route's headers: it is for licensed deployments."""

    license_key: Annotated[str, Field(alias="x-kugel-license-key")]
    api_key: Annotated[str, Field(alias="x-api-key")]


class _Id(BaseModel):
    id: int


async def read_body(request: Request, model: type[_Body]) -> _Body:
    """The JSON body as ``model``. Raises ApiError 422 with FastAPI's ``detail``."""
    raw = await request.body()
    try:
        value = json.loads(raw) if raw else None
    except ValueError as error:
        raise unprocessable([_problem("json_invalid", ("body",), f"JSON decode error: {error}")]) from error
    if value is None:
        raise unprocessable([_problem("missing", ("body",), "Field required")])
    return parse(model, value, "body")


def read_query(request: Request, model: type[_Body]) -> _Body:
    """The query parameters as ``model``. Raises ApiError 422."""
    return parse(model, dict(request.query_params), "query")


def path_id(request: Request, name: str) -> int:
    """An integer of the path. Raises ApiError 422 where it is none."""
    value = parse(_Id, {"id": request.path_params[name]}, "path", renamed={"id": name}).id
    return value if abs(value) <= LARGEST_ID else -1


def parse(model: type[_Body], value: object, where: str, renamed: Mapping[str, str] | None = None) -> _Body:
    """``value`` as ``model``. Raises ApiError 422 with the places under ``where``."""
    try:
        return model.model_validate(value, strict=where == "body")
    except ValidationError as error:
        raise unprocessable(_details(error, where, renamed or {})) from error


def _details(error: ValidationError, where: str, renamed: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        _problem(
            item["type"],
            (where, *(renamed.get(part, part) if isinstance(part, str) else part for part in item["loc"])),
            item["msg"],
        )
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _problem(kind: str, place: tuple[str | int, ...], message: str) -> dict[str, Any]:
    return {"type": kind, "loc": list(place), "msg": message}
