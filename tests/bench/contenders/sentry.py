"""The Sentry SDK: a transaction with data, its payload written to the sink; in Flask its own integration."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import sentry_sdk
from flask import Flask
from sentry_sdk.transport import Transport

from tests.bench import workload
from tests.bench.contenders.base import Contender

if TYPE_CHECKING:
    from sentry_sdk.envelope import Envelope

TRANSACTION = f"POST {workload.ROUTE}"


class Sentry(Contender):
    """Every transaction traced; dropped by `before_send_transaction`."""

    library = "sentry_sdk"

    def __init__(self, sink: str, rate: float) -> None:
        super().__init__(sink, rate)
        out = Path(sink).open("ab", buffering=0)

        class Lines(Transport):
            def capture_envelope(self, envelope: Envelope) -> None:
                out.writelines(item.payload.get_bytes() + b"\n" for item in envelope.items)

        def before_send(event: Any, _: Any) -> Any:
            return event if workload.keep(200, 1.0, rate) else None

        sentry_sdk.init(
            dsn="https://key@localhost/1",
            transport=Lines,
            release=workload.SERVICE["service_version"],
            environment=workload.SERVICE["service_env"],
            server_name=workload.SERVICE["service_instance"],
            traces_sample_rate=1.0,
            auto_session_tracking=False,
            send_client_reports=False,
            before_send_transaction=before_send,
        )

    def one(self) -> None:
        """One transaction in a scope of its own."""
        with (
            sentry_sdk.isolation_scope(),
            sentry_sdk.start_transaction(op="http.server", name=TRANSACTION) as transaction,
        ):
            add = transaction.update_data
            begun = perf_counter_ns()
            workload.add_request_id(add)
            workload.add_request(add, workload.ENVIRON)
            workload.add_work(add)
            workload.add_end(add, 200, 201, (perf_counter_ns() - begun) / 1e6)

    def app(self) -> Flask:
        """The integration brings request and duration; the app adds the rest."""
        app = Flask("bench")

        def add(fields: dict[str, Any]) -> None:
            sentry_sdk.get_current_scope().transaction.update_data(fields)

        @app.before_request
        def before() -> None:
            workload.add_request_id(add)

        @app.post(workload.ROUTE)
        def view(vehicle_id: int) -> bytes:
            workload.add_work(add)
            return workload.BODY

        return app
