"""``client.models``, ``client.voices``, ``client.dictionaries``: the calls, to be waited for or awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from pipeline.kugelaudio.dictionary_models import DictionaryEntry, DictionaryEntryList
from pipeline.kugelaudio.rest import dictionary_calls, model_calls, voice_calls
from pipeline.kugelaudio.rest.methods import AwaitingResource, BlockingResource, awaiting, blocking
from pipeline.kugelaudio.rest.paging import Page, walk, walk_async
from pipeline.kugelaudio.rest.transport import AwaitingTransport, BlockingTransport
from pipeline.kugelaudio.voice_models import Voice, VoiceListResponse

LARGEST_VOICE_PAGE = 100
LARGEST_ENTRY_PAGE = 500


class Models(BlockingResource):
    """Speech models."""

    list = blocking(model_calls.list_models)


class AsyncModels(AwaitingResource):
    """Speech models, awaited."""

    list = awaiting(model_calls.list_models)


class Voices(BlockingResource):
    """Voices and their recordings."""

    list = blocking(voice_calls.list_voices)
    get = blocking(voice_calls.get_voice)
    create = blocking(voice_calls.create_voice)
    update = blocking(voice_calls.update_voice)
    delete = blocking(voice_calls.delete_voice)
    list_references = blocking(voice_calls.list_references)
    add_reference = blocking(voice_calls.add_reference)
    delete_reference = blocking(voice_calls.delete_reference)
    publish = blocking(voice_calls.publish_voice)
    generate_sample = blocking(voice_calls.generate_sample)

    def iterate(
        self, language: str | None = None, include_public: bool = True, page_size: int = LARGEST_VOICE_PAGE
    ) -> Iterator[Voice]:
        """Yield every voice, fetching pages as they are needed."""
        return walk(lambda offset: self.list(language, include_public, page_size, offset), _voices)


class AsyncVoices(AwaitingResource):
    """Voices and their recordings, awaited."""

    list = awaiting(voice_calls.list_voices)
    get = awaiting(voice_calls.get_voice)
    create = awaiting(voice_calls.create_voice)
    update = awaiting(voice_calls.update_voice)
    delete = awaiting(voice_calls.delete_voice)
    list_references = awaiting(voice_calls.list_references)
    add_reference = awaiting(voice_calls.add_reference)
    delete_reference = awaiting(voice_calls.delete_reference)
    publish = awaiting(voice_calls.publish_voice)
    generate_sample = awaiting(voice_calls.generate_sample)

    def iterate(
        self, language: str | None = None, include_public: bool = True, page_size: int = LARGEST_VOICE_PAGE
    ) -> AsyncIterator[Voice]:
        """Yield every voice, fetching pages as they are needed."""
        return walk_async(lambda offset: self.list(language, include_public, page_size, offset), _voices)


class DictionaryEntries(BlockingResource):
    """The entries of a dictionary."""

    list = blocking(dictionary_calls.list_entries)
    add = blocking(dictionary_calls.add_entry)
    update = blocking(dictionary_calls.update_entry)
    delete = blocking(dictionary_calls.delete_entry)
    replace_all = blocking(dictionary_calls.replace_entries)

    def iterate(
        self,
        dictionary_id: int,
        *,
        search: str | None = None,
        project_id: int | None = None,
        page_size: int = LARGEST_ENTRY_PAGE,
    ) -> Iterator[DictionaryEntry]:
        """Yield every entry, fetching pages as they are needed."""
        return walk(
            lambda offset: self.list(
                dictionary_id, search=search, limit=page_size, offset=offset, project_id=project_id
            ),
            _entries,
        )


class AsyncDictionaryEntries(AwaitingResource):
    """The entries of a dictionary, awaited."""

    list = awaiting(dictionary_calls.list_entries)
    add = awaiting(dictionary_calls.add_entry)
    update = awaiting(dictionary_calls.update_entry)
    delete = awaiting(dictionary_calls.delete_entry)
    replace_all = awaiting(dictionary_calls.replace_entries)

    def iterate(
        self,
        dictionary_id: int,
        *,
        search: str | None = None,
        project_id: int | None = None,
        page_size: int = LARGEST_ENTRY_PAGE,
    ) -> AsyncIterator[DictionaryEntry]:
        """Yield every entry, fetching pages as they are needed."""
        return walk_async(
            lambda offset: self.list(
                dictionary_id, search=search, limit=page_size, offset=offset, project_id=project_id
            ),
            _entries,
        )


class Dictionaries(BlockingResource):
    """Pronunciation dictionaries; ``entries`` are their words."""

    def __init__(self, transport: BlockingTransport) -> None:
        super().__init__(transport)
        self.entries = DictionaryEntries(transport)

    list = blocking(dictionary_calls.list_dictionaries)
    create = blocking(dictionary_calls.create_dictionary)
    get = blocking(dictionary_calls.get_dictionary)
    update = blocking(dictionary_calls.update_dictionary)
    delete = blocking(dictionary_calls.delete_dictionary)


class AsyncDictionaries(AwaitingResource):
    """Pronunciation dictionaries, awaited; ``entries`` are their words."""

    def __init__(self, transport: AwaitingTransport) -> None:
        super().__init__(transport)
        self.entries = AsyncDictionaryEntries(transport)

    list = awaiting(dictionary_calls.list_dictionaries)
    create = awaiting(dictionary_calls.create_dictionary)
    get = awaiting(dictionary_calls.get_dictionary)
    update = awaiting(dictionary_calls.update_dictionary)
    delete = awaiting(dictionary_calls.delete_dictionary)


def _voices(page: VoiceListResponse) -> Page[Voice]:
    return page.voices, page.total


def _entries(page: DictionaryEntryList) -> Page[DictionaryEntry]:
    return page.entries, page.total
