"""The tables of the reference, compared with the code: neither may name what the other does not."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.prose import first_names, names, rows, section
from wide_events import Pipeline, Settings, WideEvent, exceptions, taxonomy
from wide_events import names as fields_of
from wide_events.cli.commands import commands
from wide_events.failures import describe
from wide_events.integrations import flask
from wide_events.redaction import ALWAYS_ALLOWED, DETECTORS, keys
from wide_events.sampling import Policy
from wide_events.schema import PRESETS
from wide_events.schema.mapping import Source
from wide_events.settings import NOT_HONOURED, reference
from wide_events.sinks import MemorySink
from wide_events.testing import CapturedEvent, CapturedEvents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EVENT = "docs/reference/event.md"
PYTHON = "docs/reference/python.md"


# ---- fields ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("Identity", fields_of.IDENTITY),
        ("Who ran it", fields_of.SERVICE),
        ("Requests", fields_of.REQUEST),
        ("Blocks", fields_of.BLOCKS),
        ("Sampling", fields_of.SAMPLING),
        ("Marks", fields_of.MARKS),
    ],
)
def test_every_field_is_in_the_reference(heading: str, known: tuple[str, ...]):
    assert sorted(first_names(section(EVENT, heading))) == sorted(known)


def test_every_member_of_an_error_is_in_the_reference():
    with pytest.raises(taxonomy.StructuredError) as raised:
        fail()
    block = describe(raised.value)
    assert sorted(first_names(section(EVENT, "The error block"))) == sorted(block)


def fail() -> None:
    raise taxonomy.StructuredError("E103", why="w", provider_code=429, cause=ValueError("v"))


def test_the_types_of_the_reference_are_those_on_the_line():
    types = {"string": str, "bool": bool, "number": (int, float), "object": dict, "list": list}
    sink = MemorySink()
    event = WideEvent(
        "all", pipeline=Pipeline(Settings(sample_default=1.0, max_event_bytes=2048), sinks=[sink])
    )
    event.add_user_context(password="x").add_feature_flags(a=True).add_cost(a=1).add_tokens(a=1)
    event.add_business_metric("a", 1, critical=True).add_technical_metric("a", 1).add_vehicle_context(a=1)
    event.add_context(service="mine", long="x " * 4000).log("line").add_error("one").add_error("two")
    event.slow_over(0).mark_failure("because").record_time("a", 1.0).emit()
    line = sink.events[0]
    told = [
        row
        for heading in ("Identity", "Blocks", "Sampling", "Marks")
        for row in rows(section(EVENT, heading))
    ]
    for row in told:
        for name in names(row[:1]):
            assert name not in line or isinstance(line[name], types[row[1]]), name


# ---- settings ----------------------------------------------------------------------------------------------


def test_every_setting_is_in_the_reference_with_its_default():
    told = {
        tuple(names(row[:2])): row[2:]
        for row in rows(section("docs/reference/settings.md", "Settings"))[: len(reference())]
    }
    known = {tuple(name for name in (row.variable, row.field) if name): row for row in reference()}
    assert list(told) == list(known)
    for name, row in known.items():
        assert told[name] == [default(row.value), row.description], name


def default(value: Any) -> str:
    if value in (None, "", {}):
        return "-"
    text = (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:.15g}"
        if isinstance(value, float)
        else value
    )
    return f"`{text}`"


def test_every_variable_that_is_not_honoured_is_in_the_reference():
    told = rows(section("docs/reference/settings.md", "Not honoured yet"))
    assert {row[0].strip("`"): row[1] for row in told} == NOT_HONOURED


# ---- names -------------------------------------------------------------------------------------------------


def signature(name: str, call: Any) -> str:
    """`add_context(**fields)`: a call as the reference writes it."""
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(call).parameters.values()
        if each.name not in ("self", "cls")
    ]
    written = str(inspect.Signature(parameters))
    return f"{name}{written}".replace("'", '"').replace("<factory>", "…")


@pytest.mark.parametrize(
    "module",
    [
        "wide_events",
        "wide_events.sampling",
        "wide_events.sinks",
        "wide_events.settings",
        "wide_events.exceptions",
    ],
)
def test_every_public_name_is_in_the_reference(module: str):
    told = " ".join(names([section(PYTHON, module)]))
    public = import_module(module).__all__
    assert [name for name in public if not re.search(rf"\b{name}\b", told)] == []


def test_every_name_for_tests_is_in_the_reference():
    public = import_module("wide_events.testing").__all__
    told = section("docs/reference/testing.md", "wide_events.testing")
    assert {name.partition("(")[0] for name in first_names(told)} >= set(public)


@pytest.mark.parametrize(
    ("page", "heading", "home"),
    [
        (PYTHON, "wide_events", "wide_events"),
        (PYTHON, "wide_events.taxonomy", "wide_events.taxonomy"),
        (PYTHON, "wide_events.pipeline", "wide_events.pipeline"),
        (PYTHON, "wide_events.sampling", "wide_events.sampling"),
        (PYTHON, "wide_events.exceptions", "wide_events.exceptions"),
        (PYTHON, "wide_events.settings", "wide_events.settings"),
        ("docs/reference/testing.md", "wide_events.testing", "wide_events.testing"),
        ("docs/reference/flask.md", "Names", "wide_events.integrations.flask"),
    ],
)
def test_calls_are_written_as_they_are_called(page: str, heading: str, home: str):
    module = import_module(home)
    places = [module, Pipeline, Policy, CapturedEvents, CapturedEvent]
    for written in first_names(section(page, heading)):
        path, bracket, _ = written.partition("(")
        if not bracket or written == "Settings(**fields)" or written.startswith("@"):
            continue  # its fields are a table of their own; a mark is no call
        assert written == signature(path, found(path, places)), written


def found(path: str, places: list[Any]) -> Any:
    head, *rest = path.split(".")
    value = next(getattr(place, head) for place in places if hasattr(place, head))
    for name in rest:
        value = getattr(value, name)
    return value


def test_every_verb_is_in_the_reference_and_calls_are_written_as_they_are_called():
    told = first_names(section(PYTHON, "WideEvent"))
    for written in told:
        path, bracket, _ = written.partition("(")
        assert hasattr(WideEvent("any"), path), path
        if bracket:
            assert written == signature(path, getattr(WideEvent, path)), written
    verbs = {name for name in vars(WideEvent) if name.startswith(("add_", "mark_"))}
    inner = {"add_facts", "add_time", "mark_outcome"}
    assert verbs - inner <= {name.partition("(")[0] for name in told}


def test_everything_that_a_capture_has_is_in_the_reference():
    told = {
        name.partition("(")[0]
        for name in first_names(section("docs/reference/testing.md", "wide_events.testing"))
    }
    for kind, inner in ((CapturedEvents, {"since_ns", "take"}), (CapturedEvent, set())):
        public = {name for name in vars(kind) if not name.startswith("_")}
        assert public - inner - told == set()


# ---- sampling, redaction, errors, schemas ------------------------------------------------------------------


def test_the_policy_is_told_in_its_order():
    told = first_names("\n".join(section("docs/reference/sampling.md", "The policy").splitlines()))
    reasons = [name for name in told if name.isidentifier()]
    rules = [name for name, _ in Policy.from_settings(Settings()).rules]
    assert reasons == ["forced", *rules, "rule_failed", "no_opinion", "pipeline_failed", "no_unit_of_work"]


def test_every_key_and_detector_is_in_the_reference():
    texts, numbers, whole = (names(row[1:]) for row in rows(section("docs/reference/redaction.md", "Keys")))
    assert sorted(texts) == sorted([*keys.SEGMENTS, *keys.PHRASES])
    assert sorted(numbers) == sorted(keys.NUMBERS)
    assert sorted(whole) == sorted(keys.WHOLE)
    assert sorted(first_names(section("docs/reference/redaction.md", "Values"))) == sorted(DETECTORS)


def test_what_an_allow_list_always_allows_is_in_the_reference():
    assert set(names([section("docs/reference/redaction.md", "Allow-list")])) >= ALWAYS_ALLOWED


def test_every_code_of_the_catalogue_is_in_the_reference():
    words = {True: "yes", False: "no", None: "-"}
    told = [row for row in rows(section("docs/reference/errors.md", "The catalogue")) if len(row) == 7]
    built_in = [code for code in taxonomy.catalogue() if re.fullmatch(r"E\d{3}|ERR_\d{4}", code.code)]
    assert told == [
        [
            f"`{code.code}`",
            code.category,
            code.severity,
            "yes" if code.alert else "-",
            words[code.retriable],
            code.description,
            code.fix or "-",
        ]
        for code in built_in
    ]


def test_every_exception_is_in_the_reference():
    words = {True: "yes", False: "no", None: "-"}
    classes = [getattr(exceptions, name) for name in exceptions.__all__]
    family = [
        each for each in classes if isinstance(each, type) and issubclass(each, exceptions.BaseAPIException)
    ]
    told = rows(section("docs/reference/errors.md", "Exceptions that end a request"))
    assert sorted(told) == sorted(
        [f"`{each.__name__}`", str(each.status), f"`{each.code}`", each.title, words[each.retriable]]
        for each in set(family)
    )


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"native"}))
def test_every_name_of_a_schema_is_in_the_reference(preset: str):
    template = import_module(f"wide_events.schema.{preset}").TEMPLATE
    told = {row[0].strip("`"): names(row[1:]) for row in rows(section("docs/reference/schemas.md", preset))}
    assert told == dict(leaves(template))


def leaves(template: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, list[str]]]:
    for name, slot in template.items():
        where = f"{path}{name}"
        if isinstance(slot, Source):
            yield where, [".".join(each) for each in slot.paths if each]
        elif isinstance(slot, str):
            yield where, [slot]
        else:
            yield from leaves(slot, f"{where}.")


# ---- the command line and Flask ----------------------------------------------------------------------------


def test_every_command_and_option_is_in_the_reference():
    page = (ROOT / "docs/reference/cli.md").read_text()
    assert re.findall(r"^## wide-events (.+)$", page, re.MULTILINE) == sorted(commands.commands)
    for name, command in commands.commands.items():
        told = set(first_names(section("docs/reference/cli.md", f"wide-events {name}")))
        assert {each for each in told if each.startswith("-")} == options(command)
        statuses = re.findall(r"^  (\d)  ", command.epilog or "", re.MULTILINE)
        assert sorted(each for each in told if each.isdigit()) == statuses


def options(command: click.Command) -> set[str]:
    with click.Context(command, **commands.context_settings) as context:
        return {flag for each in command.get_params(context) for flag in each.opts}


def test_every_name_of_the_flask_integration_is_in_the_reference():
    public = {
        name
        for name, value in vars(flask).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == flask.__name__
    } - {"F"}
    told = {name.partition("(")[0] for name in first_names(section("docs/reference/flask.md", "Names"))}
    assert public <= told


def test_every_counter_is_in_the_reference():
    told = {name.partition(".")[0] for name in first_names(section("docs/reference/pipeline.md", "Counters"))}
    source = "".join(path.read_text() for path in (ROOT / "wide_events").rglob("*.py"))
    counted = set(
        re.findall(
            r'(?:health\.(?:count|complain|failed)|partial\(self\.health\.failed,)\(?\s*f?"([a-z_]+)', source
        )
    )
    assert counted
    assert counted <= told


def test_every_header_is_in_the_reference():
    app = flask.Flask("shop")
    app.add_url_rule("/", "index", lambda: "hello")
    plain = set(app.test_client().get("/").headers.keys())
    flask.WideEvents(app, pipeline=Pipeline(Settings(), sinks=[]))
    ours = set(app.test_client().get("/").headers.keys()) - plain
    assert set(first_names(section("docs/reference/http.md", "Responses"))) == ours
    outgoing = WideEvent("any", pipeline=Pipeline(Settings(), sinks=[])).headers()
    assert set(first_names(section("docs/reference/http.md", "Outgoing calls"))) == set(outgoing)


def test_the_layers_are_those_that_are_checked():
    checked = section_of_layers((ROOT / "pyproject.toml").read_text())
    told = next(block.text for block in blocks(ROOT / "docs/design.md") if block.text.startswith("cli\n"))
    assert [line.split(" | ") for line in told.splitlines()] == checked


def section_of_layers(text: str) -> list[list[str]]:
    """The layers of import-linter's contract, as far as there are such modules."""
    listed = text.partition("layers = [")[2].partition("\n]")[0]
    layers = [re.findall(r"\w+", line) for line in re.findall(r'"(.+)"', listed)]
    there = {path.stem for path in (ROOT / "wide_events").iterdir()} - {"__main__"}
    return [found for layer in layers if (found := [name for name in layer if name in there])]
