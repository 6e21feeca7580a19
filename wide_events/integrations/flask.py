"""Flask's door: one line in the application, and every request leaves one event, at `g.wide_event` while it runs.

The unit of work begins and ends in an outermost WSGI wrapper, since Flask's own hooks are skipped, doubled or run
too early in too many cases. What only Flask knows is read from four of the application's methods, wrapped on the
instance: the route (`full_dispatch_request`), whether a body is whole (`process_response`), exceptions that
handlers took (`handle_user_exception`), and those that nobody took (`handle_exception`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Flask, has_request_context, jsonify, request
from werkzeug.exceptions import HTTPException

from wide_events.context import active, current_event
from wide_events.exceptions import BaseAPIException, ConfigurationError, safe_response
from wide_events.guards import attempt
from wide_events.integrations.wsgi import UNIT, Unit, WideEventMiddleware
from wide_events.pipeline import Pipeline
from wide_events.sampling import is_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from wide_events.event import WideEvent
    from wide_events.settings import Settings

F = TypeVar("F", bound="Callable[..., Any]")
EXTENSION: Final = "wide_events"
_OPTIONS: Final = "_wide_events_route"
_PROBLEM_JSON: Final = "application/problem+json"


class WideEvents:
    """The extension: `WideEvents(app)`, or `WideEvents().init_app(app)` in a factory.

    Settings come from the environment unless they are given; each application has a pipeline of its own, at
    `app.extensions["wide_events"].pipeline`. Raises `ConfigurationError` for settings that make no sense.
    """

    def __init__(
        self, app: Flask | None = None, *, settings: Settings | None = None, pipeline: Pipeline | None = None
    ) -> None:
        self._settings = settings
        self._given = pipeline
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Instrument one application. Doing it again changes nothing."""
        if EXTENSION in app.extensions:
            return
        pipeline = self._given or Pipeline(self._settings or _settings_for(app))
        app.extensions[EXTENSION] = _Instrumented(app, pipeline)


class _Instrumented:
    """What is kept for one application: its pipeline, and what is known of its routes."""

    def __init__(self, app: Flask, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._app = app
        self._routes: dict[tuple[str, str], _Route] = {}
        app.wsgi_app = WideEventMiddleware(app.wsgi_app, pipeline)  # type: ignore[method-assign]
        app.app_ctx_globals_class = _globals_with_event(app.app_ctx_globals_class)
        self._watch("full_dispatch_request", before=self._name)
        self._watch("process_response", after=self._note_whole)
        self._watch("handle_user_exception", after=self._note_handled)
        self._watch("handle_exception", before=self._note_unhandled)

    def _watch(
        self,
        method: str,
        before: Callable[..., None] | None = None,
        after: Callable[..., None] | None = None,
    ) -> None:
        """Wrap one method of the application; what we look at never changes what it does."""
        original = getattr(self._app, method)

        @wraps(original)
        def watched(*args: Any) -> Any:
            unit = _unit()
            if unit is not None and before is not None:
                attempt(before, unit, *args[-1:], failed=self._failed)
            result = original(*args)
            if unit is not None and after is not None:
                attempt(after, unit, result, *args[-1:], failed=self._failed)
            return result

        setattr(self._app, method, watched)

    def _name(self, unit: Unit, *_: object) -> None:
        rule = request.url_rule
        if rule is None:
            return
        key = (rule.endpoint, rule.rule)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = _Route.of(self._app, rule.endpoint, rule.rule)
        event = unit.event.add_facts(route.facts.copy())
        options = route.options
        unit.skipped = options.skipped
        if options.kept:
            event.keep("always_keep")
        if options.rate is not None:
            event.sample(options.rate)

    def _note_whole(self, unit: Unit, response: Response, *_: object) -> None:
        unit.whole = response.is_sequence and not response.direct_passthrough

    def _note_handled(self, unit: Unit, _: object, error: Exception) -> None:
        redirected = isinstance(error, HTTPException) and (error.code or 500) < 400
        if not redirected and error is not request.routing_exception:
            unit.event.add_handled_error(error)

    def _note_unhandled(self, unit: Unit, error: Exception) -> None:
        unit.event.add_error(error)

    def _failed(self, failure: Exception) -> None:
        self.pipeline.health.failed("door_failed", "Flask's door failed", failure)


def _unit() -> Unit | None:
    return request.environ.get(UNIT) if has_request_context() else None


def _settings_for(app: Flask) -> Settings:
    from wide_events.settings import Settings  # noqa: PLC0415 - pydantic is loaded when an application starts

    return Settings.from_environ(app_name=app.name)


# ---- g.wide_event ------------------------------------------------------------------------------------------


class _EventOfRequest:
    """`g.wide_event`: the event of the running request, in every hook, helper, handler, copied context and stream.

    It is looked up, not stored: `g` is shared by nested requests, and outlives some.
    """

    def __get__(self, instance: object, owner: type | None = None) -> WideEvent:
        event = active()
        while event is not None and event.outer is not None:
            event = event.outer
        if event is not None:
            return event
        unit = _unit()
        return current_event() if unit is None else unit.event


def _globals_with_event(base: type[Any]) -> type[Any]:
    def get(self: Any, name: str, default: Any = None) -> Any:
        return self.wide_event if name == "wide_event" else base.get(self, name, default)

    def contains(self: Any, name: str) -> bool:
        return name == "wide_event" or base.__contains__(self, name)

    return type(
        base.__name__, (base,), {"wide_event": _EventOfRequest(), "get": get, "__contains__": contains}
    )


# ---- routes ------------------------------------------------------------------------------------------------


@dataclass
class _Options:
    """What the decorators of a view say of its events."""

    skipped: bool = False
    kept: bool = False
    rate: float | None = None
    name: str | None = None


@dataclass(frozen=True)
class _Route:
    facts: dict[str, Any]
    options: _Options = field(default_factory=_Options)

    @classmethod
    def of(cls, app: Flask, endpoint: str, rule: str) -> _Route:
        view = app.view_functions.get(endpoint)
        of_class = getattr(getattr(view, "view_class", None), _OPTIONS, None)
        options: _Options = getattr(view, _OPTIONS, None) or of_class or _Options()
        facts = {"operation": options.name or endpoint, "route": rule, "endpoint": endpoint}
        blueprint = endpoint.rpartition(".")[0]
        return cls({**facts, "blueprint": blueprint} if blueprint else facts, options)


def _option(**said: Any) -> Callable[[F], F]:
    def decorate(view: F) -> F:
        options = getattr(view, _OPTIONS, None) or _Options()
        setattr(view, _OPTIONS, _Options(**{**vars(options), **said}))
        return view

    return decorate


def skip(view: F) -> F:
    """Leave no events of this view, failed ones included: `@app.get("/ping")` over `@skip`."""
    return _option(skipped=True)(view)


def always_keep(view: F) -> F:
    """Keep all events of this view."""
    return _option(kept=True)(view)


def sample(rate: float) -> Callable[[F], F]:
    """Give the ordinary events of this view a rate of their own, from 0 to 1; else `ConfigurationError`."""
    if not is_rate(rate):
        raise ConfigurationError("sample", rate, "is not a rate: use a number from 0 to 1")
    return _option(rate=rate)


def name_operation(name: str) -> Callable[[F], F]:
    """Call the operation of this view by another name than its endpoint's."""
    return _option(name=name)


# ---- errors for clients ------------------------------------------------------------------------------------


def register_error_handlers(app: Flask, problem_json: bool = False) -> None:  # noqa: FBT001, FBT002
    """Answer clients safely for the exception hierarchy, for `abort(…)` and for unforeseen errors.

    The body is `{"error": {"code", "message", "type", "details", "request_id"}}`; with `problem_json=True`, or
    for a client that accepts `application/problem+json`, that of RFC 9457. Messages and details of errors of 500
    and more are shown only with `EXPOSE_ERROR_DETAILS=true`.
    """

    def answer(error: Exception) -> Response:
        original = getattr(error, "original_exception", None)
        as_problem = problem_json or _PROBLEM_JSON in request.headers.get("Accept", "")
        exposed = app.extensions[EXTENSION].pipeline.settings.expose_error_details
        request_id = _EventOfRequest().__get__(None).request_id
        status, headers, body = safe_response(
            original or error, request_id, expose_details=exposed, problem_json=as_problem
        )
        response = jsonify(body)
        response.status_code = status
        response.headers.update(headers)
        if as_problem:
            response.content_type = _PROBLEM_JSON
        return response

    app.register_error_handler(BaseAPIException, answer)
    app.register_error_handler(HTTPException, answer)
