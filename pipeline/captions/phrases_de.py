"""German words by the part they play in a phrase (names of :class:`pipeline.captions.phrases.Role`).

A word in two lists plays the later part; genitives tie two nouns and stand with "von".
"""

from __future__ import annotations

WORDS = {
    "ADVERB": """nun dann da hier dort wieder bald schon noch immer oft manchmal nie niemals nur auch fast kaum
        zusammen deshalb daher jedoch vielleicht gewiss wohl eben gerade jetzt gleich sofort endlich damals doch ja""",
    "ADJECTIVE": """ganze ganzen ganzer ganzes große großen großer großes gute guten guter gutes kleine kleinen kleiner
        kleines alte alten alter altes neue neuen neuer neues junge jungen junger junges lange langen langer letzte
        letzten letzter nächste nächsten nächster erste ersten erster zweite zweiten eigene eigenen eigener andere
        anderen anderer anderes arme armen armer schöne schönen schöner viele vielen wenige lauter""",
    "INTENSIFIER": "sehr so zu ganz recht besonders äußerst allzu mehr",
    "NUMBER": """zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig sechzig
        siebzig achtzig neunzig hundert tausend""",
    "UNIT": """uhr mark euro cent pfennig gulden taler meter
        kilometer jahre jahren stunden minuten tage tagen wochen prozent""",
    "PREPOSITION": """an am auf aus bei beim bis durch für gegen hinter im in ins mit nach neben ohne seit trotz über um
        unter vor wegen während zum zur zwischen entlang gegenüber innerhalb außerhalb statt anstatt aufs
        durchs fürs ums übers vors hinterm""",
    "PARTICLE": """ab fort her heraus herein herunter hervor hin hinaus hinein hinunter los nieder weg
        zurück zusammen vorbei weiter""",
    "OF": "von vom des eines",
    "INFINITIVE": "zu",
    "CONJUNCTION": """und aber oder denn sondern weil obwohl obgleich wenn als ob dass daß damit bevor ehe nachdem
        sobald solange sodass indem falls sowie wie""",
    "RELATIVE": "welcher welche welches welchen welchem was wer wem wen wessen warum wo wohin woher wodurch",
    "DETERMINER": """der die das den dem ein eine einen einem einer kein keine keinen keinem keiner mein meine
        meinen meinem meiner dein deine deinen deinem sein seine seinen seinem seiner seines ihr ihre ihren ihrem ihrer
        ihres unser unsere unseren euer eure dieser diese dieses diesen diesem jeder jede jedes jeden jedem jener jene
        alle allen aller einige mehrere manche""",
    "SUBJECT": "ich du er wir man",
    "OBJECT": "mich mir dich dir ihn ihm ihnen uns euch sich",
    "PRONOUN": "es sie",
    "AUXILIARY": """bin bist ist sind seid war warst waren wart habe hast hat haben habt hatte hatten hätte hätten werde
        wirst wird werden werdet wurde wurden würde würden kann kannst können konnte konnten könnte könnten muss muß
        müssen musste mußte mussten mußten soll sollen sollte sollten will wollen wollte wollten darf dürfen durfte
        mag mögen mochte möchte""",
    "NEGATION": "nicht",
    "ABBREVIATION": "dr prof st nr bd hr fr bzw vgl",
    "TITLE": "herr herrn frau fräulein graf gräfin könig königin prinz kapitän onkel tante kapitel",
}

_ENDINGS = ("e", "en", "er", "es", "em")
_ADJECTIVE_ENDINGS = ("lichen", "liche", "licher", "igen", "ige", "iger", "ischen", "ische", "ischer", "losen", "lose")


def guess(word: str) -> str | None:
    """The part that the ending of a word suggests, or None; nouns are known by their capital."""
    if word[:1].isupper():
        return None
    if word.endswith(_ADJECTIVE_ENDINGS) and len(word) > 5:
        return "ADJECTIVE"
    return "INFLECTED" if word.endswith(_ENDINGS) else None
