"""The OpenTelemetry SDK: a span with attributes, exported as a line of JSON; in Flask, instrumented."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING

from flask import Flask
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from tests.bench import workload
from tests.bench.contenders.base import Contender

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


class TailSampled(SimpleSpanProcessor):
    """Exports what the tail decision keeps."""

    rate = 1.0

    def on_end(self, span: ReadableSpan) -> None:
        """Decide on status and duration."""
        status = span.attributes.get("http_status", 0) or span.attributes.get("http.status_code", 0)
        if workload.keep(status, (span.end_time - span.start_time) / 1e6, self.rate):
            super().on_end(span)


class OpenTelemetry(Contender):
    """Every span recorded; dropped at its end, since the decision depends on how it ended."""

    library = "opentelemetry.sdk"

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        resource = Resource.create({name.replace("_", "."): text for name, text in workload.SERVICE.items()})
        self.provider = TracerProvider(resource=resource)
        out = Path(sink).open("a")
        exporter = ConsoleSpanExporter(out=out, formatter=lambda span: span.to_json(indent=None) + "\n")
        processor = TailSampled(exporter)
        processor.rate = rate
        self.provider.add_span_processor(processor)
        self.tracer = self.provider.get_tracer("bench")

    def one(self) -> None:
        """One span."""
        with self.tracer.start_as_current_span("request") as span:
            add = span.set_attributes
            begun = perf_counter_ns()
            workload.add_request_id(add)
            workload.add_request(add, workload.ENVIRON)
            workload.add_work(add)
            workload.add_end(add, 200, 201, (perf_counter_ns() - begun) / 1e6)

    def app(self) -> Flask:
        """The instrumentation brings request, ids and duration; the app adds the rest."""
        app = Flask("bench")
        FlaskInstrumentor().instrument_app(app, tracer_provider=self.provider)

        @app.before_request
        def before() -> None:
            workload.add_request_id(trace.get_current_span().set_attributes)

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            workload.add_work(trace.get_current_span().set_attributes)
            return workload.BODY

        return app
