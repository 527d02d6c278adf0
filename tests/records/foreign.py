"""Registers as other houses write them, of patients that this program did not simulate.

A Spanish workbook with titles above its table, a German event list in CSV, and a log of a process-mining tool in XES
with time zones and transitions. The patients are those of `another_hospital`, with all that is unlike the model turned
off, so that the truth of every number is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

import numpy as np
from openpyxl import Workbook

from sim.records.guess import describe
from tests.records.another_hospital import Course, FloatArray, Hospital, live

# The day on which the registers begin, and that of the extract; what comes after it is known to the tests alone. Slots
# are given on Mondays, as in the simulation.
BEGAN, EXTRACT, START = 300, 1029, datetime(2026, 1, 5)
LIKE = Hospital(days=EXTRACT + 190, slots=(2, 2), frailty=0.0, rising=1.0, switching=1.0, missing=0.0)
SINCE, AS_OF = START + timedelta(days=BEGAN), START + timedelta(days=EXTRACT)
REGISTERS = ("registro.xlsx", "ereignisse.csv", "log.xes")
SPANISH = {
    "referral": "Fecha de derivación", "listing": "Inclusión en lista", "slot": "Reserva",
    "apheresis": "Fecha de aféresis", "collected": "Fin de aféresis", "received_at_factory": "Recepción en fábrica",
    "manufacturing": "Inicio de fabricación", "manufactured": "Fin de fabricación", "released": "Liberación",
    "product_received": "Recepción del producto", "lymphodepletion": "Linfodepleción", "infusion": "Infusión",
    "discharge": "Fecha de alta", "bridging": "Terapia puente", "progression": "Progresión", "end": "Fecha de salida",
}  # fmt: skip
SPANISH_ENDS = {"infused": "Infundido", "": "En espera", "died": "Fallecido", "progressed": "Progresión",
                "withdrawn": "Retirado"}  # fmt: skip
GERMAN = {
    "referral": "Überweisung", "listing": "Warteliste", "slot": "Slot-Buchung", "apheresis": "Leukapherese",
    "collected": "Zellen versandt", "received_at_factory": "Zellen erhalten", "manufacturing": "Herstellung Beginn",
    "manufactured": "Herstellung Ende", "released": "Freigabe", "product_received": "Lieferung",
    "lymphodepletion": "Konditionierung", "infusion": "CAR-T-Infusion", "discharge": "Entlassung",
    "bridging": "Bridging", "progression": "Progression", "died": "Verstorben", "withdrawn": "Abbruch",
    "progressed": "Ausschluss nach Progress",
}  # fmt: skip
# Name and transition, as tools that mine processes keep them.
MINED = {
    "referral": ("Referral", "complete"), "listing": ("Listed", "complete"), "slot": ("Slot booked", "complete"),
    "apheresis": ("Apheresis", "start"), "collected": ("Apheresis", "complete"),
    "received_at_factory": ("Receipt at manufacturer", "complete"), "manufacturing": ("Manufacturing", "start"),
    "manufactured": ("Manufacturing", "complete"), "released": ("QA release", "complete"),
    "product_received": ("Product delivered", "complete"), "lymphodepletion": ("Lymphodepletion", "start"),
    "infusion": ("Infusion", "complete"), "discharge": ("Discharge", "complete"),
    "bridging": ("Bridging", "start"), "progression": ("Progression", "complete"), "died": ("Death", "complete"),
    "withdrawn": ("Withdrawal", "complete"), "progressed": ("Progressed, not eligible", "complete"),
}  # fmt: skip


def write(name: str, folder: Path, seed: int = 1, hospital: Hospital = LIKE) -> Path:
    """One of the `REGISTERS`, of the patients who were there on the day `BEGAN` or came later, up to the extract."""
    course, path = known_by(live(hospital, seed), EXTRACT + 1.0), folder / name
    {"xlsx": _workbook, "csv": _list, "xes": _log}[path.suffix[1:]](course, path)
    return path


def known_by(course: Course, day: float) -> Course:
    """What had happened before a day."""

    def cut(days: FloatArray) -> FloatArray:
        return np.where(days < day, days, np.nan)

    ended = course.end < day
    return replace(
        course,
        milestones={name: cut(days) for name, days in course.milestones.items()},
        progression=cut(course.progression),
        bridging=cut(course.bridging),
        end=cut(course.end),
        outcome=np.where(ended, course.outcome, ""),
    )


def awaiting(course: Course, day: float) -> int:
    """How many are on the way to infusion at the end of a day."""
    known = known_by(course, day + 1.0)
    return int((np.isfinite(known.milestones["referral"]) & ~known.infused & np.isnan(known.end)).sum())


def _days(course: Course) -> Mapping[str, FloatArray]:
    """The day of everything that is recorded; each end by its name as well."""
    ends = {name: np.where(course.outcome == name, course.end, np.nan) for name in ("died", "withdrawn", "progressed")}
    more = {"bridging": course.bridging, "progression": course.progression, "end": course.end}
    return {**course.milestones, **more, **ends}


def _there(course: Course) -> Iterator[int]:
    last = np.where(course.infused, course.milestones["infusion"], np.nan_to_num(course.end, nan=np.inf))
    return (int(k) for k in np.flatnonzero(np.isfinite(course.milestones["referral"]) & (last >= BEGAN)))


def _workbook(course: Course, path: Path) -> None:
    """Most dates are dates, each seventh is text; a line without a patient ends the sheet, another sheet follows."""
    days, book = _days(course), Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Unidad de Terapia Celular"])
    sheet.append(["Registro CAR-T mieloma", None, "extracción", AS_OF])
    sheet.append([])
    sheet.append(["NHC", "Provincia", "Riesgo", *SPANISH.values(), "Motivo de salida", "Peso (kg)", "Observaciones"])
    count = 0
    for k in _there(course):
        dates = [
            "-" if np.isnan(days[name][k]) else day.strftime("%d/%m/%Y") if (k + place) % 7 == 0 else day
            for place, name in enumerate(SPANISH)
            for day in [START + timedelta(days=int(np.nan_to_num(days[name][k])))]
        ]
        region, risk = {"north": "Norte", "coast": "Costa"}[course.region[k]], course.risk[k]
        fate = "infused" if course.infused[k] else str(course.outcome[k])
        remark = "llamada\na la familia" if k % 5 == 0 else None
        written = {"standard": "estándar", "high": "alto"}[risk]
        sheet.append([900000 + k, region, written, *dates, SPANISH_ENDS[fate], f"{60 + k % 40},5", remark])
        count += 1
    sheet.append(["Total", count])
    book.create_sheet("Leyenda").append(["NHC", "número de historia clínica"])
    book.save(path)


def _list(course: Course, path: Path) -> None:
    """Events in the order of time, those of all patients mixed, with weights in decimal commas."""
    days = _days(course)
    lines = sorted(
        (float(days[name][k]), k, place)
        for k in _there(course)
        for place, name in enumerate(GERMAN)
        if np.isfinite(days[name][k])
    )
    names = list(GERMAN.values())
    rows = ["Fallnummer;Ereignis;Datum;Kreis;Risikogruppe;Gewicht (kg)"]
    for number, (day, k, place) in enumerate(lines):
        when = (START + timedelta(days=int(day))).strftime("%d.%m.%Y")
        region = {"north": "Nord", "coast": "Küste"}[course.region[k]]
        risk = {"standard": "normal", "high": "hoch"}[course.risk[k]]
        rows.append(f"F{k:05d};{names[place]};{when};{region};{risk};{60 + k % 40},5")
        if number % 9 == 0:
            rows.append(f"F{k:05d};Laborkontrolle;{when};{region};{risk};")
    path.write_text("\n".join(rows) + "\n", encoding="cp1252")


def _log(course: Course, path: Path) -> None:
    """Times of a clock in Madrid with its zone; what was planned is there as well."""
    days, zone = _days(course), ZoneInfo("Europe/Madrid")
    text = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<log xes.version="1849-2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">',
        '<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>',
        '<global scope="event"><string key="concept:name" value="name"/></global>',
        '<classifier name="Activity" keys="concept:name lifecycle:transition"/>',
        '<string key="concept:name" value="CAR-T"/>',
    ]
    for k in _there(course):
        text += ["<trace>", f'<string key="concept:name" value="case {k}"/>',
                 f'<string key="region" value="{course.region[k]}"/>',
                 f'<string key="risk group" value="{course.risk[k]}"/>']  # fmt: skip
        events = [(float(days[name][k]), *MINED[name]) for name in MINED if np.isfinite(days[name][k])]
        if np.isfinite(days["slot"][k]):
            events.append((float(days["slot"][k]), "Apheresis", "schedule"))
        for day, name, transition in sorted(events, key=lambda event: event[0]):
            when = (START + timedelta(days=day)).replace(tzinfo=zone).isoformat(timespec="milliseconds")
            text += ["<event>", f'<string key="concept:name" value={quoteattr(name)}/>',
                     f'<string key="lifecycle:transition" value="{transition}"/>',
                     f'<string key="org:resource" value="nurse {k % 7}"/>',
                     f'<date key="time:timestamp" value="{when}"/>', "</event>"]  # fmt: skip
        text.append("</trace>")
    path.write_text("\n".join([*text, "</log>"]) + "\n", encoding="utf-8")


# What a person corrects in the description that is guessed: when the register began and ended, and its own names.
WHEN = {"as_of: .*": f"as_of: {AS_OF:%Y-%m-%d}", "# since: .*": f"since: {SINCE:%Y-%m-%d}"}
CORRECTED = {
    "registro.xlsx": {"Norte: .*": "Norte: north", "Costa: .*": "Costa: coast", '      "[0-9]+": .*': "",
                      '"estándar": .*': "estándar: standard", "alto: .*": "alto: high"},
    "ereignisse.csv": {"Nord: .*": "Nord: north", '"Küste": .*': "Küste: coast", "normal: .*": "normal: standard",
                       "hoch: .*": "hoch: high"},
    "log.xes": {"(.*not eligible complete.*): .*": r"\1: progressed"},
}  # fmt: skip


def described(name: str, folder: Path, seed: int = 1, hospital: Hospital = LIKE) -> Path:
    """The description of one of the `REGISTERS`, as it is guessed and then corrected."""
    text = describe(write(name, folder, seed, hospital))
    for wrong, right in {**WHEN, **CORRECTED[name]}.items():
        text, times = re.subn(f"(?m){wrong}$", right, text)
        assert times, wrong
    path = folder / "register.yaml"
    path.write_text(text, encoding="utf-8")
    return path
