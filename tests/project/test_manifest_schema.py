from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pipeline.project
from pipeline.project.models import Manifest
from pipeline.project.schema import manifest_schema

COMMITTED = Path(pipeline.project.__file__).parent / "project.schema.json"


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *(part for part in schema["$defs"].values() if "properties" in part)]


def test_the_committed_schema_is_that_of_the_models() -> None:
    written = json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"
    assert COMMITTED.read_text(encoding="utf-8") == written, "write manifest_schema() to project.schema.json anew"


def test_the_schema_names_its_draft_and_every_key_of_the_manifest() -> None:
    schema = manifest_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(schema["properties"]) == [field.alias or name for name, field in Manifest.model_fields.items()]
    assert schema["required"] == ["title", "chapters"]


def test_every_key_is_described_and_unknown_ones_are_marked() -> None:
    for part in _objects(manifest_schema()):
        assert part["additionalProperties"] is False
        for name, key in part["properties"].items():
            assert key.get("description"), name


def test_the_bounds_of_numbers_and_the_names_of_formats_reach_the_editor() -> None:
    schema = manifest_schema()
    assert schema["$defs"]["Pauses"]["properties"]["scene_ms"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 60000,
        "default": 1500,
        "description": "At a scene break.",
    }
    assert schema["$defs"]["Output"]["properties"]["format"]["enum"] == [
        "m4b",
        "mp3",
        "m4a",
        "opus",
        "flac",
        "wav",
        "srt",
        "vtt",
        "lrc",
        "ass",
        "captions-json",
        "audiobookshelf",
        "lpf",
        "rss",
        "epub",
    ]
