# ruff: noqa: E501 (lists of words do not break)
"""The words by which columns, activities and outcomes of registers are known: English, German, French, Spanish, some Italian."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "referral": ("referral", "referred", "date ref", "ref date", "zuweisung", "ueberweisung", "anmeldung", "adressage", "orientation", "first contact", "derivacion", "remision", "invio"),
    "listing": ("listing", "listed", "waiting list", "eligible", "eligibility", "work up end", "workup end", "warteliste", "gelistet", "liste d attente", "inscription", "tumour board", "tumor board", "inclusion en lista", "lista de espera", "elegible", "inserimento in lista"),
    "slot": ("booking", "booked", "slot date", "slot buchung", "reserva"),
    "apheresis": ("apheresis", "leukapheresis", "aph", "apherese", "leukapherese", "collection date", "aferesis", "leucaferesis", "leucoaferesi"),
    "collected": ("collected", "end of apheresis", "apheresis end", "leukapheresis end", "apherese ende", "leukapherese ende", "shipped to factory", "cells shipped", "zellen versandt", "versand", "fin de aferesis", "envio de celulas"),
    "received_at_factory": ("received at factory", "factory receipt", "cells received", "receipt at manufacturer", "zellen erhalten", "recepcion en fabrica", "celulas recibidas"),
    "manufacturing": ("manufacturing", "manufacturing start", "start of manufacture", "culture start", "herstellung beginn", "inicio de fabricacion", "inizio produzione"),
    "manufactured": ("manufactured", "manufacturing end", "end of manufacture", "culture end", "harvest", "herstellung ende", "fin de fabricacion", "fine produzione"),
    "released": ("released", "release", "release date", "qa release", "freigabe", "liberacion", "rilascio"),
    "product_received": ("product received", "delivery", "product delivered", "product at centre", "product receipt", "lieferung", "recepcion del producto", "entrega", "consegna"),
    "lymphodepletion": ("lymphodepletion", "ld start", "conditioning", "lymphodepletion start", "ld", "konditionierung", "linfodeplecion", "linfodeplezione", "acondicionamiento"),
    "infusion": ("infusion", "infused", "car t infusion", "day 0", "infusionsdatum", "reinjection", "perfusion", "infusione"),
    "discharge": ("discharge", "discharged", "entlassung", "sortie", "alta", "dimissione"),
    "died": ("death", "died", "date of death", "tod", "verstorben", "todesdatum", "deceased", "deces", "fallecimiento", "muerte", "exitus", "defuncion", "decesso"),
    "withdrawn": ("withdrawal", "withdrawn", "withdrew", "dropout", "abbruch", "ruecktritt", "retirada", "abandono", "ritiro"),
    "progression": ("progression", "pd", "date pd", "progress", "progressed", "progressionsdatum", "progresion", "progressione"),
    "progression_free": ("last assessment", "last without progression", "last stable", "progression free", "ultima evaluacion"),
    "bridging": ("bridging", "bridging start", "bridge", "terapia puente", "puente", "terapia ponte"),
}  # fmt: skip
OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "patient", "patient id", "patid", "case", "case id", "mrn", "fall", "fallnummer", "pid", "record", "number", "nr", "no", "case:concept:name", "n historia", "historia", "nhc", "paciente", "paziente", "numero"),
    "region": ("region", "area", "district", "state", "bundesland", "kreis", "landkreis", "bezirk", "referring region", "comunidad", "provincia", "regione"),
    "centre": ("centre", "center", "hospital", "site", "klinik", "zentrum", "centro", "ospedale"),
    "risk_group": ("risk", "risk group", "risk class", "risiko", "risikogruppe", "cytogenetic risk", "riesgo", "grupo de riesgo", "rischio"),
    "product": ("product", "produkt", "car t product", "producto", "prodotto"),
    "outcome": ("outcome", "status", "fate", "ergebnis", "end reason", "reason", "estado", "motivo", "motivo de salida", "desenlace", "esito", "motif de sortie"),
    "end": ("end date", "date of end", "outcome date", "status date", "end", "ende", "last contact", "date end", "fecha de salida", "fecha fin", "salida", "date de sortie"),
    "responded": ("bridging response", "response to bridging", "responded"),
    "collection": ("collections", "apheresis attempts", "number of collections", "aphereses", "anzahl apheresen", "apheresen"),
    "manufacture": ("manufacturing attempts", "manufactures", "number of manufactures", "anzahl herstellungen", "herstellungen"),
    "stay": ("length of stay", "los", "stay", "stay days", "verweildauer", "bed days", "dias de ingreso", "estancia", "duree de sejour", "giorni di degenza"),
    "activity": ("activity", "event", "concept name", "milestone", "ereignis", "what", "actividad", "evento", "hito"),
    "transition": ("lifecycle transition", "lifecycle", "transition"),
    "time": ("time", "timestamp", "date", "time timestamp", "datum", "zeit", "when", "fecha", "hora", "data"),
}  # fmt: skip
OUTCOME_WORDS: Mapping[str, tuple[str, ...]] = {
    "died": ("died", "dead", "death", "deceased", "tod", "verstorben", "gestorben", "exitus", "decede", "deces", "†", "fallecido", "fallecida", "muerto", "deceduto"),
    "progressed": ("progressed", "progression", "pd", "progress", "progresion"),
    "withdrawn": ("withdrawn", "withdrew", "withdrawal", "dropout", "abbruch", "other", "retirado", "abandono"),
    "hospice": ("hospice", "palliative", "hospiz", "palliativ", "paliativos", "cuidados paliativos", "soins palliatifs"),
    "other_therapy": ("other therapy", "other treatment", "switched", "trial", "andere therapie", "bispecific", "otro tratamiento", "otra terapia", "autre traitement"),
    "own_choice": ("own choice", "patient choice", "refused", "declined", "patientenwunsch", "decision propia", "decision del paciente", "rechazo", "choix du patient", "refus"),
    "infection_or_organ_function": ("infection", "organ function", "infection or organ function", "infektion", "infeccion"),
    "collection_failed": ("collection failed", "apheresis failed"),
    "product_failed": ("product failed", "manufacturing failed", "manufacture failed", "out of specification"),
    "unsuitable": ("unsuitable", "not eligible", "ineligible"),
    "funding": ("funding", "no funding", "not reimbursed"),
    "infused": ("infused", "infusion", "treated", "done", "behandelt", "infundido", "infundida", "tratado", "traite", "reinjecte"),
    "waiting": ("waiting", "active", "in progress", "ongoing", "open", "alive", "wartend", "offen", "listed", "en espera", "en curso", "activo", "en attente", "en cours"),
}  # fmt: skip


# What names the end of something that takes time.
ENDING: tuple[str, ...] = ("end", "ende", "fin", "fine", "finished", "complete", "completed", "beendet")
# What names something that was only planned.
PLANNED = frozenset(("planned", "scheduled", "schedule", "geplant", "geplante", "planifiee", "prevu", "prevue", "programada",
                     "programado", "prevista", "previsto"))  # fmt: skip
# What is written where there is no date; in small letters. What may mean that something happened on a day that nobody
# knows (x, ?, unknown) is not among them: such a cell stays doubtful.
NO_DATE: tuple[str, ...] = (
    "-", "--", "---", "\u2013", "\u2014", "/", ".", "n/a", "na", "n.a.", "n. a.", "#n/a", "#nv", "nan", "nat", "none",
    "null", "nil", "k.a.", "k. a.", "keine angabe", "keine", "kein", "entfällt", "nein", "no", "not done",
    "not applicable", "néant", "non", "s/d", "no procede",
)  # fmt: skip


def plain(text: str) -> str:
    """A word in small letters of the English alphabet: umlauts spelled out, accents left away."""
    text = text.casefold()
    for umlaut, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, spelled)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
