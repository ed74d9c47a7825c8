"""``/v1/dictionaries``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.server.accounts import Caller
from pipeline.server.bodies import (
    CreateDictionary,
    EntriesQuery,
    EntryBody,
    ProjectQuery,
    ReplaceEntries,
    UpdateDictionary,
    UpdateEntry,
    path_id,
    read_body,
    read_query,
)
from pipeline.server.rest import api_route, json_response, page
from pipeline.server.service import Service

_NULLABLE = frozenset({"description", "language", "ipa"})


def routes(service: Service) -> list[Route]:
    """The routes of dictionaries and entries."""
    one = "/v1/dictionaries/{dictionary_id}"
    return [
        api_route(service, "/v1/dictionaries", {"GET": _list, "POST": _create}),
        api_route(service, one, {"GET": _get, "PATCH": _update, "DELETE": _delete}),
        api_route(service, f"{one}/entries", {"GET": _entries, "POST": _add, "PUT": _replace}),
        api_route(service, f"{one}/entries/{{entry_id}}", {"PATCH": _change, "DELETE": _remove}),
    ]


async def _list(service: Service, caller: Caller, request: Request) -> Response:
    query = read_query(request, ProjectQuery)
    found = service.dictionaries.dictionaries(caller.organisation.id, query.project_id)
    return json_response({"dictionaries": found})


async def _create(service: Service, caller: Caller, request: Request) -> Response:
    query = read_query(request, ProjectQuery)
    body = await read_body(request, CreateDictionary)
    return json_response(service.dictionaries.create(caller.organisation.id, query.project_id, body), 201)


def _found(service: Service, caller: Caller, request: Request) -> int:
    """The id in the path, of a dictionary that is there. Raises ApiError 404, 422."""
    dictionary_id = path_id(request, "dictionary_id")
    query = read_query(request, ProjectQuery)
    service.dictionaries.dictionary(caller.organisation.id, query.project_id, dictionary_id)
    return dictionary_id


async def _get(service: Service, caller: Caller, request: Request) -> Response:
    dictionary_id = _found(service, caller, request)
    return json_response(service.dictionaries.dictionary(caller.organisation.id, None, dictionary_id))


async def _update(service: Service, caller: Caller, request: Request) -> Response:
    body = await read_body(request, UpdateDictionary)
    dictionary_id = _found(service, caller, request)
    service.dictionaries.update(dictionary_id, _changes(body))
    return json_response(service.dictionaries.dictionary(caller.organisation.id, None, dictionary_id))


async def _delete(service: Service, caller: Caller, request: Request) -> Response:
    service.dictionaries.delete(_found(service, caller, request))
    return json_response({"deleted": True})


async def _entries(service: Service, caller: Caller, request: Request) -> Response:
    query = read_query(request, EntriesQuery)
    dictionary_id = _found(service, caller, request)
    found, total = service.dictionaries.entries(dictionary_id, query.search, query.limit, query.offset)
    return page("entries", found, total, query.limit, query.offset)


async def _add(service: Service, caller: Caller, request: Request) -> Response:
    body = await read_body(request, EntryBody)
    return json_response(service.dictionaries.add(_found(service, caller, request), body), 201)


async def _replace(service: Service, caller: Caller, request: Request) -> Response:
    body = await read_body(request, ReplaceEntries)
    return json_response(service.dictionaries.replace_all(_found(service, caller, request), body.entries))


async def _change(service: Service, caller: Caller, request: Request) -> Response:
    body = await read_body(request, UpdateEntry)
    dictionary_id, entry_id = _found(service, caller, request), path_id(request, "entry_id")
    service.dictionaries.entry(dictionary_id, entry_id)
    return json_response(service.dictionaries.change(dictionary_id, entry_id, _changes(body)))


async def _remove(service: Service, caller: Caller, request: Request) -> Response:
    dictionary_id, entry_id = _found(service, caller, request), path_id(request, "entry_id")
    service.dictionaries.entry(dictionary_id, entry_id)
    service.dictionaries.remove(entry_id)
    return json_response({"deleted": True})


def _changes(body: UpdateDictionary | UpdateEntry) -> dict[str, object]:
    """What a PATCH changes: what it names; null clears where a field may be empty, and is no change elsewhere."""
    given = body.model_dump(exclude_unset=True)
    return {name: value for name, value in given.items() if value is not None or name in _NULLABLE}
