"""Puts the harness between the handlers and everything outside of them, once per process.

The handlers stay as they ship. What they reach the outside by is caught at its narrowest place: botocore's
``_make_api_call``, urllib3's ``PoolManager.request``, the ``time`` and ``random`` modules of the kit, the
environment, and
the logger's stream. A call that falls outside of a schedule is an error, so nothing ever reaches a network.
"""

from __future__ import annotations

import functools
import importlib
import io
import json
import logging
import marshal
import os
import random as real_random
import ssl
import sys
import time as real_time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"

BASE_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "simulation",
    "AWS_SECRET_ACCESS_KEY": "simulation",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "simulation",
    "POWERTOOLS_SERVICE_NAME": "simulation",
}


REMEMBERED_DOCUMENTS = 64
"""Documents of one schema that are known to be valid; a saga's are looked at soon again or never."""
ORDER_SCHEMA, ORDER_VALIDATOR = "Order.v1", "validate_schema_order_v1"
"""The schema of an order, and what fastjsonschema calls its check in the code that it makes of another schema."""


class HarnessError(BaseException):
    """The harness itself was asked for something that it does not do; never swallowed by a handler."""


class Killed(BaseException):
    """The process that runs a handler was killed at a call; ``how`` says by what."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Outside(Protocol):
    """What stands outside of the handlers while a schedule runs."""

    def api_call(self, client: Any, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call of AWS."""
        ...

    def http_call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        """Answer a call of a provider."""
        ...

    def time(self) -> float:
        """Return the virtual time in seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the running handler."""
        ...

    def random(self) -> float:
        """Return a number in [0, 1) that the seed decides."""
        ...

    def logged(self, text: str) -> None:
        """Take note of a part of a log line."""
        ...


class _Holder:
    """Who stands outside now."""

    outside: Outside | None = None
    full_logs: bool = False


def attach(outside: Outside | None, *, full_logs: bool = False) -> None:
    """Let ``outside`` answer from now on; ``full_logs`` has every log line and metric made in full."""
    _Holder.outside = outside
    _Holder.full_logs = full_logs


def _outside() -> Outside:
    if _Holder.outside is None:
        raise HarnessError("a call to the outside while no schedule runs")
    return _Holder.outside


class _Time(ModuleType):
    def __init__(self) -> None:
        super().__init__("time")
        self.time = lambda: _outside().time()
        self.sleep = lambda seconds: _outside().sleep(seconds)

    def __getattr__(self, name: str) -> Any:
        raise HarnessError(f"time.{name} in a handler: only time() and sleep() are modelled")


class _Random(ModuleType):
    def __init__(self) -> None:
        super().__init__("random")
        self.random = lambda: _outside().random()
        self.uniform = lambda low, high: low + (high - low) * _outside().random()

    def __getattr__(self, name: str) -> Any:
        raise HarnessError(f"random.{name} in a handler: only random() and uniform() are modelled")


def _sampled(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method of the logger that is run in full in a sample of schedules.

    In the others it only tells what it was given, without the cost of a log record.
    """

    def call(*messages: Any, extra: Mapping[str, Any] | None = None, **values: Any) -> None:
        if _Holder.full_logs:
            method(*messages, **({} if extra is None else {"extra": extra}), **values)
        elif (outside := _Holder.outside) is not None:
            logged = outside.logged
            for value in (*messages, *values.values(), *(extra.values() if extra else ())):
                logged(value if type(value) is str else repr(value))

    return call


def _only_in_full(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method of the logger that tells nothing itself: it is left out where no log record is made."""

    def call(*arguments: Any, **options: Any) -> None:
        if _Holder.full_logs:
            method(*arguments, **options)

    return call


class _LogHandler(logging.Handler):
    """Takes log records, for the sample of schedules that makes them in full."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        # Powertools finds its formatter by its handler.
        self.setFormatter(formatter)
        self._json = formatter

    def emit(self, record: logging.LogRecord) -> None:
        outside = _Holder.outside
        if outside is None:
            return
        outside.logged(self._json.format(record))


def install() -> None:
    """Put the harness between the handlers and the outside: once a process, and once for what is imported anew."""
    if not getattr(install, "done", False):
        install.done = True  # type: ignore[attr-defined]  # a mark of our own
        _catch_calls()
    _quiet_observability()
    _remember_valid_documents()
    _remember_event_ids()


def _catch_calls() -> None:
    if str(LAMBDAS) not in sys.path:
        sys.path.insert(0, str(LAMBDAS))
    for name, value in BASE_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import botocore.client
    import urllib3

    services: dict[int, str] = {}

    def make_api_call(self: Any, operation_name: str, api_params: Mapping[str, Any]) -> dict[str, Any]:
        if _Holder.outside is None:
            return original(self, operation_name, api_params)
        service = services.get(id(self))
        if service is None:
            service = services[id(self)] = self.meta.service_model.service_name
            _keep.append(self)
        return _Holder.outside.api_call(self, service, operation_name, api_params)

    original: Callable[..., dict[str, Any]] = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # no public place
    botocore.client.BaseClient._make_api_call = make_api_call  # type: ignore[attr-defined]  # the same

    def request(_self: Any, method: str, url: str, **options: Any) -> Any:
        return _outside().http_call(method, url, options.get("headers") or {}, options.get("body"))

    urllib3.PoolManager.request = request  # type: ignore[method-assign, assignment]  # that is the point


_keep: list[Any] = []
"""Clients that were seen: their ids stand for them."""


def _quiet_observability() -> None:
    from saga_kit import observe

    if getattr(observe, "quiet", False):
        return
    observe.quiet = True  # type: ignore[attr-defined]  # a mark of our own
    # What logging itself documents for speed: none of it is in the platform's log lines.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    logger = observe.logger
    formatter = logger.registered_formatter
    for handler in list(logger.handlers):
        logger._logger.removeHandler(handler)
    logger._logger.addHandler(_LogHandler(formatter))
    logger._logger.propagate = False
    for name in ("info", "warning", "error", "append_keys"):
        setattr(logger, name, _sampled(getattr(logger, name)))
    for name in ("structure_logs", "remove_keys"):
        setattr(logger, name, _only_in_full(getattr(logger, name)))
    metrics = observe.metrics
    flush = metrics.flush_metrics

    def flush_metrics(**options: Any) -> None:
        if _Holder.full_logs and _Holder.outside is not None:
            out = io.StringIO()
            real, sys.stdout = sys.stdout, out
            try:
                flush(**options)
            finally:
                sys.stdout = real
            _Holder.outside.logged(out.getvalue())

    def add_metric(name: str, unit: Any, value: float, **options: Any) -> None:
        if _Holder.full_logs:
            add(name=name, unit=unit, value=value, **options)
        elif _Holder.outside is not None:
            _Holder.outside.logged(name)

    add = metrics.add_metric
    metrics.flush_metrics = flush_metrics  # type: ignore[method-assign, assignment]  # that is the point
    metrics.add_metric = add_metric  # type: ignore[method-assign, assignment]  # that is the point


def _remember_valid_documents() -> None:
    """Have the kit's validators look once at the same content: an event is checked by who makes it and who gets it."""
    from saga_kit import schema

    if getattr(schema, "remembers", False):
        return
    schema.remembers = True  # type: ignore[attr-defined]  # a mark of our own
    compiled = schema._validator
    check_order = _remembering(compiled(ORDER_SCHEMA))

    @functools.cache
    def validator(name: str) -> Callable[[object], object]:
        validate = compiled(name)
        # Every event of a saga carries the same order on: it is looked at once for all of them.
        parts = validate.__globals__
        if ORDER_VALIDATOR in parts:
            parts[ORDER_VALIDATOR] = check_order
        return _remembering(validate)

    schema._validator = validator


def _remembering(validate: Callable[..., object]) -> Callable[..., object]:
    """Return ``validate`` without a second look at the same content; ``where`` is for its messages alone."""
    valid: set[bytes] = set()

    def check(value: Any, *where: Any) -> object:
        try:
            # Every value with its type, which equality does not tell (``True == 1``); version 2 has no references.
            content = marshal.dumps(value, 2)
        except ValueError:
            return validate(value, *where)
        if content not in valid:
            validate(value, *where)
            if len(valid) >= REMEMBERED_DOCUMENTS:
                valid.clear()
            valid.add(content)
        return value

    return check


def _remember_event_ids() -> None:
    """Have an event's id made once: a message that comes again, or a step that is tried again, makes the same event."""
    from saga_kit import envelope

    if not hasattr(envelope.event_id, "cache_clear"):
        envelope.event_id = functools.lru_cache(maxsize=64)(envelope.event_id)


def adopt() -> None:
    """Give the modules under ``lambdas`` the harness's ``time``, ``random`` and ``ssl``; call after imports."""
    clock, dice = _Time(), _Random()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not path or not str(path).startswith(str(LAMBDAS)):
            continue
        if getattr(module, "time", None) is real_time:
            module.time = clock  # type: ignore[attr-defined]  # it has one, as was just seen
        if getattr(module, "random", None) is real_random:
            module.random = dice  # type: ignore[attr-defined]  # the same
        if getattr(module, "ssl", None) is ssl:
            module.ssl = _Ssl()  # type: ignore[attr-defined]  # the same


class _Ssl(ModuleType):
    """``ssl`` without the reading of certificates, which takes longer than a whole schedule."""

    def __init__(self) -> None:
        super().__init__("ssl")
        self.create_default_context = lambda *_args, **_options: _CONTEXT


_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def forget() -> None:
    """Make what the handlers keep in the process cold again: clients of providers, their secrets, known shards."""
    outbound = sys.modules.get("saga_kit.outbound")
    if outbound is not None:
        outbound._client.cache_clear()
    handlers = sys.modules.get("sandbox.handlers")
    if handlers is not None:
        handlers._secret.cache_clear()
    shards = sys.modules.get("inventory.shards")
    if shards is not None:
        shards.forget()


def compact(document: Any) -> str:
    """Return JSON without spaces."""
    return json.dumps(document, separators=(",", ":"))


def load(module: str) -> ModuleType:
    """Import a module of ``lambdas``."""
    install()
    return importlib.import_module(module)
