"""What is quoted speech in a paragraph."""

from __future__ import annotations

import pytest

from pipeline.script.quotations import quoted_speech


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("“Come in,” she said. “Sit down.”", ["“Come in,”", "“Sit down.”"]),
        ('"Come in," she said. "Sit down."', ['"Come in,"', '"Sit down."']),
        ("„Komm“, sagte sie. „Setz dich.“", ["„Komm“", "„Setz dich.“"]),
        ("„Komm!” sagte sie.", ["„Komm!”"]),
        ("»Komm!« sagte sie. »Setz dich.«", ["»Komm!«", "»Setz dich.«"]),
        ("« Entrez ! » dit-elle. « Oui » dit-il.", ["« Entrez ! »", "« Oui »"]),
        ("”Kom in”, sa hon.", ["”Kom in”"]),
        ("「はい。」彼女は笑った。", ["「はい。」"]),
        ("‘Come in,’ said O’Brien’s wife. ‘Don’t wait.’", ["‘Come in,’", "‘Don’t wait.’"]),
        ("“He called me ‘a fool’, twice,” said Tom.", ["“He called me ‘a fool’, twice,”"]),
        ("„Er rief ‚Halt!‘ und „Steh!“ und lief“, sagte sie.", ["„Er rief ‚Halt!‘ und „Steh!“ und lief“"]),
        ("“The tide waits for no one. It came", ["“The tide waits for no one. It came"]),
        ("He said: “No”. She left.", ["“No”"]),
        ("He called it “progress” and went on.", []),
        ("The “so-called” lamp was a candle.", []),
        ("Sie nannte ihn „Held“ und ging.", []),
        ("The ’90s were John’s best years, ’tis said.", []),
        ("Nothing is quoted here.", []),
    ],
)
def test_speech_is_told_from_words_that_are_only_named(text: str, speech: list[str]) -> None:
    assert [text[start:end] for start, end in quoted_speech(text)] == speech
