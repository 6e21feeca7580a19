"""Flask's door: one line in the application, and every request leaves one event, at `g.wide_event` meanwhile.

The unit of work begins and ends in an outermost WSGI wrapper, since Flask's own hooks are skipped, doubled or
run too early in too many cases. What only Flask knows is read from three methods of the application,
wrapped on the instance: the route, and whether the body is whole (`full_dispatch_request`), exceptions that
handlers took (`handle_user_exception`), and those that nobody took (`handle_exception`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from flask import Flask, jsonify, request
from werkzeug.exceptions import HTTPException

from wide_events.context import active, current_event
from wide_events.exceptions import BaseAPIException, ConfigurationError, safe_response
from wide_events.guards import attempt
from wide_events.integrations.tracebacks import tell
from wide_events.integrations.wsgi import UNIT, Unit, WideEventMiddleware
from wide_events.pipeline import Pipeline
from wide_events.sampling import is_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Request, Response

    from wide_events.event import WideEvent
    from wide_events.settings import Settings

F = TypeVar("F", bound="Callable[..., Any]")
EXTENSION: Final = "wide_events"
_OPTIONS: Final = "_wide_events_route"
_PROBLEM_JSON: Final = "application/problem+json"

_running_request: Final[Callable[[], Request]] = cast("Any", request)._get_current_object  # noqa: SLF001
"""The request itself: each look through the proxy takes a microsecond, and most of what we do takes less."""


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
        self._app = app
        self._routes: dict[tuple[str, str], _Route] = {}
        self._door = WideEventMiddleware(app.wsgi_app, pipeline)
        self.exposes_errors = pipeline.settings.expose_error_details
        app.wsgi_app = self._door  # type: ignore[method-assign]
        app.app_ctx_globals_class = _globals_with_event(app.app_ctx_globals_class)
        self._watch("full_dispatch_request", before=self._name, after=self._note_whole)
        self._watch("handle_user_exception", after=self._note_handled)
        self._watch("handle_exception", before=self._note_unhandled, after=self._note_answered)

    @property
    def pipeline(self) -> Pipeline:
        """Where the events of this application go."""
        return self._door.pipeline

    def _watch(
        self,
        method: str,
        *,
        after: Callable[..., None],
        before: Callable[..., None] | None = None,
    ) -> None:
        """Wrap one method of the application; what we look at never changes what it does."""
        original = getattr(self._app, method)
        failed = self._door.failed

        @wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            unit, asked = _unit()
            if unit is None or unit.ended:
                return original(*args, **kwargs)
            if before is not None:
                attempt(before, unit, asked, *args[-1:], failed=failed)
            result = original(*args, **kwargs)
            attempt(after, unit, asked, result, *args[-1:], failed=failed)
            return result

        setattr(self._app, method, watched)

    def _name(self, unit: Unit, asked: Request, *_: object) -> None:
        rule = asked.url_rule
        if rule is None or unit.named:
            return
        key = (rule.endpoint, rule.rule)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = _Route.of(self._app, rule.endpoint, rule.rule)
        event = unit.event.add_facts(route.facts)
        options = route.options
        unit.named, unit.skipped = True, options.skipped
        if options.kept:
            event.keep("always_keep")
        if options.rate is not None:
            event.sample(options.rate)

    def _note_whole(self, unit: Unit, asked: Request, response: Response, *_: object) -> None:
        """Note whether the body is all there: of a list it is, and of the page of an HTTP error."""
        bodiless = asked.method == "HEAD" or response.status_code in (204, 304)
        unit.whole = bodiless or unit.page or (response.is_sequence and not response.direct_passthrough)

    def _note_answered(self, unit: Unit, asked: Request, response: Response, *_: object) -> None:
        """Flask's own page for a failure tells its length; it comes as a stream all the same."""
        unit.page = response.content_length is not None
        self._note_whole(unit, asked, response)

    def _note_handled(self, unit: Unit, asked: Request, answer: object, error: Exception) -> None:
        unit.page = answer is error and getattr(error, "response", None) is None
        if error is not asked.routing_exception and not _is_answer(error):
            tell(unit.event.add_handled_error, error)

    def _note_unhandled(self, unit: Unit, _: Request, error: Exception) -> None:
        tell(unit.event.add_error, error)


def _unit() -> tuple[Unit, Request] | tuple[None, None]:
    """The unit of work of the running request, and the request. A context may outlive its unit of work."""
    try:
        asked = _running_request()
    except RuntimeError:
        return None, None
    unit = asked.environ.get(UNIT)
    return (None, None) if unit is None else (unit, asked)


def _is_answer(error: Exception) -> bool:
    """Say whether this is a way to answer rather than an error: a redirect, or `abort` with a response."""
    if not isinstance(error, HTTPException):
        return False
    status = error.code if error.response is None else error.response.status_code
    return status is not None and status < 400


def _settings_for(app: Flask) -> Settings:
    from wide_events.settings import Settings  # noqa: PLC0415 - pydantic is loaded when an application starts

    return Settings.from_environ(app_name=app.name)


# ---- g.wide_event ------------------------------------------------------------------------------------------


class _EventOfRequest:
    """`g.wide_event`: the event of the running request, in every hook, helper, handler and copied context.

    It is looked up, not stored: `g` is shared by nested requests, and outlives some.
    """

    def __get__(self, instance: object, owner: type | None = None) -> WideEvent:
        return _event_of_request()


def _event_of_request() -> WideEvent:
    unit, _ = _unit()
    if unit is not None and not unit.ended:
        return unit.event
    event = active()
    while event is not None and event.outer is not None:
        event = event.outer
    if event is not None:
        return event
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


class _Route:
    """The facts of a route, and what its view's decorators say."""

    def __init__(self, facts: dict[str, Any], options: _Options) -> None:
        self.facts = facts
        self.options = options

    @classmethod
    def of(cls, app: Flask, endpoint: str, rule: str) -> _Route:
        options = _options_of(app.view_functions.get(endpoint))
        facts = {"operation": options.name or endpoint, "route": rule, "endpoint": endpoint}
        blueprint = endpoint.rpartition(".")[0]
        return cls({**facts, "blueprint": blueprint} if blueprint else facts, options)


def _options_of(view: Any) -> _Options:
    """Find what the decorators said: at the view, its class, or what it wraps."""
    while view is not None:
        for place in (view, getattr(view, "view_class", None)):
            options = getattr(place, _OPTIONS, None)
            if options is not None:
                return cast("_Options", options)
        view = getattr(view, "__wrapped__", None) or getattr(view, "func", None)
    return _Options()


def _option(**said: Any) -> Callable[[F], F]:
    def decorate(view: F) -> F:
        options = _Options(**{**vars(_options_of(view)), **said})
        setattr(getattr(view, "__func__", view), _OPTIONS, options)
        return view

    return decorate


def skip(view: F) -> F:
    """Leave no events of this view, failed ones included: `@app.get("/ping")` over `@skip`.

    Like the other three it stands right above the route, or anywhere below it.
    """
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

    The body is `{"error": {"code", "message", "type", "details", "request_id"}}`; with `problem_json=True`,
    or for a client that accepts `application/problem+json`, that of RFC 9457. Messages and details of errors
    of 500 and more are shown only with `EXPOSE_ERROR_DETAILS=true`. Redirects and responses given to `abort`
    pass as they are.
    """

    def answer(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException) and (error.response is not None or (error.code or 500) < 400):
            return error
        instrumented = app.extensions.get(EXTENSION)
        status, headers, body = safe_response(
            getattr(error, "original_exception", None) or error,
            _event_of_request().request_id if instrumented else None,
            expose_details=instrumented is not None and instrumented.exposes_errors,
            problem_json=problem_json or _PROBLEM_JSON in request.headers.get("Accept", ""),
        )
        response = jsonify(body)
        response.status_code = status
        response.headers.update(headers)
        return response

    app.register_error_handler(BaseAPIException, answer)
    app.register_error_handler(HTTPException, answer)
