"""A Chromium-family browser driven over its debugging pipe, for the tests that open the pages."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
KINDS = ".cartesianlayer .trace, .sankey, .hm"
DRAWN = f"[...document.querySelectorAll('[data-chart]')].every(place => place.querySelector('{KINDS}'))"
"""An expression that holds as soon as every chart of a page is drawn."""
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """The path of a browser, `BROWSER_PATH` first, or None."""
    return os.environ.get("BROWSER_PATH") or next((path for name in NAMES if (path := shutil.which(name))), None)


def needed() -> str:
    """The path of a browser. Without one a test is skipped, or fails where `NO_BROWSER` says so: `.ci/run`."""
    program = find()
    if program is None:
        told = "no Chrome, Chromium or Edge on this machine (set BROWSER_PATH)"
        pytest.fail(told) if os.environ.get("NO_BROWSER") == "fail" else pytest.skip(told)
    return program


class Browser:
    """One page of a running browser. `events`: what it reported, as (method, params)."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._sending, self._receiving, self._buffer, self._number = sending, receiving, b"", 0
        self._session: str | None = None
        self.events: list[tuple[str, dict[str, Any]]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The browser's answer to a command of its debugging protocol; raises RuntimeError where it refuses."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session and not method.startswith("Browser."):
            message["sessionId"] = self._session
        os.write(self._sending, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(60)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self, seconds: float) -> dict[str, Any]:
        """The next message; an event is kept as well."""
        deadline = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            if not select.select([self._receiving], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._receiving, 1 << 20)
            if not part:
                raise RuntimeError("the browser has gone")
            self._buffer += part
        text, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append((message["method"], message.get("params", {})))
        return message

    def open(self, path: Path, width: int = 1280, height: int = 900) -> None:
        """Load a page from disk in a window of this size and wait until it stands."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        self.call("Page.navigate", url=path.as_uri())
        self.wait_for("document.readyState === 'complete'")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives (by the debugger, which a page's policy does not bind)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 120) -> None:
        """Return as soon as the expression holds; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > deadline:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def emulate(self, *, dark: bool = False, scripts: bool = True) -> None:
        """From the next page on: a device that asks for dark colours, or runs no scripts."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def printed(self) -> bytes:
        """The page on paper, as PDF; on the paper that the page asks for."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])

    def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    @property
    def complaints(self) -> list[str]:
        """Console messages, exceptions and refusals since the page was opened."""
        found = []
        for method, params in self.events:
            if method == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            if method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
            if method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
        return found

    @property
    def requests(self) -> list[str]:
        """The addresses asked for since the page was opened; data in the page itself is not asked for."""
        asked = [params["request"]["url"] for method, params in self.events if method == "Network.requestWillBeSent"]
        return [address for address in asked if not address.startswith(("data:", "blob:"))]


@contextmanager
def running(program: str, profile: Path) -> Iterator[Browser]:
    """A browser with a fresh profile, ended at the end."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    # the browser reads from descriptor 3 and writes to 4; the shell puts ours there whatever their numbers
    command = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
    process = subprocess.Popen(
        ["bash", "-c", command, program, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(to_browser, from_browser),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        browser = Browser(from_us, to_us)
        yield browser
        with suppress(OSError, RuntimeError, TimeoutError):
            browser.call("Browser.close")
        process.wait(10)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(from_us)
        os.close(to_us)
