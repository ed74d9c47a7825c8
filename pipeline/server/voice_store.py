"""Voices: the premade ones of the catalogue and those that callers made, with their recordings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.script.dictionary import speaks
from pipeline.server.api_errors import not_found
from pipeline.server.catalogue import PREMADE_VOICES, PremadeVoice, cloned_pitch
from pipeline.server.storage import Database

FIRST_OWN_ID = 20_001
"""Ids of voices that callers make start here, above the catalogue's."""

_DEFAULTS: dict[str, object] = {
    "description": "",
    "generative_voice_description": "",
    "supported_languages": ["en"],
    "category": "cloned",
    "age": None,
    "sex": None,
    "quality": "mid",
    "is_public": False,
    "verified": False,
    "pending_verification": False,
    "sample_url": None,
    "avatar_url": None,
    "sample_text": "",
}


@dataclass(frozen=True, slots=True)
class StoredVoice:
    """One voice. ``organisation`` None: of the public catalogue. ``fields`` are those of the API's VoiceDetail."""

    id: int
    organisation: str | None
    handle: str | None
    pitch: float
    fields: Mapping[str, object]

    def public(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": self.id,
            "voice_id": self.id,
            "handle": self.handle,
            "public_id": self.handle,
            **_DEFAULTS,
            **self.fields,
        }


class VoiceStore:
    """The tables ``voices`` and ``voice_references``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._db = database.connection
        if self._db.execute("SELECT 1 FROM voices").fetchone() is None:
            with database.transaction() as db:
                db.executemany(
                    "INSERT INTO voices (id, organisation, handle, pitch, fields) VALUES (?, NULL, ?, ?, ?)",
                    [(voice.id, voice.handle, voice.pitch, json.dumps(_premade(voice))) for voice in PREMADE_VOICES],
                )
                db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'voices'", (FIRST_OWN_ID - 1,))
        rows = self._db.execute("SELECT id, organisation, handle, pitch, fields FROM voices ORDER BY id").fetchall()
        self._voices = {row["id"]: _stored(row) for row in rows}

    def visible(self, organisation: str, *, language: str | None, include_public: bool) -> list[StoredVoice]:
        """The organisation's voices and, where asked for, everybody's verified ones."""
        return [
            voice
            for voice in self._voices.values()
            if (voice.organisation == organisation or (include_public and voice.organisation is None))
            and (language is None or any(speaks(language, str(one)) for one in _languages(voice)))
        ]

    def find(self, organisation: str, voice_id: int | str) -> StoredVoice:
        """A voice that the organisation may use, by id or handle. Raises ApiError 404."""
        voice = self._voices.get(int(voice_id)) if _is_id(voice_id) else self._named(str(voice_id))
        if voice is None or voice.organisation not in {None, organisation}:
            raise not_found(f"Voice {voice_id}")
        return voice

    def own(self, organisation: str, voice_id: int | str) -> StoredVoice:
        """A voice that the organisation owns and may change. Raises ApiError 404."""
        voice = self.find(organisation, voice_id)
        if voice.organisation is None:
            raise not_found(f"Voice {voice_id} of your own")
        return voice

    def create(self, organisation: str, fields: Mapping[str, object]) -> StoredVoice:
        """Make a voice."""
        text = json.dumps(dict(fields))
        cursor = self._db.execute(
            "INSERT INTO voices (organisation, handle, pitch, fields) VALUES (?, NULL, 1, ?)", (organisation, text)
        )
        voice_id = int(cursor.lastrowid or 0)
        sex = fields.get("sex")
        pitch = cloned_pitch(voice_id, str(sex) if sex else None)
        self._db.execute("UPDATE voices SET pitch = ? WHERE id = ?", (pitch, voice_id))
        voice = StoredVoice(voice_id, organisation, None, pitch, dict(fields))
        self._voices[voice_id] = voice
        return voice

    def update(self, voice: StoredVoice, changes: Mapping[str, object]) -> StoredVoice:
        """Change the given fields."""
        fields = {**voice.fields, **changes}
        self._db.execute("UPDATE voices SET fields = ? WHERE id = ?", (json.dumps(fields), voice.id))
        changed = StoredVoice(voice.id, voice.organisation, voice.handle, voice.pitch, fields)
        self._voices[voice.id] = changed
        return changed

    def delete(self, voice: StoredVoice) -> None:
        """Delete a voice with its recordings."""
        self._db.execute("DELETE FROM voices WHERE id = ?", (voice.id,))
        del self._voices[voice.id]

    def references(self, voice_id: int) -> list[dict[str, object]]:
        """The voice's recordings, oldest first."""
        rows = self._db.execute("SELECT * FROM voice_references WHERE voice_id = ? ORDER BY id", (voice_id,))
        return [_reference(row) for row in rows]

    def add_reference(self, voice_id: int, name: str, text: str, audio: bytes) -> dict[str, object]:
        """Keep a recording."""
        cursor = self._db.execute(
            "INSERT INTO voice_references (voice_id, name, reference_text, audio) VALUES (?, ?, ?, ?)",
            (voice_id, name, text, audio),
        )
        row = self._db.execute("SELECT * FROM voice_references WHERE id = ?", (cursor.lastrowid,)).fetchone()
        return _reference(row)

    def delete_reference(self, voice_id: int, reference_id: int) -> None:
        """Delete a recording. Raises ApiError 404."""
        cursor = self._db.execute(
            "DELETE FROM voice_references WHERE id = ? AND voice_id = ?", (reference_id, voice_id)
        )
        if not cursor.rowcount:
            raise not_found(f"Reference {reference_id}")

    def keep_sample(self, voice_id: int, wav: bytes) -> None:
        """Keep the voice's sample."""
        self._db.execute("UPDATE voices SET sample = ? WHERE id = ?", (wav, voice_id))

    def sample(self, voice_id: int) -> bytes:
        """The voice's sample, a WAV file. Raises ApiError 404."""
        row = self._db.execute("SELECT sample FROM voices WHERE id = ?", (voice_id,)).fetchone()
        if row is None or row["sample"] is None:
            raise not_found(f"Sample of voice {voice_id}")
        return bytes(row["sample"])

    def _named(self, handle: str) -> StoredVoice | None:
        return next((voice for voice in self._voices.values() if voice.handle == handle), None)


def _is_id(voice_id: int | str) -> bool:
    return isinstance(voice_id, int) or (voice_id.isascii() and voice_id.isdigit())


def _languages(voice: StoredVoice) -> list[object]:
    languages = voice.public()["supported_languages"]
    return languages if isinstance(languages, list) else []


def _premade(voice: PremadeVoice) -> dict[str, object]:
    return {
        "name": voice.name,
        "description": voice.description,
        "category": voice.category,
        "sex": voice.sex,
        "age": voice.age,
        "quality": "high",
        "is_public": True,
        "verified": True,
        "sample_text": "The light on the point was lit again before the ships came home.",
    }


def _stored(row: sqlite3.Row) -> StoredVoice:
    return StoredVoice(row["id"], row["organisation"], row["handle"], row["pitch"], json.loads(row["fields"]))


def _reference(row: sqlite3.Row) -> dict[str, object]:
    path = f"voices/{row['voice_id']}/references/{row['id']}"
    return {
        "id": row["id"],
        "voice_id": row["voice_id"],
        "name": row["name"],
        "reference_text": row["reference_text"],
        "s3_path": path,
        "audio_url": None,
        "is_generated": False,
    }
