from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.project.languages import canonical_language
from pipeline.project.slugs import slugify
from pipeline.project.sources import natural_key


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-1901", "de-1901"),
        ("de-AT-x-Wien", "de-AT-x-wien"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("yue", "yue"),
        ("ar-u-nu-latn", "ar-u-nu-latn"),
    ],
)
def test_language_tags_take_their_canonical_case(tag: str, canonical: str) -> None:
    assert canonical_language(tag) == canonical


@pytest.mark.parametrize(
    ("tag", "suggestion"),
    [
        ("en_US", "did you mean 'en-US'?"),
        ("de_DE.UTF-8", "did you mean 'de-DE'?"),
        ("English", "did you mean 'en'?"),
        ("", ""),
        ("e", ""),
        ("en-", ""),
        ("12", ""),
        ("en us", ""),
    ],
)
def test_what_is_no_language_tag_is_refused_with_a_suggestion(tag: str, suggestion: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        canonical_language(tag)
    assert str(caught.value) == suggestion


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The Lighthouse Ledger", "the-lighthouse-ledger"),
        ("Penrose’s “Last” Word!", "penroses-last-word"),
        ("Über Größe & Ähnliches", "uber-grosse-ahnliches"),
        ("1984", "1984"),
        ("夜の灯台", "夜の灯台"),
        ("a_b  c--d", "a-b-c-d"),
        ("Con", "con-1"),
        ("…", ""),
        ("word " * 40, ("word-" * 16)[:-1]),
    ],
)
def test_a_title_becomes_a_file_name(title: str, slug: str) -> None:
    assert slugify(title) == slug


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_a_slug_is_a_safe_file_name_and_its_own_slug(text: str) -> None:
    slug = slugify(text)
    assert len(slug) <= 82
    assert not set(slug) & set(' /\\:*?"<>|.\0\n')
    assert slugify(slug).removesuffix("-1") == slug.removesuffix("-1")


def test_names_sort_as_people_number_them() -> None:
    names = ["10.md", "2.md", "1.md", "Part 2.md", "part 10.md", "part 1.md", "002.md"]
    assert sorted(names, key=natural_key) == ["1.md", "002.md", "2.md", "10.md", "part 1.md", "Part 2.md", "part 10.md"]
