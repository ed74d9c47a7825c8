"""English words by the part they play in a phrase (names of :class:`pipeline.captions.phrases.Role`).

A word in two lists plays the later part.
"""

from __future__ import annotations

WORDS = {
    "ADVERB": """now then here there again soon already still yet perhaps indeed certainly probably once always often
        sometimes seldom never ever just only even also almost nearly hardly scarcely rather together therefore however
        moreover besides instead meanwhile afterwards immediately""",
    "ADJECTIVE": """able bad beautiful best better big black blue bright broken certain clean clear clever close cold
        common cruel dark dead dear deep different dry early easy elder eldest empty false fair far fat few fine first
        fit flat foolish foreign former fresh full gentle glad good grand gray great green grey half handsome happy hard
        heavy high hot huge human idle ill kind large last late latter lazy least light little local lonely long
        lost loud low lucky mad main mean mere middle modern much narrow new next nice noble old older oldest only open
        other own pale past plain poor pretty proper proud public pure quick quiet rare ready real red rich right rough
        round sad safe same second several severe shallow sharp short sick silent silly simple single slight slow small
        smooth soft sole solid sorry sore steep stern stiff straight strange strict strong stupid such sudden sure
        sweet swift tall tender thick thin third tiny tired true ugly upper usual vain various vast warm weak wet white
        whole wide wild wise wooden worse worst worthy wrong young younger youngest""",
    "INTENSIFIER": "very so too more most less quite rather extremely almost nearly particularly perfectly as",
    "NUMBER": """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million dozen""",
    "UNIT": """pounds pound shillings shilling pence guineas dollars dollar cents cent euros miles mile feet foot inches
        inch yards yard acres years year months month weeks week days day hours hour minutes minute seconds second
        o'clock times percent degrees a.m p.m am pm kilometres kilometers metres meters grams kilos tons""",
    "PREPOSITION": """about above across after against along amid among amongst around at before behind below beneath
        beside between beyond by concerning despite during except for from in inside into like near off on onto
        opposite outside over past per regarding round since than through throughout till toward towards under
        underneath until unto upon via with within without""",
    "PARTICLE": "up down out away back off forward aside apart",
    "OF": "of",
    "INFINITIVE": "to",
    "CONJUNCTION": """and but or nor yet because although though unless whereas while whilst if whether lest when
        whenever where wherever provided""",
    "RELATIVE": "that which who whom whose what why how whoever whatever",
    "DETERMINER": """a an the my your his its our their no every each any some all both either neither this these
        those many another""",
    "SUBJECT": """i he she we they i'm i've i'd i'll he's he'd he'll she's she'd she'll we're we've we'd we'll they're
        they've they'd they'll you're you've you'd you'll it's that's there's who's""",
    "OBJECT": "me him us them myself himself herself itself ourselves yourself yourselves themselves",
    "PRONOUN": "it you",
    "AUXILIARY": """am is are was were be been being have has had having do does did will would shall should can could
        may might must ought let seemed become became don't doesn't didn't won't wouldn't shan't shouldn't can't
        cannot couldn't mightn't mustn't needn't isn't aren't wasn't weren't hasn't haven't hadn't ain't""",
    "NEGATION": "not",
    "HER": "her",
    "ABBREVIATION": "mr mrs ms dr prof st rev hon capt col gen lt sgt mt jr messrs",
    "TITLE": """miss sir lady lord captain colonel major general lieutenant sergeant professor
        doctor king queen prince princess duke duchess earl count countess baron saint father mother uncle aunt
        cousin mister madam mme mlle chapter volume""",
}

_ADJECTIVE_ENDINGS = ("able", "ible", "ful", "ous", "ive", "less", "ical", "ish", "ary")


def guess(word: str) -> str | None:
    """The part that the ending of a word suggests, or None."""
    lower = word.lower().replace("’", "'")
    if lower.endswith(("'s", "s'")):
        return "POSSESSIVE"
    if lower.endswith("ly") and len(lower) > 4:
        return "ADVERB"
    if lower.endswith(_ADJECTIVE_ENDINGS) and len(lower) > 5:
        return "ADJECTIVE"
    return None
