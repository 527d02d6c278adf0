"""The server of the planning page, for `streamlit run`: it answers to names of this machine only.

A page from elsewhere whose name is made to lead here (DNS rebinding) asks under that name, and is refused.
"""

from __future__ import annotations

from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from streamlit.starlette import App

HOSTS = ["127.0.0.1", "localhost"]
app = App(
    Path(__file__).parents[1] / "run_sim.py",
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
)
