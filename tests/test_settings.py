"""Settings: from the environment or in code, checked at the start, told to whoever asks."""

from __future__ import annotations

import logging
import os
import pickle
import re
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wide_events.exceptions import ConfigurationError, is_secret, shorten
from wide_events.settings import NOT_HONOURED, Settings, process_environ, reference, report, warnings_about
from wide_events.settings.environment import FAMILIES, OTHER_VARIABLES

DEFAULTS: dict[str, Any] = {
    "service_name": "unknown_service",
    "app_version": "0.0.0",
    "environment": "development",
    "region": "local",
    "instance_id": None,
    "sample_default": 0.05,
    "sample_rates": {},
    "sample_new_user": 0.25,
    "new_user_days": 30,
    "slow_threshold_ms": 1000,
    "slow_thresholds_ms": {},
    "critical_events": (),
    "keep_tiers": ("heavy",),
    "log_format": "auto",
    "log_schema": "native",
    "log_level": "INFO",
    "log_file": None,
    "log_file_error": None,
    "log_file_business": None,
    "log_file_performance": None,
    "max_event_bytes": 15360,
    "redact_keys": (),
    "redact_values": ("email", "card", "phone", "ssn", "bearer", "jwt", "api_key", "url_credentials"),
    "redact_mode": "mask",
    "redact_hash_key": None,
    "redact_allow_only": (),
    "capture_headers": (),
    "capture_query": False,
    "client_ip": "full",
    "expose_error_details": False,
}
KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def refusal(environ: dict[str, str]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environ(environ)
    return caught.value


def test_without_variables_every_default_is_that_of_the_contract():
    settings = Settings.from_environ({}).model_dump()
    assert {name: settings[name] for name in DEFAULTS} == DEFAULTS


def test_the_defaults_that_depend_on_the_machine():
    settings = Settings()
    assert settings.host == socket.gethostname()
    assert settings.deployment_id == f"local-{socket.gethostname()}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", settings.deployed_at)
    assert settings.deployed_at == Settings().deployed_at


@pytest.mark.parametrize(
    ("variable", "written", "field", "value"),
    [
        ("SERVICE_NAME", " volttracker ", "service_name", "volttracker"),
        ("APP_VERSION", "1.2.3", "app_version", "1.2.3"),
        ("ENVIRONMENT", "production", "environment", "production"),
        ("DEPLOYMENT_ID", "d-7", "deployment_id", "d-7"),
        ("DEPLOYMENT_TIMESTAMP", "2026-01-06T00:00:00Z", "deployed_at", "2026-01-06T00:00:00Z"),
        ("REGION", "eu-west-1", "region", "eu-west-1"),
        ("INSTANCE_ID", "pod-3", "instance_id", "pod-3"),
        ("LOG_SAMPLE_DEFAULT", "1e-2", "sample_default", 0.01),
        ("LOG_SAMPLE_TRIP", "1.0", "sample_rates", {"trip": 1.0}),
        ("LOG_SAMPLE_Trip.Start-up", "0", "sample_rates", {"trip_start_up": 0.0}),
        ("LOG_SAMPLE_NEW_USER", "0.5", "sample_new_user", 0.5),
        ("LOG_NEW_USER_DAYS", "7", "new_user_days", 7.0),
        ("LOG_SLOW_THRESHOLD_MS", "0", "slow_threshold_ms", 0.0),
        ("LOG_SLOW_THRESHOLD_MS_TRIP", "2000", "slow_thresholds_ms", {"trip": 2000.0}),
        (
            "LOG_CRITICAL_EVENTS",
            "trip_created, refuel,,refuel",
            "critical_events",
            ("trip_created", "refuel"),
        ),
        ("LOG_KEEP_TIERS", "none", "keep_tiers", ()),
        ("LOG_FORMAT", "Human", "log_format", "human"),
        ("LOG_SCHEMA", "OTEL", "log_schema", "otel"),
        ("LOG_LEVEL", "warning", "log_level", "WARNING"),
        ("LOG_FILE", "logs/app.log", "log_file", Path("logs/app.log")),
        ("LOG_FILE_ERROR", "~/e.log", "log_file_error", Path("~/e.log").expanduser()),
        ("LOG_FILE_BUSINESS", "b.log", "log_file_business", Path("b.log")),
        ("LOG_FILE_PERFORMANCE", "p.log", "log_file_performance", Path("p.log")),
        ("LOG_MAX_EVENT_BYTES", "2048", "max_event_bytes", 2048),
        ("LOG_REDACT_KEYS", "vin,-email", "redact_keys", ("vin", "-email")),
        ("LOG_REDACT_VALUES", "None", "redact_values", ()),
        ("LOG_REDACT_VALUES", "JWT,email", "redact_values", ("jwt", "email")),
        ("LOG_REDACT_MODE", "drop", "redact_mode", "drop"),
        ("LOG_REDACT_HASH_KEY", KEY, "redact_hash_key", KEY),
        ("LOG_REDACT_ALLOW_ONLY", "trip_id", "redact_allow_only", ("trip_id",)),
        ("LOG_CAPTURE_HEADERS", "X-Tenant,Accept", "capture_headers", ("x-tenant", "accept")),
        ("LOG_CAPTURE_QUERY", "on", "capture_query", True),
        ("LOG_CLIENT_IP", "truncate", "client_ip", "truncate"),
        ("EXPOSE_ERROR_DETAILS", "TRUE", "expose_error_details", True),
        ("EXPOSE_ERROR_DETAILS", "no", "expose_error_details", False),
    ],
)
def test_each_variable_sets_its_field(variable: str, written: str, field: str, value: object):
    assert getattr(Settings.from_environ({variable: written}), field) == value


@pytest.mark.parametrize("variable", sorted(Settings.variables()))
def test_an_empty_variable_is_not_set(variable: str):
    assert Settings.from_environ({variable: " "}) == Settings()


@pytest.mark.parametrize(
    ("variable", "written", "remedy"),
    [
        ("LOG_SAMPLE_TRIP", "abc", "is not a rate: use a number from 0 to 1"),
        ("LOG_SAMPLE_API_KEY", "abc", "is not a rate: use a number from 0 to 1"),
        ("LOG_SAMPLE_DEFAULT", "5%", "is not a rate: use 0.05"),
        ("LOG_SAMPLE_DEFAULT", "5", "is not a rate: use a number from 0 to 1"),
        ("LOG_SAMPLE_DEFAULT", "nan", "is not a rate: use a number from 0 to 1"),
        ("LOG_SAMPLE_DEFAULT", "-0.1", "is not a rate: use a number from 0 to 1"),
        ("LOG_SAMPLE_NEW_USER", "500%", "is not a rate: use a number from 0 to 1"),
        ("LOG_NEW_USER_DAYS", "-1", "is not a number of days: use 0 or more, such as 30"),
        ("LOG_SLOW_THRESHOLD_MS", "inf", "is not a number of milliseconds: use 0 or more, such as 1000"),
        ("LOG_SLOW_THRESHOLD_MS_TRIP", "1.5s", "is not a number of milliseconds: use 1500"),
        ("LOG_SLOW_THRESHOLD_MS", "1..s", "is not a number of milliseconds: use 0 or more, such as 1000"),
        ("LOG_MAX_EVENT_BYTES", "1024", "is not a size in bytes: use a whole number from 2048 to 1048576"),
        ("LOG_MAX_EVENT_BYTES", "4096.5", "is not a size in bytes: use a whole number from 2048 to 1048576"),
        ("LOG_FORMAT", "jsn", "is not known: use one of auto, json, human, text (did you mean json?)"),
        ("LOG_SCHEMA", "x", "is not known: use one of native, otel, ecs, datadog, gcp"),
        ("LOG_LEVEL", "verbose", "is not known: use one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LOG_REDACT_VALUES", "emial", "contains 'emial': use none, or some of email, card"),
        ("LOG_REDACT_HASH_KEY", "short", "is no safe key: use 16 random characters or more"),
        ("LOG_CAPTURE_HEADERS", "a b", "contains 'a b', which is no name of a header"),
        ("LOG_CAPTURE_QUERY", "maybe", "is neither yes nor no: use true or false"),
        ("LOG_FILE", "~nobody-here/x", "names a home that does not exist: use a path from the root"),
        ("LOG_FILE", "a\x1bb", "is not a file: use a path such as logs/events.log"),
        ("SERVICE_NAME", "a\x1b[31m", "contains control characters or is not UTF-8: use printable text"),
        ("SERVICE_NAME", "caf\udce9", "contains control characters or is not UTF-8: use printable text"),
        ("REGION", "x" * 300, "is too long: use at most 256 characters"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name", "is not a list of attributes: use key=value,key=value"),
    ],
)
def test_a_bad_value_is_refused_with_the_remedy(variable: str, written: str, remedy: str):
    error = refusal({variable: written})
    shown = "***" if is_secret(variable) else written
    assert error.variable == variable
    assert str(error).startswith(f"{variable}={shorten(repr(shown))} {remedy}")


def test_all_that_is_wrong_is_told_at_once():
    error = refusal(
        {
            "LOG_SAMPLE_TRIP": "abc",
            "LOG_FORMAT": "x",
            "LOG_REDACT_MODE": "hash",
            "OTEL_RESOURCE_ATTRIBUTES": "oops",
            "REGION": "fine",
        }
    )
    variables = [problem.variable for problem in error.problems]
    assert sorted(variables) == [
        "LOG_FORMAT",
        "LOG_REDACT_HASH_KEY",
        "LOG_SAMPLE_TRIP",
        "OTEL_RESOURCE_ATTRIBUTES",
    ]
    assert len(str(error).splitlines()) == 4


def test_hashing_without_a_key_is_refused():
    error = refusal({"LOG_REDACT_MODE": "hash"})
    assert "LOG_REDACT_HASH_KEY=None is missing: to hash, use a key of 16 random characters" in str(error)
    assert (
        Settings.from_environ({"LOG_REDACT_MODE": "hash", "LOG_REDACT_HASH_KEY": KEY}).redact_mode == "hash"
    )


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "app"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=resource"}, "resource"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=resource", "OTEL_SERVICE_NAME": "otel"}, "otel"),
        ({"OTEL_SERVICE_NAME": "otel", "SERVICE_NAME": "ours"}, "ours"),
    ],
)
def test_the_name_of_the_service_comes_from_the_first_that_says_one(environ: dict[str, str], name: str):
    assert Settings.from_environ(environ, app_name="app").service_name == name


def test_the_resource_of_opentelemetry_is_understood():
    written = (
        "service.version=2.0%2Bbuild, deployment.environment=old,deployment.environment.name=staging,"
        "cloud.region=eu%2Dwest,service.instance.id=i-1,host.name=h,other=x,service.name="
    )
    settings = Settings.from_environ({"OTEL_RESOURCE_ATTRIBUTES": written})
    assert settings.app_version == "2.0+build"
    assert (settings.environment, settings.region) == ("staging", "eu-west")
    assert (settings.instance_id, settings.host, settings.service_name) == ("i-1", "h", "unknown_service")


def test_our_own_variable_outdoes_the_resource():
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "cloud.region=theirs", "REGION": "ours"}
    assert Settings.from_environ(environ).region == "ours"


def test_the_version_is_the_first_line_of_a_version_file(tmp_path: Path):
    (tmp_path / "VERSION").write_text("\ufeff1.0.0\nmore\n", encoding="utf-8")
    assert Settings.from_environ({}).app_version == "1.0.0"
    (tmp_path / "version.txt").write_text("2.0.0", encoding="utf-8")
    assert Settings.from_environ({}).app_version == "2.0.0"
    assert Settings.from_environ({"APP_VERSION": "3.0.0"}).app_version == "3.0.0"


def test_a_version_file_that_is_none_is_no_version(tmp_path: Path):
    (tmp_path / "VERSION").mkdir()
    (tmp_path / "version.txt").write_text("\n", encoding="utf-8")
    assert Settings.from_environ({}).app_version == "0.0.0"


def test_without_a_mapping_the_variables_of_the_process_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REGION", "mars")
    assert Settings.from_environ().region == "mars"
    assert process_environ() is os.environ


def test_what_is_given_in_code_outdoes_the_variables():
    environ = {"LOG_SAMPLE_DEFAULT": "abc", "LOG_SAMPLE_TRIP": "xyz"}
    settings = Settings.from_environ(environ, sample_default=0.5, sample_rates={"Trip.Start": 1})
    assert (settings.sample_default, settings.sample_rates) == (0.5, {"trip_start": 1.0})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sample_default": 7}, "sample_default=7 is not a rate: use a number from 0 to 1"),
        ({"sample_default": True}, "sample_default=True is not a rate: use a number from 0 to 1"),
        ({"sample_rates": {"trip": 10**400}}, "is not a rate: use a number from 0 to 1"),
        ({"sample_rates": 1}, "sample_rates=1 is not a mapping: use names of operations and numbers"),
        ({"slow_threshold_ms": None}, "slow_threshold_ms=None is not a number of milliseconds"),
        ({"service_name": ""}, "service_name='' is empty: say something or leave it out"),
        ({"region": 7}, "region=7 is not text: use a string"),
        ({"log_file": 7}, "log_file=7 is not a file"),
        (
            {"keep_tiers": {"heavy": 1}},
            "keep_tiers={'heavy': 1} is not a list: use names separated by commas",
        ),
        ({"keep_tiers": [7]}, "keep_tiers=[7] is not text: use a string"),
        ({"log_format": 7}, "log_format=7 is not known: use one of auto, json, human, text"),
        ({"capture_query": 2}, "capture_query=2 is neither yes nor no"),
        ({"redact_mode": "hash"}, "redact_hash_key=None is missing"),
        ({"smaple_default": 0.1}, "smaple_default=0.1 is not a setting: use one of service_name, "),
    ],
)
def test_a_bad_value_in_code_is_refused_by_the_name_of_its_field(values: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        Settings(**values)


def test_values_in_code_may_have_the_types_that_are_at_hand():
    settings = Settings(
        sample_default=Decimal("0.5"),
        keep_tiers=["heavy", "vip"],
        log_file=Path("x.log"),
        capture_query=True,
        slow_threshold_ms="250",
    )
    assert (settings.sample_default, settings.slow_threshold_ms) == (0.5, 250.0)
    assert settings.keep_tiers == ("heavy", "vip")
    assert settings.log_file == Path("x.log")


def test_settings_are_frozen_and_survive_pickle():
    settings = Settings(sample_default=0.5)
    with pytest.raises(ValueError, match="frozen"):
        settings.sample_default = 0.1  # type: ignore[misc]
    assert pickled(settings) == settings


def test_the_key_of_the_hash_is_not_in_the_text_of_the_settings():
    assert KEY not in f"{Settings(redact_hash_key=KEY)!r}"


NAMES = st.sampled_from(
    sorted(
        {*Settings.variables(), *OTHER_VARIABLES, *NOT_HONOURED, "LOG_SAMPLE_X", "LOG_SLOW_THRESHOLD_MS_X"}
    )
) | st.one_of(st.builds("{}{}".format, st.sampled_from(sorted(FAMILIES)), st.text()), st.text())
VALUES = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.sampled_from(["0.5", "1", "true", "json", "hash", "none", "5%", "a=b", "~", "~x", "1e999", "0x10"]),
    st.floats().map(str),
    st.integers().map(str),
)


def settings_or_error(environ: dict[str, str]) -> Settings | ConfigurationError:
    try:
        return Settings.from_environ(environ)
    except ConfigurationError as error:
        return error


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_no_environment_raises_anything_but_a_configuration_error(environ: dict[str, str]):
    came = settings_or_error(environ)
    if isinstance(came, Settings):
        assert 0 <= came.sample_default <= 1
        assert all(0 <= rate <= 1 for rate in came.sample_rates.values())
        return
    for problem in came.problems:
        assert problem.variable in str(came)
        if problem.variable in environ and not is_secret(problem.variable):
            assert shorten(repr(environ[problem.variable].strip())) in str(came)
        else:
            assert problem.variable == "LOG_REDACT_HASH_KEY"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("LOG_SAMPEL_TRIP", "LOG_SAMPLE_TRIP"),
        ("LOG_SAMPLE_DEFUALT", "LOG_SAMPLE_DEFAULT"),
        ("LOG_SAMPLE_NEW_USERS", "LOG_SAMPLE_NEW_USER"),
        ("LOG_SAMPLE_RATE", "LOG_SAMPLE_DEFAULT"),
        ("LOG_SAMPLE", "LOG_SAMPLE_DEFAULT"),
        ("LOG_SLOW_TRESHOLD_MS", "LOG_SLOW_THRESHOLD_MS"),
        ("LOG_SLOW_TRESHOLD_MS_TRIP", "LOG_SLOW_THRESHOLD_MS_TRIP"),
        ("LOG_LEVLE", "LOG_LEVEL"),
        ("log_level", "LOG_LEVEL"),
        ("LOG_ROTAT", "LOG_ROTATE"),
        ("EXPOSE_ERROR_DETAIL", "EXPOSE_ERROR_DETAILS"),
        ("DEPLOYMENT_TIMESTEMP", "DEPLOYMENT_TIMESTAMP"),
    ],
)
def test_a_misspelt_variable_is_noticed(variable: str, meant: str):
    (warning,) = warnings_about({variable: "1"}, Settings.variables())
    assert warning.startswith(f"{variable} ")
    assert warning.endswith(f"did you mean {meant}?")


@pytest.mark.parametrize(
    "variable",
    [
        "LOG_DIR",
        "LOG_COLOR",
        "LOG_STASH_URL",
        "LOGNAME",
        "PATH",
        "HOSTNAME",
        "REGIONS",
        "SERVICE_ACCOUNT",
        "LOG_SAMPLE_TRIP",
        *Settings.variables(),
        *OTHER_VARIABLES,
    ],
)
def test_other_variables_are_left_alone(variable: str):
    assert warnings_about({variable: "1"}, Settings.variables()) == ()


@pytest.mark.parametrize("variable", sorted(NOT_HONOURED))
def test_a_variable_that_is_not_honoured_yet_is_said_to_be_so(variable: str):
    (warning,) = warnings_about({variable: "5"}, Settings.variables())
    assert warning.startswith(f"{variable} is set, but this version ")
    assert warnings_about({variable: "none"}, Settings.variables()) == ()


def test_warnings_are_logged_once_a_process(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "wide_events"):
        for _ in range(3):
            Settings.from_environ({"LOG_SAMPEL_ONCE": "1"})
    said = [record for record in caplog.records if "LOG_SAMPEL_ONCE" in record.getMessage()]
    assert [record.getMessage() for record in said] == [
        "LOG_SAMPEL_ONCE is not a setting; did you mean LOG_SAMPLE_ONCE?"
    ]


def sources(environ: dict[str, str], **given: Any) -> dict[str, tuple[Any, str]]:
    return {row.variable: (row.value, row.source) for row in report(environ, **given).rows}


def test_the_report_tells_where_each_setting_comes_from(tmp_path: Path):
    (tmp_path / "version.txt").write_text("1.0.0", encoding="utf-8")
    environ = {
        "OTEL_SERVICE_NAME": "volt",
        "OTEL_RESOURCE_ATTRIBUTES": "cloud.region=eu",
        "LOG_SAMPLE_TRIP": "1",
        "LOG_SAMPLE_A_B": "0.5",
        "LOG_FILE": "x.log",
        "LOG_REDACT_HASH_KEY": KEY,
    }
    told = sources(environ, keep_tiers=("vip", "heavy"))
    assert told["SERVICE_NAME"] == ("volt", "OTEL_SERVICE_NAME")
    assert told["REGION"] == ("eu", "OTEL_RESOURCE_ATTRIBUTES")
    assert told["APP_VERSION"] == ("1.0.0", "version.txt")
    assert told["LOG_SAMPLE_TRIP"] == (1.0, "environment")
    assert told["LOG_SAMPLE_A_B"] == (0.5, "environment")
    assert told["LOG_FILE"] == ("x.log", "environment")
    assert told["LOG_REDACT_HASH_KEY"] == ("***", "environment")
    assert told["LOG_KEEP_TIERS"] == ("vip,heavy", "code")
    assert told["LOG_SLOW_THRESHOLD_MS_<NAME>"] == ({}, "default")
    assert told["INSTANCE_ID"] == ("<hostname>-<pid>", "default")
    assert sources({}, app_name="app")["SERVICE_NAME"] == ("app", "application")


def test_the_report_has_the_settings_and_the_warnings_too():
    found = report({"LOG_SAMPEL_TRIP": "1", "REGION": "eu"})
    assert found.settings == Settings.from_environ({"REGION": "eu"})
    assert found.warnings == ("LOG_SAMPEL_TRIP is not a setting; did you mean LOG_SAMPLE_TRIP?",)


def test_the_reference_names_every_field_with_its_default_and_what_it_is_for():
    rows = {row.field: row for row in reference()}
    assert rows.keys() == Settings.model_fields.keys()
    assert all(row.description.endswith(".") for row in rows.values())
    assert rows["deployment_id"].value == "local-<hostname>"
    assert rows["deployed_at"].value == "process start"
    assert rows["sample_default"].value == 0.05
    assert socket.gethostname() not in [
        rows[field].value for field in ("host", "deployment_id", "instance_id")
    ]


def test_importing_the_package_loads_no_pydantic():
    code = "import sys, wide_events; sys.exit('pydantic' in sys.modules)"
    root = str(Path(__file__).parent.parent)
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
