"""Malformed scenario, sweep and CSV files, made from one valid scenario. Each must be refused in words, or be valid.

Longer than 400 lines because it is a list of inputs, by kind.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sim.scenario import load, write_resolved
from tests.runs import SHIPPED

REFUSED, VALID, EITHER = "refused", "valid", "either"
OUTSIDE = "../outside"


@dataclass(frozen=True)
class Case:
    """Files to lay out in a folder, and the one to load. `links`: symbolic links; `pipes`: named pipes.

    `must`: refused, valid, or either (valid files may come of damage).
    """

    name: str
    entry: bytes
    must: str = REFUSED
    kind: str = "scenario"
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    pipes: tuple[str, ...] = ()

    def lay_out(self, folder: Path) -> Path:
        """The file to load, with all that belongs to it, in a folder of the case's own."""
        outside = folder / "outside"
        home = folder / "home"
        outside.mkdir(parents=True)
        home.mkdir()
        (outside / "secret.yaml").write_bytes(base_text())
        (outside / "secret.csv").write_text("days\n1\n2\n")
        for name, content in self.files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
        for name, target in self.links.items():
            (home / name).symlink_to(target)
        for name in self.pipes:
            os.mkfifo(home / name)
        entry = home / "entry.yaml"
        if "entry.yaml" not in self.links:
            entry.write_bytes(self.entry)
        return entry


@cache
def base_text() -> bytes:
    """A whole valid scenario that needs no other file."""
    return write_resolved(load(SHIPPED / "autologous.yaml")).encode()


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(base_text().decode())
    return found


def _json(content: Any) -> bytes:
    # JSON is YAML; infinities and NaN are written as YAML has them
    text = json.dumps(content)
    return text.replace("-Infinity", "-.inf").replace("Infinity", ".inf").replace("NaN", ".nan").encode()


def _places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [p for key, value in inner for p in [(*path, key), *_places(value, (*path, key))]]


def _with(path: tuple[Any, ...], value: Any) -> bytes:
    # only what lies on the way is copied: there are a thousand cases, and a whole scenario is large
    content = section = copy.copy(_data())
    for key in path[:-1]:
        there = section.get(key, {}) if isinstance(section, dict) else section[key]
        section[key] = copy.copy(there)
        section = section[key]
    section[path[-1]] = value
    return _json(content)


def cases() -> list[Case]:
    """All cases, each with a name of its own, in a steady order."""
    found = [
        *_truncated(), *_wrong_types(), *_nested(), *_bombs(), *_numbers(), *_encodings(), *_twice(), *_extends(),
        *_csv_names(), *_csv_contents(), *_names(), *_sizes(), *_syntax(), *_sweeps(), *_fifty_files(),
        *_economics(), *_uncertainty(), *_other_csv(),
    ]  # fmt: skip
    return [replace(case, name=f"{number} {case.name}") for number, case in enumerate(found)]


def _truncated() -> Iterator[Case]:
    text = base_text()
    for k in range(40):
        yield Case(f"truncated {k}", text[: len(text) * k // 40], EITHER)
    yield Case("truncated in a character", text.replace(b"description:", "description: é".encode()[:-1] + b"\n#"))


def _wrong_types() -> Iterator[Case]:
    odd = [None, True, -1, 2**70, 10**400, 0.5, "", "x", [], {}, [[[]]], {"a": {"b": []}}, "1e400 d", float("nan")]
    places = _places(_data())
    for k, path in enumerate(places[:: max(1, len(places) // 90)]):
        value = odd[k % len(odd)]
        yield Case(f"type {'.'.join(map(str, path))} {str(value)[:12]}", _with(path, value), EITHER)
    for k, value in enumerate(odd):
        yield Case(f"type of the whole {k}", _json(value))
    for key in ("run", "regions", "clocks", "manufacturing"):
        yield Case(f"type {key} text", _with((key,), "text"))
        yield Case(f"type {key} list", _with((key,), [1, 2]))


def _nested() -> Iterator[Case]:
    yield Case("nested lists", b"a: " + b"[" * 400_000)
    yield Case("nested lists closed", b"a: " + b"[" * 50_000 + b"]" * 50_000)
    yield Case("nested maps", b"{a: " * 200_000)
    yield Case("nested block maps", b"".join(b" " * k + b"a:\n" for k in range(1000)))
    yield Case("nested dashes", b"- " * 400_000)
    yield Case("nested questions", b"? " * 400_000)
    yield Case("nested duration", _with(("manufacturing", "duration"), _deep("cure", 60)))
    yield Case("nested cure", _with(("clocks", "waiting", "progression"), _deep("cure", 20)))


def _deep(key: str, levels: int) -> Any:
    found: Any = "never"
    for _ in range(levels):
        found = {key: {"share": 0.5, "of": found}}
    return found


def _bombs() -> Iterator[Case]:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefghi", "bcdefghij", strict=True)]
    yield Case("alias bomb", "\n".join(lines).encode())
    yield Case("alias to itself", b"a: &a [*a]")
    yield Case("merge keys", b"a: &a {b: 1}\n<<: *a\n")
    yield Case("many anchors", b"a: [" + b"&a 1," * 190_000 + b"1]")
    yield Case("many aliases", b"a: [" + b"*a," * 300_000 + b"1]")
    yield Case("tag python", b"a: !!python/object/apply:os.system ['touch hacked']")
    yield Case("tag binary", b"a: !!binary aGVsbG8=")
    yield Case("many tags", b"a: [" + b"!a 1," * 190_000 + b"1]")


def _numbers() -> Iterator[Case]:
    for text in ("1e308 d", "1e309 d", "9" * 400 + " d", "9" * 5000 + " d", "-1 d", "nan d", "inf d", "1e-320 d"):
        yield Case(f"duration {text[:12]} {len(text)}", _with(("work_up", "duration"), text), EITHER)
    for value in (float("nan"), float("inf"), -float("inf"), 10**400, -5, 1.0000001, True):
        yield Case(f"share {str(value)[:12]}", _with(("manufacturing", "failure"), value))
    for value in (10**18, 10**400, 0, -1, 2.5, float("nan")):
        yield Case(f"replications {str(value)[:12]}", _with(("run", "replications"), value), EITHER)
    for text in ("1e300 / d", "1e9 / month", "-4 / month", "4", "0 / d", "4 / 0 d"):
        yield Case(f"rate {text}", _with(("regions", "capital", "referrals"), text), EITHER)
    for text in (
        "10000-01-01",
        "0000-01-01",
        "2026-13-01",
        "-2026-01-01",
        "2026-02-30",
        "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661",
    ):
        yield Case(f"date {text}", _with(("run", "start"), text))


def _encodings() -> Iterator[Case]:
    text = base_text().decode()
    for name in ("utf-16", "utf-32", "utf-16-le", "cp500"):
        yield Case(f"encoding {name}", text.encode(name))
    yield Case("encoding latin-1", text.replace("name:", "name: Zürich #").encode("latin-1"))
    yield Case("encoding with byte order mark", b"\xef\xbb\xbf" + base_text(), EITHER)
    yield Case("encoding two marks", b"\xef\xbb\xbf" * 2 + base_text(), EITHER)
    yield Case("encoding overlong", base_text() + b"# \xc0\xaf\n")
    yield Case("encoding surrogate", base_text() + b"# \xed\xa0\x80\n")
    yield Case("encoding noise", bytes(range(256)) * 50)
    yield Case("zero bytes", b"\0" * 5000)
    yield Case("zero byte inside", base_text().replace(b"name:", b"name: a\0b #", 1))
    yield Case("escape sequences", base_text().replace(b"name:", b'name: "\\e[31m\\a" #', 1))
    yield Case("carriage returns", base_text().replace(b"\n", b"\r"), EITHER)
    yield Case("line separators", base_text().replace(b"\n", "\u2028".encode()), EITHER)
    yield Case("text direction", base_text().replace(b"name:", "name: a\u202eb #".encode(), 1), EITHER)
    yield Case("gzip", b"\x1f\x8b\x08\x00" + b"\x00" * 200)


def _twice() -> Iterator[Case]:
    text = base_text()
    yield Case("twice at the top", text + b"\nname: again\n")
    yield Case("twice in a section", text.replace(b"run:\n", b"run:\n  seed: 1\n", 1))
    yield Case("twice in a map", text.replace(b"strategy:", b"validation: {source: a, source: b}\nstrategy:", 1))
    yield Case("twice many times", b"a: 1\n" * 190_000)
    yield Case("two documents", text + b"\n---\n" + text)


def _extends() -> Iterator[Case]:
    tricks = [
        f"{OUTSIDE}/secret.yaml", "../../../../etc/passwd", "/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem",
        "~/x.yaml", "$HOME/x.yaml", "file:///etc/passwd", "http://127.0.0.1/x.yaml", "\\\\host\\share\\x", "C:\\x.yaml",
        ".", "..", "./", "", " ", "a\0b", "x" * 5000, "a\nb", "nul", "-", "*", "sub/../../outside/secret.yaml",
        "entry.yaml", "./sub/../entry.yaml", "missing.yaml", "%2e%2e/outside/secret.yaml", "....//outside/secret.yaml",
    ]  # fmt: skip
    for k, name in enumerate(tricks):
        yield Case(f"extends {k} {name[:30]!r}", _json({"extends": name}), files={"sub/x": b""})
    for value in (1, True, [], {}, [1], [["a"]], {"a": "b"}, float("inf")):
        yield Case(f"extends of another kind {value}", _json({"extends": value}))
    yield Case("extends by link", b"extends: link.yaml", links={"link.yaml": f"{OUTSIDE}/secret.yaml"})
    yield Case("extends by folder link", b"extends: away/secret.yaml", links={"away": OUTSIDE})
    yield Case("extends by link in circles", b"extends: a.yaml", links={"a.yaml": "b.yaml", "b.yaml": "a.yaml"})
    yield Case("extends a device", b"extends: zero", links={"zero": "/dev/zero"})
    yield Case("extends a pipe", b"extends: pipe", pipes=("pipe",))
    yield Case("extends in circles", b"extends: b.yaml", files={"b.yaml": b"extends: entry.yaml"})
    yield Case("entry is a device", b"", links={"entry.yaml": "/dev/zero"})
    yield Case("entry is random", b"", links={"entry.yaml": "/dev/urandom"})
    yield Case("entry is a folder", b"", links={"entry.yaml": "."})
    yield Case("entry is a broken link", b"", links={"entry.yaml": "nowhere"})


def _empirical(name: Any) -> bytes:
    return _with(("manufacturing", "duration"), {"empirical": name})


def _csv_names() -> Iterator[Case]:
    tricks = [
        f"{OUTSIDE}/secret.csv", "/etc/hosts", "/dev/zero", "/dev/stdin", "/proc/cpuinfo", "/proc/kmsg", "..", ".", "",
        "a\0b", "x" * 5000, "|cat /etc/passwd", "$(touch hacked)", "`touch hacked`", "http://127.0.0.1/x.csv",
        "s3://bucket/x.csv", "missing.csv", "entry.yaml", "C:\\x.csv", "sub/../../outside/secret.csv", "x.csv.gz",
    ]  # fmt: skip
    for k, name in enumerate(tricks):
        yield Case(f"csv name {k} {name[:30]!r}", _empirical(name), files={"sub/x": b"", "x.csv.gz": b"\x1f\x8b\x08"})
        yield Case(f"referrals name {k} {name[:30]!r}", _with(("regions", "capital"), _days_from(name)))
    yield Case("csv by link", _empirical("link.csv"), links={"link.csv": f"{OUTSIDE}/secret.csv"})
    yield Case("csv by folder link", _empirical("away/secret.csv"), links={"away": OUTSIDE})
    yield Case("csv is a device", _empirical("zero.csv"), links={"zero.csv": "/dev/zero"})
    yield Case("csv is a pipe", _empirical("pipe.csv"), pipes=("pipe.csv",))
    many = {f"k{k}": {"empirical": "big.csv"} for k in range(2000)}
    big = b"days\n" + b"1\n" * 20_000
    yield Case("one csv two thousand times", _with(("odd",), many), files={"big.csv": big})
    yield Case("two thousand missing csv", _with(("odd",), {f"k{k}": {"empirical": f"{k}.csv"} for k in range(2000)}))


def _days_from(name: str) -> dict[str, str]:
    return {"centre": "capital", "referral_days": name}


def _csv_contents() -> Iterator[Case]:
    contents = [
        b"", b"\n\n\n", b"days", b"days\n", b"hours\n1\n", b"days\nx\n", b"days\n-1\n", b"days\nnan\n", b"days\ninf\n",
        b"days\n1e400\n", b"days\n1,2\n", b"days,days\n1,2\n", b"days\n\"1\n", b"days\n" + b"9" * 5000, b"\0" * 100,
        b"days\n=1+1\n", b"days\n=cmd|' /C calc'!A0\n", b"days\n@SUM(1)\n", b"days\n1 d\n", "days\n\u0661\n".encode(),
        "days\n1\n".encode("utf-16"), b"days\n\xff\n", b"days;\n1;\n", b"<script>\n1\n", b"day,survival\n1,2\n",
        b"days\n" + b"1\n" * 30_000, b"days\n" + b"x\n" * 20_000, b"d" * 900_000, b"days\n" + b"1" * 2_000_000,
        b"days\n1_000\n", b"days\n0x10\n", b"day\n1\n", b",\n,\n", b"days\r1\r", b"\"days\n\n\n",
    ]  # fmt: skip
    for k, content in enumerate(contents):
        must = EITHER if content in (b"days\r1\r", b"days;\n1;\n") else REFUSED
        yield Case(f"csv content {k}", _empirical("x.csv"), must, files={"x.csv": content})
    tables = [
        b"day,survival\n0,1\n", b"day,survival\n0,0.5\n1,0.6\n", b"day,survival\n1,1\n0,1\n", b"day,survival\n0,nan\n",
        b"day,survival\n0,1\n0,0.5\n", b"day,survival\n0,1\n5,-1\n", b"survival,day\n1,0\n", b"day,survival\n" * 3,
    ]  # fmt: skip
    for k, content in enumerate(tables):
        text = _with(("clocks", "waiting", "progression"), {"table": "x.csv"})
        yield Case(f"survival table {k}", text, EITHER, files={"x.csv": content})


def _names() -> Iterator[Case]:
    for k, name in enumerate(
        [
            "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-1", "{{7*7}}", "{% raw %}",
            "'; DROP TABLE x; --", "../../../x", "a\tb", "a\nb", "x" * 3000, "", " ", "\u202e", "__proto__", "%s%n",
            "${jndi:ldap://x}", "\ud83d\ude00", "nan", "null", "[bold red]x[/]",
        ]
    ):  # fmt: skip
        yield Case(f"name {k} {name[:16]!r}", _with(("name",), name), EITHER)
        yield Case(f"centre named {k} {name[:16]!r}", _renamed(name), EITHER)


def _renamed(name: str) -> bytes:
    content = copy.deepcopy(_data())
    content["centres"][name] = content["centres"].pop("capital")
    content["regions"]["capital"]["centre"] = name
    return _json(content)


def _sizes() -> Iterator[Case]:
    yield Case("over a megabyte", base_text() + b"#" * 1_000_001)
    yield Case("comments", b"#\n" * 490_000)
    yield Case("empty lines", b"\n" * 990_000)
    yield Case("one long text", b"a: '" + b"x" * 990_000 + b"'")
    yield Case("escapes", b'a: "' + rb"\x41" * 240_000 + b'"')
    yield Case("folded text", b"a: >\n" + b"  x\n\n" * 190_000)
    yield Case("many values", b"a: [" + b"1," * 490_000 + b"1]")
    yield Case("values below the limit", b"a: [" + b"1," * 60_000 + b"1]")
    yield Case("many items", b"a:\n" + b"- 1\n" * 240_000)
    yield Case("many keys", b"".join(b"k%d: 1\n" % k for k in range(90_000)))
    yield Case("keys below the limit", b"".join(b"k%d: 1\n" % k for k in range(19_000)))
    yield Case("many regions", _with(("regions",), {f"r{k}": {"centre": "capital"} for k in range(5000)}))


def _syntax() -> Iterator[Case]:
    for k, text in enumerate(
        [
            "", "---", "...", "%YAML 9.9\n---\na: 1", "%TAG ! tag:x,2000:\n---\na: !b 1", "%FOO\n", "a: [1, 2",
            "a: {b: 1", "a: 'x", 'a: "\\q"', 'a: "\\u12"', "a: b: c", "\ta: 1", "a:\n\tb: 1", "a: 1\n b: 2", "[a]: 1",
            "{a: 1}: 2",
            "? [a]\n: 1", "a: |\n", "a: >9\n x", "- a\nb: 1", "@a: 1", "`a`: 1", "a: @b", "a: %b", "*a: 1", "&a", "!",
            "!!", "!<", "!<tag:yaml.org,2002:map> {}", ": 1", "?", "-", "a: &", "a: *", "{,}", "[,]", "{a,,b}",
            "]", "}", "a: 1 # \x07", "\ufffe", "a: 0o9", "a: 1:2:3", "a: 0x", "a: ~", "a: .nan",
            "a: 2026-01-01T00:00:00Z",
            "name: x\nstrategy: autologous\n", "strategy: magic\n", "extends: [", "<<: {a: 1}",
        ]
    ):  # fmt: skip
        yield Case(f"syntax {k} {text[:20]!r}", text.encode())


def _fifty_files() -> Iterator[Case]:
    chain = {f"f{k}.yaml": f"extends: f{k + 1}.yaml\n".encode() for k in range(80)}
    yield Case("a chain of files", b"extends: f0.yaml", files=chain)
    wide = {f"f{k}.yaml": b"a: [" + b"1," * 55_000 + b"1]" for k in range(40)}
    yield Case("many large files", _json({"extends": list(wide)}), files=wide)
    comments = {f"f{k}.yaml": b"#\n" * 450_000 for k in range(40)}
    yield Case("many files of comments", _json({"extends": list(comments)}), files=comments)


def _economics() -> Iterator[Case]:
    odd = [
        None,
        True,
        -1,
        10**400,
        float("nan"),
        float("inf"),
        "",
        "=1+1",
        [],
        {},
        [[]],
        "<b>",
        "1 USD",
        {"a": {"b": 1}},
    ]
    inside = [path for path in _places(_data()) if path[0] in ("economics", "after_infusion")]
    for k, path in enumerate(inside):
        value = odd[k % len(odd)]
        yield Case(f"economics {'.'.join(map(str, path))} {str(value)[:12]}", _with(path, value), EITHER)
    for k, value in enumerate(odd):
        yield Case(f"economics of the whole {k}", _with(("economics",), value), EITHER if value == {} else REFUSED)
    for k, name in enumerate(["", "a\0b", "x" * 3000, "\u202e", "../x", "=1+1", "costs", "{{7*7}}"]):
        for section in ("costs", "utilities"):
            yield Case(f"economics key {section} {k}", _with(("economics", section, name), 1))
    for k, steps in enumerate(
        [[1] * 100_000, [-1], [float("nan")], [1e308, 1e309], [2, 1], ["x"], {"from": 0, "to": 9}]
    ):
        yield Case(f"willingness to pay {k}", _with(("economics", "willingness_to_pay"), steps), EITHER)


def _uncertainty() -> Iterator[Case]:
    def given(name: str, path: Any, block: Any, must: str = REFUSED) -> Case:
        return Case(f"uncertainty {name}", _with(("uncertainty",), {path: block}), must, "psa")

    source = {"source": "assumption"}
    some = "manufacturing.failure"
    beta = {"beta": {"events": 8, "of": 100}, **source}
    yield given("as it should be", some, beta, EITHER)
    tricks = [
        "", ".", "..", "a" * 5000, "a." * 300, "nothing.here", "run", "run.seed", "name", "sources", "extends",
        "uncertainty", "economics", "a\0b", "../../x", "manufacturing", "manufacturing.failure.x", "__class__",
    ]  # fmt: skip
    for k, path in enumerate(tricks):
        yield given(f"path {k}", path, beta)
    blocks: list[Any] = [
        None, 1, "x", [], {}, source, {"beta": None, **source}, {"beta": {}, **source}, {"beta": [1, 2], **source},
        {"magic": {"a": 1}, **source}, {"beta": {"events": 8, "of": 100}}, {**beta, "gamma": {"mean": 1, "sd": 1}},
        {**beta, "source": ""}, {**beta, "source": None}, {**beta, "source": "<script>" * 1000}, {**beta, "more": 1},
        {"beta": {"events": -1, "of": 10}, **source}, {"beta": {"events": 11, "of": 10}, **source},
        {"beta": {"events": float("nan"), "of": 10}, **source}, {"beta": {"events": 1, "of": float("inf")}, **source},
        {"beta": {"events": 10**400, "of": 10**400}, **source}, {"normal": {"mean": 0.1, "sd": -1}, **source},
        {"normal": {"mean": "1 d", "sd": "1 USD"}, **source}, {"lognormal": {"median": 0, "sigma": 1}, **source},
        {"lognormal": {"median": 1, "sigma": 1e308}, **source}, {"gamma": {"mean": 0, "sd": 0}, **source},
        {"lognormal": {"median": "1e400 d", "sigma": 0.1}, **source}, {"normal": {"mean": 0.1, "sd": 1e200}, **source},
        {"lognormal": {"median": 0.1, "sigma": 11}, **source}, {"beta": {"mean": 0.1, "sd": 1e-12}, **source},
        {"gamma": {"mean": 1e200, "sd": 1e-200}, **source},
        {"uniform": {"low": 2, "high": 1}, **source}, {"empirical": "../outside/secret.csv", **source},
    ]  # fmt: skip
    for k, block in enumerate(blocks):
        # a distribution over more than a share can be is refused where a sample is drawn, not where it is read
        yield given(f"block {k}", some, block, EITHER)
    yield Case("uncertainty many", _with(("uncertainty",), {f"p{k}.x": beta for k in range(5000)}), kind="psa")
    yield Case("uncertainty deep", _with(("uncertainty",), {some: _deep("beta", 200)}), kind="psa")


def _other_csv() -> Iterator[Case]:
    tricks = [
        f"{OUTSIDE}/secret.csv",
        "/etc/passwd",
        "/dev/zero",
        "away/secret.csv",
        "link.csv",
        "zero.csv",
        "pipe.csv",
    ]
    links = {"away": OUTSIDE, "link.csv": f"{OUTSIDE}/secret.csv", "zero.csv": "/dev/zero"}
    places: dict[tuple[str, ...], str] = {
        ("clocks", "waiting", "progression"): "table",
        ("after_infusion", "autologous", "progression"): "table",
        ("after_infusion", "autologous", "death"): "table",
        ("manufacturing", "duration"): "empirical",
        ("work_up", "duration"): "empirical",
    }
    for path, key in places.items():
        for name in tricks:
            text = _with(path, {key: name})
            yield Case(f"csv {'.'.join(path)} {name}", text, links=links, pipes=("pipe.csv",))
    for name in tricks:
        days = _with(("regions", "capital"), _days_from(name))
        yield Case(f"referral days {name}", days, links=links, pipes=("pipe.csv",))
        waiting = _with(("regions", "capital", "waiting_list"), {"referral_days": name})
        yield Case(f"waiting list {name}", waiting, links=links, pipes=("pipe.csv",))


def _sweeps() -> Iterator[Case]:
    def sweep(name: str, content: Any, must: str = REFUSED) -> Case:
        return Case(f"sweep {name}", _json(content), must, "sweep", files={"base.yaml": base_text()})

    good = {"base": "base.yaml", "vary": {"manufacturing.failure": [0, 0.1]}}
    yield sweep("as it should be", good, EITHER)
    for k, value in enumerate([None, 1, [], {}, "missing.yaml", "../outside/secret.yaml", "/etc/passwd", "/dev/zero",
                               [1], [[]], "", "a\0b", "x" * 5000, "~/x", ["base.yaml", None]]):  # fmt: skip
        yield sweep(f"base {k}", {**good, "base": value})
    for k, value in enumerate([None, 1, "x", [], [1], {"": [1]}, {"a": []}, {"nothing.here": [1]}, {"run": [1]},
                               {"manufacturing.failure": 1}, {"manufacturing.failure": [[]]},
                               {"manufacturing.failure": [0, 0]}, {"manufacturing.failure": [2, 3]},
                               {"manufacturing.failure": {"from": 0, "to": 1, "steps": 10**9}},
                               {"manufacturing.failure": {"from": 1, "to": 0, "steps": 2}},
                               {"manufacturing.failure": {"from": "nan", "to": "inf", "steps": 2}},
                               {"manufacturing.failure": {"from": 0, "to": 1, "steps": "x"}},
                               {"manufacturing.failure": {"low": None, "high": []}},
                               {"manufacturing.lines": {"from": "1 d", "to": "9 / d", "steps": 3}},
                               {"a" * 5000: [1]}, {"a." * 300: [1]}, {"extends": ["x.yaml"]},
                               {"manufacturing.duration": [{"empirical": "../outside/secret.csv"}]},
                               {"sources.x": ["y"]}, {f"p{k}": [1, 2] for k in range(60)}]):  # fmt: skip
        yield sweep(f"vary {k}", {**good, "vary": value})
    for k, value in enumerate(["magic", 1, [], {}, None, True]):
        yield sweep(f"design {k}", {**good, "design": value})
    for key in ("replications", "samples", "seed"):
        for k, value in enumerate([-1, 2.5, "x", [], True, float("nan")]):
            yield sweep(f"{key} {k}", {**good, key: value})
    yield sweep("samples too many", {**good, "design": "sobol", "samples": 10**9})
    yield sweep("unknown key", {**good, "varry": {}})
    yield sweep("variants", {**good, "variants": {"a": 1}})
    yield sweep("variant of nothing", {**good, "variants": {"a": {"nothing": 1}}})
    yield sweep("set", {**good, "set": {"nothing": 1}})
    yield sweep("grid too large", {**good, "vary": {f"regions.r{k}.referrals": list(range(1, 90)) for k in range(4)}})
    for k, text in enumerate(["", "[", "a: &a [*a]", "vary: [\n", "\0", "base: x\nbase: y", "- base"]):
        yield Case(f"sweep syntax {k}", text.encode(), kind="sweep")
