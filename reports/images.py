"""Pictures as files: SVG, PNG and PDF, drawn by one browser for all of them. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.export import Picture
from reports.styles import styled, untitled
from reports.theme import SCREEN, Style

UNIQUE = re.compile(rb'id="defs-([0-9a-f]+)"')
TRACES = re.compile(rb"\btrace[0-9a-f]{6}\b")
DRAWN_BY_CHANCE = re.compile(rb'(?<=<pattern id=")[^"]+|\bcb[0-9a-f]{6}\b')
DATES = re.compile(rb"/(CreationDate|ModDate) \(D:[^)]*\)")


class NoImagesError(Exception):
    """Images cannot be made on this machine; the message says why and what helps."""


@dataclass(frozen=True)
class Job:
    """One picture as one file: in this format and style; `bare`: without its title, which stands elsewhere."""

    picture: Picture
    form: str
    style: Style = SCREEN
    bare: bool = False


def images(jobs: Sequence[Job]) -> list[bytes]:
    """The content of each file, in the order of the jobs; the same pictures give the same bytes.

    Raises `NoImagesError` where kaleido or a browser is missing.
    """
    if not jobs:
        return []
    import asyncio

    try:
        import kaleido
        from choreographer.errors import ChromeNotFoundError
    except ImportError as error:
        raise NoImagesError(
            f"{error.name} is not installed, so no SVG, PNG or PDF was made: pip install kaleido; "
            "or open report.html and save each picture from there"
        ) from None
    try:
        return asyncio.run(_rendered(kaleido, jobs))
    except ChromeNotFoundError:
        raise NoImagesError(
            "no Chrome, Chromium or Edge found, so no SVG, PNG or PDF was made: install one or set BROWSER_PATH; "
            "or open report.html and save each picture from there"
        ) from None
    except Exception as error:
        # a browser that is there but does not start tells so in many ways, none of them a class of its own
        told = str(error).strip().split("\n")[0]
        raise NoImagesError(f"the browser that draws the images failed: {type(error).__name__} {told}") from error


async def _rendered(kaleido: Any, jobs: Sequence[Job]) -> list[bytes]:
    page = kaleido.PageGenerator(mathjax=False)  # else the page fetches a script
    found = []
    async with kaleido.Kaleido(n=1, page_generator=page) as browser:
        for job in jobs:
            figure = styled(job.picture.figure, job.style)
            if job.bare:
                figure = untitled(figure)
            scale = job.style.scale if job.form == "png" else 1
            size = {"width": job.style.width, "height": int(figure.layout["height"])}
            content = await browser.calc_fig(figure.plain(), {"format": job.form, "scale": scale, **size})
            found.append(_fixed(content, job.form))
    return found


def _fixed(content: bytes, kind: str) -> bytes:
    """The file without what differs from one run to the next: random ids and the time of day."""
    if kind == "svg":
        unique = UNIQUE.search(content)
        plain = TRACES.sub(b"trace", content.replace(unique[1], b"chart") if unique else content)
        # patterns and bars of colour are told apart by their order
        for number, name in enumerate(dict.fromkeys(DRAWN_BY_CHANCE.findall(plain))):
            plain = plain.replace(name, b"drawn%d" % number)
        return plain
    if kind == "pdf":
        return DATES.sub(lambda found: found[0][:-1].replace(found[0][len(found[1]) + 3 : -1], b"") + b")", content)
    return content
