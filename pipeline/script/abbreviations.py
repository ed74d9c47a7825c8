"""What a full stop means by language: words that it shortens, and words that start sentences.

All lower case and without the final stop. Languages that are not listed go by sentencex's own lists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopRules:
    """How a language uses the full stop.

    ``never_last``: abbreviations after which the sentence goes on whatever follows (titles, "e.g.").
    ``before_number``: abbreviations only in front of a number ("No. 5"); elsewhere ordinary words.
    ``maybe_last``: abbreviations that may end a sentence; it ends if a ``starter`` follows.
    ``starters``: words that, capitalised, start a sentence rather than continue one.
    ``not_starters``: capitalised words that follow a time of day and continue the sentence.
    ``nouns_capitalised``: a capital says little; numbers with a stop are ordinals.
    ``list_ends``: abbreviations that any capital parts from what follows, where nouns have none.
    """

    never_last: frozenset[str]
    before_number: frozenset[str]
    maybe_last: frozenset[str]
    starters: frozenset[str]
    not_starters: frozenset[str] = frozenset()
    nouns_capitalised: bool = False
    list_ends: frozenset[str] = frozenset({"etc", "ecc", "usw", "usf", "u.s.w"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = StopRules(
    never_last=_words(
        "mr mrs ms messrs mx dr prof profs gen maj capt cpt col lt lieut sgt cpl pte cmdr adm brig rev revd fr hon sen "
        "rep gov pres amb supt insp det mme mlle mgr msgr sr.ª e.g i.e eg ie cf viz vs v ca approx esp incl mt ft st "
        "ste fig figs eq eqs op ed eds trans arr comp repr s.s h.m.s u.s.s r.m.s m.v gov.-gen lt.-col lt.-gen maj.-gen "
        "lieut.-col brig.-gen rt.hon rt thos jas chas wm geo jno robt saml benj edw alex"
    ),
    before_number=_words(
        "no nos p pp vol vols ch chap chaps sec sect art arts par para v vv l ll col cols n nn fol ff bk bks pt pts "
        "app ver tel ext c b d m jan feb mar apr jun jul aug sep sept oct nov dec"
    ),
    maybe_last=_words(
        "etc inc ltd co corp bros llc plc jr sr esq al ph.d m.d b.a m.a d.d ll.d d.phil m.p k.c q.c r.n u.s u.k u.s.a "
        "u.n e.u d.c l.a n.y a.m p.m a.d b.c b.c.e c.e ave blvd rd sq ln hwy dept est min max hr hrs sec secs oz lb "
        "lbs in yd yds cm mm km kg ibid jan feb mar apr aug sept oct nov dec mon tue tues wed thu thur thurs fri sat "
        "sun r.i.p r.s.v.p p.s n.b s.o.s v.i.p o.k w.c i.o.u"
    ),
    starters=_words(
        "the a an this that these those he she it we they you i his her its our their my your there here then when "
        "where while what who why how if but and or so yet for nor as at in on by with from to of after before once "
        "though although because since until unless no not yes now never nobody nothing none some someone something "
        "everyone everything every each all both few many most another one two three perhaps maybe however "
        "meanwhile instead still even only just let did do does is was are were has have had can could will would "
        "should may might must later soon suddenly finally next again outside inside is it's i'm i'd i'll i've he'd "
        "he's he'll she'd she's she'll they'd they're we'd we're you'd you're that's there's don't didn't who's what's "
        "nearly almost about under over behind beside between during through without within upon against "
    ),
    not_starters=_words(
        "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january february march "
        "april may june july august september october november december est edt cst cdt mst mdt pst pdt gmt bst utc "
        "cet eastern central pacific greenwich"
    ),
)
_GERMAN = StopRules(
    never_last=_words(
        "dr prof fa hr hrn fr frl st mag dipl ing med phil jur rer nat h.c theol habil z d i u v s.o s.u sog vgl ca "
        "bzw evtl ggf inkl exkl zzgl bspw zb dh ua geb gest verh verw jew insb allg dt engl frz ital lat griech kath "
        "evang abs art aufl ausg bd bde hg hrsg kap nr nrn o.g o.ä.s pf rd s str.nr tel verf vol zit zw z.b d.h u.a "
        "i.d v.a i.a z.t z.zt m.e u.u o.a s.a i.allg zus gen königl kgl hl ew exz gebr o a b.w m.w n v.d a.d i.d.r.s "
        "ob unt östl westl nördl südl mind max min bes urspr ehem"
    ),
    before_number=_words("s bl z jg jgg h p pp par art abs nr kap bd vers ziff abb fig tab anm fn"),
    maybe_last=_words(
        "usw usf etc u.s.w u.dgl dgl o.ä u.ä d.j d.ä chr v.chr n.chr jh jhd jhs jh.s mio mrd tsd str pl co inc ltd cie "
        "gmbh kg ag std min sek sr jr i.d.r u.a.m ff f al a.d.s h a.m p.m jan feb mär apr jun jul aug sep sept okt nov "
        "dez mo di mi do fr sa so n.n e.v i.r a.d z.s"
    ),
    starters=_words(
        "der die das ein eine einen einem einer dieser diese dieses diesen er sie es wir ihr ich du man sein seine "
        "ihre ihr mein meine dein unser unsere euer es's da dann dort hier nun jetzt als wenn weil während obwohl "
        "nachdem bevor aber und oder doch denn sondern auch nur noch schon so wie was wer wo wann warum weshalb "
        "wieso niemand nichts jemand etwas alle alles jeder jede jedes viele manche einige beide keiner keine kein "
        "nein ja vielleicht plötzlich später danach darauf damals heute gestern morgen endlich zuerst zuletzt "
        "trotzdem dennoch deshalb daher dabei damit dafür davon draußen drinnen nicht nie niemals immer wieder "
        "ist war hat hatte wird wurde kann konnte soll sollte muss musste will wollte im am in an auf aus bei mit nach "
        "seit von vor zu zum zur über unter hinter neben zwischen durch für gegen ohne um bis ab sogar allerdings"
    ),
    nouns_capitalised=True,
)
_FRENCH = StopRules(
    never_last=_words(
        "m mm mme mmes mlle mlles mgr dr drs pr prof me mes st ste sts stes cf p.ex ex c.-à-d c-à-d vs env chap vol "
        "art fig éd ed av apr j hab gal cdt cap lt col gén boul bd r"
    ),
    before_number=_words("p pp no n t vol chap art fig par ch al l v"),
    maybe_last=_words(
        "etc j.-c jc cie sté ltd inc jr sr s.a s.a.r.l h min sec ibid op.cit al janv févr avr juil sept oct nov déc"
    ),
    starters=_words(
        "le la les l'homme un une des ce cet cette ces il elle ils elles on nous vous je j'ai j'avais tu mon ma mes "
        "ton son sa ses notre votre leur leurs mais et ou donc or ni car puis alors ensuite enfin quand lorsque si "
        "comme où qui que quoi pourquoi comment dans sur sous avec sans pour par chez après avant pendant depuis tout "
        "tous toute rien personne aucun plus jamais toujours oui non voilà voici c'est c'était cela ça là ici puisque"
    ),
)
_SPANISH = StopRules(
    never_last=_words(
        "sr sra srta sres sras d dña dn dr dra dres prof profa lic ing arq gral cnel cap tte sto sta mons fr fray p.ej "
        "ej cf pág págs núm núms vol vols cap art fig ed av avda c ud.s exc excmo excma ilmo ilma rvdo a j"
    ),
    before_number=_words("pág págs p pp núm no n vol cap art fig t"),
    maybe_last=_words("etc ud uds vd vds ee.uu ee uu a.c d.c s.a s.l cía ltd inc jr h min seg kg km ibid a.m p.m"),
    starters=_words(
        "el la los las un una unos unas este esta esto estos estas ese esa eso aquel aquella él ella ellos ellas yo tú "
        "nosotros usted ustedes me te se le lo nos su sus mi mis tu y o pero mas sino porque pues cuando mientras si "
        "como donde qué quién cómo cuándo dónde por para con sin en de desde hasta entre sobre tras después antes "
        "luego entonces ahora ayer hoy mañana nunca jamás siempre nadie nada todo todos toda todas no sí ya también "
        "tampoco así aunque había era fue es hay estaba tenía quizá tal"
    ),
)
_ITALIAN = StopRules(
    never_last=_words(
        "sig sigg sig.ra sig.na dott dott.ssa prof prof.ssa ing avv arch geom rag on mons don s ss p.es es cfr vol cap "
        "art fig pag pagg ed n no cav comm gen col ten cap.no"
    ),
    before_number=_words("p pp pag pagg n num vol cap art fig t"),
    maybe_last=_words("ecc etc a.c d.c s.p.a s.r.l ltd inc jr h min sec kg km a.m p.m"),
    starters=_words(
        "il lo la i gli le un uno una questo questa questi queste quello quella egli ella esso essa essi loro lui lei "
        "io tu noi voi mi ti si ci vi non ma e o però perché poi allora quando mentre se come dove chi che cosa con "
        "per da in su tra fra dopo prima sempre mai nessuno niente tutto tutti era fu è c'era ora oggi ieri sì no"
    ),
)

STOP_RULES: dict[str, StopRules] = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
    "it": _ITALIAN,
}
"""By primary language subtag."""
