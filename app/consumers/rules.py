"""Loads and validates the rule files: one TOML file per consumer, beside this module.

name = "Safe"                         # as shown
about = "…"                           # one sentence: what it is and how it reads metadata
reads = ["token"]                     # kinds of document it reads: token, contract
applies_when = { check = "pack", names = ["mibera"] }   # optional; rules may have one too

[[rules]]
id = "safe.body-size"                 # {file name}.{slug}; stable
section = "A2"                        # group and number in the table of docs/consumers.md
severity = "fail"                     # fail | warn | info
check = "size"                        # a name in the registry
with = { target = "json", most = 209715 }            # its parameters
title = "…"  why = "…"  fix = "…"  source = "…"
"""

import re
import tomllib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from inspect import Parameter, signature
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from app.consumers import checks  # noqa: F401 - registers the checks
from app.consumers.observation import Observation
from app.consumers.registry import CHECKS, Finding
from app.errors import Invalid

Severity = Literal["fail", "warn", "info"]
Kind = Literal["token", "contract"]

_SECTION = re.compile(r"(A[1-8]|B(9|1[0-3])|C1[4-8]|D(19|20)|HTTP|STD)")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SOURCE = re.compile(r"(\[(R|M|D|I|S)\] [^;]+)(; \[(R|M|D|I|S)\] [^;]+)*")
_CONSUMER_KEYS = {"name", "about", "reads", "applies_when", "rules"}
_TEXTS = ("id", "section", "severity", "check", "title", "why", "fix", "source")


class InvalidRules(Invalid):
    """Rule files are wrong. `problems` lists each problem found, not the first."""

    code, title = "invalid-consumer-rules", "Consumer rules are wrong"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems), hint="docs/consumers.md describes the shape of a rule file.")


class UnknownConsumer(Invalid):
    code, title = "unknown-consumer", "Unknown consumer"


@dataclass(frozen=True, slots=True)
class Call:
    """A check with its parameters."""

    check: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, observation: Observation) -> Finding:
        return CHECKS[self.check](observation, **self.parameters)


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    section: str
    severity: Severity
    call: Call
    applies_when: Call | None
    title: str
    why: str
    fix: str
    source: str


@dataclass(frozen=True, slots=True)
class Consumer:
    slug: str
    """The file's name."""
    name: str
    about: str
    reads: tuple[Kind, ...]
    applies_when: Call | None
    """Unmet, its rules are not applicable, unless the consumer is asked for by name."""
    rules: tuple[Rule, ...]


@cache
def consumers() -> tuple[Consumer, ...]:
    """All packaged consumers, by slug. Raises InvalidRules."""
    folder = resources.files("app.consumers") / "rules"
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".toml")}
    return load(files)


def load(files: Mapping[str, str]) -> tuple[Consumer, ...]:
    """Consumers from file names and TOML texts. Raises InvalidRules with every problem of every file."""
    problems: list[str] = []
    loaded: list[Consumer] = []
    for name in sorted(files):
        try:
            data = tomllib.loads(files[name])
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{name}: not TOML: {error}")
            continue
        loaded.append(_consumer(name, data, problems))
    ids = [rule.id for consumer in loaded for rule in consumer.rules]
    problems += [f"two rules are called {rule}" for rule in sorted({rule for rule in ids if ids.count(rule) > 1})]
    if problems:
        raise InvalidRules(problems)
    return tuple(loaded)


def chosen(names: Iterable[str] | None, among: Iterable[Consumer] | None = None) -> tuple[Consumer, ...]:
    """The consumers with these slugs or names, in any case; all when None. Raises UnknownConsumer."""
    known = tuple(consumers() if among is None else among)
    if names is None:
        return known
    wanted = {name.strip().lower(): name for name in names}
    found = tuple(one for one in known if {one.slug, one.name.lower()} & set(wanted))
    unknown = set(wanted) - {one.slug for one in found} - {one.name.lower() for one in found}
    if unknown:
        raise UnknownConsumer(
            f"no consumer is called {', '.join(sorted(wanted[name] for name in unknown))}",
            hint=f"Known: {', '.join(one.slug for one in known)}.",
        )
    return found


def _consumer(file: str, data: dict[str, Any], problems: list[str]) -> Consumer:
    slug = file.removesuffix(".toml")
    if not _SLUG.fullmatch(slug):
        problems.append(f"{file}: the file name is not lower-case words joined by hyphens")
    problems += [f"{file}: {key} is not known" for key in sorted(set(data) - _CONSUMER_KEYS)]
    for key in ("name", "about"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            problems.append(f"{file}: {key} is missing or not a text")
    reads = data.get("reads")
    if not isinstance(reads, list) or not reads or any(kind not in get_args(Kind) for kind in reads):
        problems.append(f"{file}: reads is not a list of token, contract")
        reads = []
    rules = data.get("rules")
    if not isinstance(rules, list) or not rules:
        problems.append(f"{file}: has no [[rules]]")
        rules = []
    return Consumer(
        slug=slug,
        name=str(data.get("name")),
        about=str(data.get("about")),
        reads=tuple(reads),
        applies_when=_condition(file, data.get("applies_when"), problems),
        rules=tuple(_rule(slug, number, rule, problems) for number, rule in enumerate(rules, 1)),
    )


def _rule(slug: str, number: int, data: dict[str, Any], problems: list[str]) -> Rule:
    where = f"{slug}.toml, {data.get('id', f'rule {number}')}"
    missing = [key for key in _TEXTS if not isinstance(data.get(key), str) or not data[key].strip()]
    problems += [f"{where}: {key} is missing or not a text" for key in missing]
    text = {key: str(data.get(key, "")) for key in _TEXTS}
    problems += [f"{where}: {key} is not known" for key in sorted(set(data) - {*_TEXTS, "with", "applies_when"})]
    prefix, _, tail = text["id"].partition(".")
    if prefix != slug or not _SLUG.fullmatch(tail):
        problems.append(f"{where}: the id is not {slug}.some-words")
    if not _SECTION.fullmatch(text["section"]):
        problems.append(f"{where}: section {text['section']} is not one of A1–A8, B9–B13, C14–C18, D19, D20, HTTP, STD")
    if text["severity"] not in get_args(Severity):
        problems.append(f"{where}: severity {text['severity']} is not fail, warn or info")
    if not _SOURCE.fullmatch(text["source"]):
        problems.append(f"{where}: source is not like '[R] place; [M] measured'")
    return Rule(
        id=text["id"],
        section=text["section"],
        severity=cast(Severity, text["severity"]),
        call=_call(where, text["check"], data.get("with", {}), problems),
        applies_when=_condition(where, data.get("applies_when"), problems),
        title=text["title"],
        why=text["why"],
        fix=text["fix"],
        source=text["source"],
    )


def _condition(where: str, data: Any, problems: list[str]) -> Call | None:
    if data is None:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("check"), str):
        problems.append(f"{where}: applies_when names no check")
        return None
    return _call(f"{where}, applies_when", data["check"], {key: data[key] for key in data if key != "check"}, problems)


def _call(where: str, name: str, data: Any, problems: list[str]) -> Call:
    function = CHECKS.get(name)
    if function is None or not isinstance(data, dict):
        problems.append(f"{where}: there is no check {name}" if function is None else f"{where}: with is not a table")
        return Call(name)
    hints = get_type_hints(function)
    accepted = {
        key: value for key, value in signature(function).parameters.items() if value.kind is Parameter.KEYWORD_ONLY
    }
    parameters: dict[str, Any] = {}
    for key, value in data.items():
        if key not in accepted:
            problems.append(f"{where}: check {name} takes no {key}")
            continue
        try:
            parameters[key] = _typed(value, hints[key])
        except TypeError as error:
            problems.append(f"{where}: {key} of check {name} {error}")
    required = {key for key, value in accepted.items() if value.default is Parameter.empty}
    problems += [f"{where}: check {name} needs {key}" for key in sorted(required - set(data))]
    return Call(name, types.MappingProxyType(parameters))


def _typed(value: Any, hint: Any) -> Any:
    """`value` as a check wants it: lists become tuples. Raises TypeError saying what it must be."""
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not value:
            raise TypeError("must be a list that is not empty")
        return tuple(_typed(item, get_args(hint)[0]) for item in value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise TypeError(f"must be one of {', '.join(get_args(hint))}")
        return value
    if not isinstance(value, hint) or isinstance(value, bool) is not (hint is bool):
        raise TypeError(f"must be of type {hint.__name__}")
    return value
