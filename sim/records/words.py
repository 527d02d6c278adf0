# ruff: noqa: E501 (lists of words do not break)
"""The words by which the columns, activities and outcomes of registers are known, in English, German and French."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "referral": ("referral", "referred", "date ref", "ref date", "zuweisung", "ueberweisung", "anmeldung", "adressage", "orientation", "first contact"),
    "listing": ("listing", "listed", "waiting list", "eligible", "eligibility", "work up end", "workup end", "warteliste", "gelistet", "liste d attente", "inscription", "tumour board", "tumor board"),
    "slot": ("booking", "booked", "slot date", "slot buchung"),
    "apheresis": ("apheresis", "leukapheresis", "aph", "apherese", "leukapherese", "collection date"),
    "collected": ("collected", "end of apheresis", "shipped to factory", "cells shipped", "zellen versandt", "versand"),
    "received_at_factory": ("received at factory", "factory receipt", "cells received", "receipt at manufacturer", "zellen erhalten"),
    "manufacturing": ("manufacturing", "manufacturing start", "start of manufacture", "culture start", "herstellung beginn"),
    "manufactured": ("manufactured", "manufacturing end", "end of manufacture", "culture end", "harvest", "herstellung ende"),
    "released": ("released", "release", "release date", "qa release", "freigabe"),
    "product_received": ("product received", "delivery", "product delivered", "product at centre", "product receipt", "lieferung"),
    "lymphodepletion": ("lymphodepletion", "ld start", "conditioning", "lymphodepletion start", "ld", "konditionierung"),
    "infusion": ("infusion", "infused", "car t infusion", "day 0", "infusionsdatum", "reinjection", "perfusion"),
    "discharge": ("discharge", "discharged", "entlassung", "sortie"),
    "died": ("death", "died", "date of death", "tod", "verstorben", "todesdatum", "deceased", "deces"),
    "withdrawn": ("withdrawal", "withdrawn", "withdrew", "dropout", "abbruch", "ruecktritt"),
    "progression": ("progression", "pd", "date pd", "progress", "progressed", "progressionsdatum"),
    "progression_free": ("last assessment", "last without progression", "last stable", "progression free"),
    "bridging": ("bridging", "bridging start", "bridge"),
}  # fmt: skip
OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "patient", "patient id", "patid", "case", "case id", "mrn", "fall", "fallnummer", "pid", "record", "number", "nr", "no", "case:concept:name"),
    "region": ("region", "area", "district", "state", "bundesland", "referring region"),
    "centre": ("centre", "center", "hospital", "site", "klinik", "zentrum"),
    "risk_group": ("risk", "risk group", "risk class", "risiko", "risikogruppe", "cytogenetic risk"),
    "product": ("product", "produkt", "car t product"),
    "outcome": ("outcome", "status", "fate", "ergebnis", "end reason", "reason"),
    "end": ("end date", "date of end", "outcome date", "status date", "end", "ende", "last contact", "date end"),
    "responded": ("bridging response", "response to bridging", "responded"),
    "collection": ("collections", "apheresis attempts", "number of collections", "aphereses", "anzahl apheresen", "apheresen"),
    "manufacture": ("manufacturing attempts", "manufactures", "number of manufactures", "anzahl herstellungen", "herstellungen"),
    "stay": ("length of stay", "los", "stay", "stay days", "verweildauer", "bed days"),
    "activity": ("activity", "event", "concept name", "milestone", "ereignis", "what"),
    "time": ("time", "timestamp", "date", "time timestamp", "datum", "zeit", "when"),
}  # fmt: skip
OUTCOME_WORDS: Mapping[str, tuple[str, ...]] = {
    "died": ("died", "dead", "death", "deceased", "tod", "verstorben", "gestorben", "exitus", "decede", "deces", "†"),
    "progressed": ("progressed", "progression", "pd", "progress"),
    "withdrawn": ("withdrawn", "withdrew", "withdrawal", "dropout", "abbruch", "other"),
    "hospice": ("hospice", "palliative", "hospiz", "palliativ"),
    "other_therapy": ("other therapy", "other treatment", "switched", "trial", "andere therapie", "bispecific"),
    "own_choice": ("own choice", "patient choice", "refused", "declined", "patientenwunsch"),
    "infection_or_organ_function": ("infection", "organ function", "infection or organ function", "infektion"),
    "collection_failed": ("collection failed", "apheresis failed"),
    "product_failed": ("product failed", "manufacturing failed", "manufacture failed", "out of specification"),
    "unsuitable": ("unsuitable", "not eligible", "ineligible"),
    "funding": ("funding", "no funding", "not reimbursed"),
    "infused": ("infused", "infusion", "treated", "done", "behandelt"),
    "waiting": ("waiting", "active", "in progress", "ongoing", "open", "alive", "wartend", "offen", "listed"),
}  # fmt: skip


# What is written where there is no date; in small letters. What may mean that something happened on a day that nobody
# knows (x, ?, unknown) is not among them: such a cell stays doubtful.
NO_DATE: tuple[str, ...] = (
    "-", "--", "---", "\u2013", "\u2014", "/", ".", "n/a", "na", "n.a.", "n. a.", "#n/a", "#nv", "nan", "nat", "none",
    "null", "nil", "k.a.", "k. a.", "keine angabe", "keine", "kein", "entfällt", "nein", "no", "not done",
    "not applicable", "néant", "non",
)  # fmt: skip


def plain(text: str) -> str:
    """A word in small letters of the English alphabet: umlauts spelled out, accents left away."""
    text = text.casefold()
    for umlaut, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, spelled)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
