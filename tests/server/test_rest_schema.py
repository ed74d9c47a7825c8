"""The server's REST routes agree with the provider's published OpenAPI: what they take, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

from pipeline.server.running import BackgroundServer
from pipeline.server.service import ServerOptions

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

KEY = {"X-API-Key": "ka_local", "X-Kugel-License-Key": "licence"}
VOICE = "/v1/voices/{voice_id}"
DICTIONARY = "/v1/dictionaries/{dict_id}"
OPERATIONS = [
    *(("GET", "/health"), ("GET", "/ready"), ("GET", "/v1/models"), ("GET", "/v1/billing/credit-state")),
    ("POST", "/v1/tts/generate"),
    *(("GET", "/v1/voices"), ("GET", VOICE), ("PATCH", VOICE), ("DELETE", VOICE), ("POST", f"{VOICE}/publish")),
    *(("GET", f"{VOICE}/references"), ("POST", f"{VOICE}/references")),
    *(("DELETE", f"{VOICE}/references/{{ref_id}}"), ("POST", f"{VOICE}/generate-sample")),
    *(("GET", "/v1/dictionaries"), ("POST", "/v1/dictionaries")),
    *(("GET", DICTIONARY), ("PATCH", DICTIONARY), ("DELETE", DICTIONARY)),
    *(("GET", f"{DICTIONARY}/entries"), ("POST", f"{DICTIONARY}/entries"), ("PUT", f"{DICTIONARY}/entries")),
    *(("PATCH", f"{DICTIONARY}/entries/{{entry_id}}"), ("DELETE", f"{DICTIONARY}/entries/{{entry_id}}")),
]
"""What the facts about the API list; the file's other operations are of licensed deployments and other products."""

WITH_BODY = [each for each in OPERATIONS if each[0] in {"POST", "PUT", "PATCH"} and not each[1].startswith(f"{VOICE}/")]
"""Those with a JSON body; recordings come as multipart."""

SEMANTIC = {400, 402, 404, 413, 429}
"""Well-formed requests that are refused: with the envelope, which the file does not describe."""


@pytest.fixture(scope="module")
def described(books: Path) -> dict[str, Any]:
    path = books.parent / "reference" / "kugelaudio-openapi.json"
    if not path.is_file():
        pytest.skip(f"the provider's OpenAPI is not at {path}")
    schema: dict[str, Any] = json.loads(path.read_text())
    return schema


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(ServerOptions(tier=0, silent=True)) as running:
        yield running


@pytest.fixture(scope="module")
def schema(described: dict[str, Any]) -> Any:
    return schemathesis.openapi.from_dict(described)


@pytest.fixture
def ids(server: BackgroundServer) -> dict[str, int]:
    """A voice with a recording and a dictionary with an entry, made anew: the operations change and delete them."""
    with httpx.Client(base_url=server.url, headers=KEY) as http:
        metadata = json.dumps({"name": "Mine", "speaker_consent": True})
        files = [("metadata", (None, metadata, "application/json")), ("files", ("a.wav", b"RIFF", "audio/wav"))]
        voice = http.post("/v1/voices", files=files).json()["id"]
        reference = http.get(f"/v1/voices/{voice}/references").json()[0]["id"]
        dictionary = http.post("/v1/dictionaries", json={"name": "Names"}).json()["id"]
        entry = http.post(f"/v1/dictionaries/{dictionary}/entries", json={"word": "a", "replacement": "b"}).json()["id"]
    return {"voice_id": voice, "ref_id": reference, "dict_id": dictionary, "entry_id": entry}


def _sent(case: Any, url: str) -> tuple[Any, str]:
    answer = case.call(base_url=url, headers={**(case.headers or {}), **KEY}, timeout=10)
    asked = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"
    return answer, f"{asked}: {answer.status_code} {answer.text[:300]}"


def _hold_to_the_schema(operation: Any, answer: Any, told: str) -> None:
    """What answers a request that fits the schema: what the file describes, or a refusal with its reason."""
    assert answer.status_code not in {401, 422}, told
    assert answer.status_code < 500, told
    if answer.status_code in SEMANTIC:
        body = answer.json()
        assert body["code"] == answer.status_code, told
        assert {"error", "error_code"} <= body.keys(), told
    else:
        assert str(answer.status_code) in operation.definition.raw["responses"], told
        operation.validate_response(answer)


CALM = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(
    ("method", "path", "there"),
    [(*each, there) for each in OPERATIONS for there in (True, False) if there or "{" in each[1]],
)
def test_what_fits_the_schema_is_taken_and_the_answer_fits_it(
    schema: Any, server: BackgroundServer, ids: dict[str, int], method: str, path: str, there: bool
) -> None:
    operation = schema[path][method]
    named = {name: ids[name] for name in ids if f"{{{name}}}" in path}

    @CALM
    @given(
        case=operation.as_strategy(GenerationMode.POSITIVE, **({"path_parameters": named} if there and named else {}))
    )
    def check(case: Any) -> None:
        _hold_to_the_schema(operation, *_sent(case, server.url))

    check()


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_that_breaks_the_schema_gets_422_with_its_details(
    schema: Any, server: BackgroundServer, ids: dict[str, int], method: str, path: str
) -> None:
    operation = schema[path][method]
    named = {name: ids[name] for name in ids if f"{{{name}}}" in path}

    @CALM
    @given(case=operation.as_strategy(GenerationMode.NEGATIVE, query={}, path_parameters=named))
    def check(case: Any) -> None:
        assume(case.meta.components[ParameterLocation.BODY].mode is GenerationMode.NEGATIVE)
        case.query = {}
        answer, told = _sent(case, server.url)
        assert answer.status_code == 422, told
        operation.validate_response(answer)
        assert answer.json()["detail"], told

    check()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/voices", {"limit": 0}),
        ("/v1/voices", {"limit": 101}),
        ("/v1/voices", {"offset": -1}),
        ("/v1/voices", {"limit": "many"}),
        ("/v1/dictionaries", {"project_id": "mine"}),
        ("/v1/dictionaries/x", {}),
        ("/v1/dictionaries/1/entries", {"limit": 501}),
        ("/v1/dictionaries/1/entries", {"search": "x" * 201}),
        ("/v1/billing/credit-state", {"org_id": 0}),
    ],
)
def test_a_query_that_breaks_the_schema_gets_422_with_its_details(
    server: BackgroundServer, path: str, query: dict[str, Any]
) -> None:
    answer = httpx.get(server.url + path, params=query, headers=KEY)
    assert answer.status_code == 422
    assert {"loc", "msg", "type"} <= answer.json()["detail"][0].keys()
