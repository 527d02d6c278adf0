"""The site of documents: the pages of this folder, as Sphinx shows them, and reference made from the program itself.

    python -m sphinx -W --keep-going -b html docs build/site

Nothing is fetched when it is built or read; it works, search included, from a folder without a network.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import pages  # noqa: E402 - beside this file

from sim import __version__  # noqa: E402 - above this folder

project = "vein2vein"
author = "the vein2vein authors"
project_copyright = author
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "vein2vein"
html_extra_path = ["first_notebook.ipynb"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # it would be fetched, which a page in a folder may not
exclude_patterns = ["build"]
templates_path: list[str] = []
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
nitpicky = False

# Files that stand outside of this folder and are pages of the site; and what a page of the site is not.
PAGES = {"../CHANGELOG.md": "changelog.md", "../CONTRIBUTING.md": "contributing.md", "../README.md": "index.md"}
AS_IT_IS = ("first_notebook.ipynb",)


def with_links(app: Sphinx, name: str, source: list[str]) -> None:
    """The text of a page with links that hold on the site, and the path in words instead of in Mermaid's notation."""
    text = source[0]
    for there, here in PAGES.items():
        text = text.replace(f"]({there})", f"](/{here})")
    for file in AS_IT_IS:
        text = re.sub(rf"\[([^\]]+)\]\(((?:\.\./)?{re.escape(file)})\)", r'<a href="\2">\1</a>', text)
    if name == "model":
        paths = iter(("autologous", "allogeneic"))
        text = re.sub(r"^```mermaid\n.*?^```", lambda _: pages.path_of(next(paths)), text, flags=re.S | re.M)
    if name in ("changelog", "contributing"):
        text = re.sub(r"\]\(docs/([\w-]+\.md)", r"](\1", text)
        text = re.sub(r"\[([^\]]+)\]\((?:LICENSE|CITATION\.cff)\)", r"\1", text)
    source[0] = text


def literally(
    app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]
) -> None:  # the docstrings have code as Markdown writes it
    """Docstrings with their spans of code as reStructuredText writes them."""
    lines[:] = [re.sub(r"(?<!`)`([^`\n]+)`(?!`)", r"``\1``", line) for line in lines]


class Generated(SphinxDirective):
    """A part of a page that is made from the program: its content is the Markdown of `pages.NAME()`."""

    required_arguments = 1
    has_content = False

    def run(self) -> Sequence[nodes.Node]:
        make: Callable[[], str] = getattr(pages, self.arguments[0])
        lines = make().splitlines()
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Outside(SphinxDirective):
    """A page that is a file of the repository: `CHANGELOG.md` or `CONTRIBUTING.md`."""

    required_arguments = 1

    def run(self) -> Sequence[nodes.Node]:
        file = HERE.parent / self.arguments[0]
        self.env.note_dependency(str(file))
        source = [file.read_text(encoding="utf-8")]
        with_links(self.env.app, self.env.docname, source)
        return self.parse_text_to_nodes(StringList(source[0].splitlines(), str(file)), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """The parts above, as Sphinx asks for them."""
    app.connect("source-read", with_links)
    app.connect("autodoc-process-docstring", literally)
    app.add_directive("generated", Generated)
    app.add_directive("outside", Outside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
