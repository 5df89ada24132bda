"""How every stub runs: one command line, one line on standard output when ready, an end with its parent, no personal data in logs.

    python -m contracts.stubs.<kind> --agency DIR [--host 127.0.0.1] [--port 0] [--ledger PATH] [--latency-ms N]
"""

import argparse
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.stubs.agency import Agency, FolderError, load_agency
from contracts.stubs.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the command line asked for, read and loaded."""

    agency: Agency
    ledger: Ledger
    host: str
    port: int
    latency: float
    """Seconds added to every answer; for benchmarks."""
    options: argparse.Namespace


def read_command_line(
    kind: str, more: Callable[[argparse.ArgumentParser], object] | None = None, argv: Sequence[str] | None = None
) -> Invocation:
    """Reads the arguments every stub takes and those that ``more`` adds; ends with 2 where the folder cannot be played."""
    parser = argparse.ArgumentParser(prog=f"contracts.stubs.{kind}")
    parser.add_argument("--agency", type=Path, required=True, help="the agency's folder, with stub.toml in it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ledger", type=Path, help="where to keep the ledger (JSON lines); in memory only by default")
    parser.add_argument("--latency-ms", type=float, help="added to every answer; overrides stub.toml")
    if more:
        more(parser)
    options = parser.parse_args(argv)
    try:
        agency = load_agency(options.agency)
    except FolderError as error:
        parser.error(str(error))
    if agency.settings["kind"] != kind:
        parser.error(f"stub.toml: kind is not {kind}")
    latency = options.latency_ms if options.latency_ms is not None else float(agency.settings.get("latency_ms", 0))
    return Invocation(agency, Ledger(options.ledger), options.host, options.port, latency / 1000, options)


def announce(agency: str, port: int, **more: object) -> None:
    """The one line on standard output: the stub is ready and listens on this port."""
    print(json.dumps({"ready": True, "agency": agency, "port": port, **more}), flush=True)


def end_with_parent(every: float = 0.25) -> None:
    """Ends this process when the process that started it is gone, however it went.

    Polled, because PR_SET_PDEATHSIG fires when the parent's *thread* ends, and test runners start stubs from threads.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        os._exit(0)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def serve_http(app: ASGIApp, invocation: Invocation, listener: socket.socket | None = None, **more: object) -> None:
    """Serves ``app`` until SIGTERM or the parent's end; ``more`` goes into the ready line.

    ``listener``: a socket bound before, by a stub that must know its own address first.
    """
    end_with_parent()
    listener = listener or listen(invocation.host, invocation.port)
    port = listener.getsockname()[1]
    server = _Server(app, lambda: announce(invocation.agency.id, port, **more))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.run(sockets=[listener])


@contextlib.contextmanager
def http_beside(app: ASGIApp, host: str, port: int = 0) -> Iterator[int]:
    """Serves ``app`` on a port of its own from a thread, beside a stub that speaks something else; gives the port taken.

    The thread is waited for: one that still serves while the interpreter is taken down ends the process with a memory fault.
    """
    listener = listen(host, port)
    started = threading.Event()
    server = _Server(app, started.set)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), name="http beside", daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.stop()
        thread.join(10)


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket."""
    return socket.create_server((host, port), backlog=512)


def control_routes(ledger: Ledger) -> list[Route]:
    """The test controls every stub has: ``GET /__ledger?what=&after=``. No real counterpart has these."""

    async def read_ledger(request: Request) -> JSONResponse:
        wanted = request.query_params
        entries = ledger.entries(wanted.get("what", ""), int(wanted.get("after", "0")))
        return JSONResponse([asdict(entry) for entry in entries], headers={"Cache-Control": "no-store"})

    return [Route("/__ledger", read_ledger, methods=["GET"])]


class Quietly:
    """Wraps an application so that a fault answers 500 and standard error gets the place of the fault, never a value."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes through; see the class."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as fault:  # noqa: BLE001  the last line of defence: else a traceback with values is printed
            print(_place_of(fault), file=sys.stderr, flush=True)
            if scope["type"] == "http" and not started:
                await JSONResponse({"fault": "internal"}, status_code=500)(scope, receive, send)


def _place_of(fault: BaseException) -> str:
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"fault {type(fault).__name__} at {Path(last.filename).name}:{last.lineno}"


class _Server(uvicorn.Server):
    """uvicorn, silent, which says when it listens and ends with 0 when told to stop."""

    def __init__(self, app: ASGIApp, ready: Callable[[], object]) -> None:
        super().__init__(
            uvicorn.Config(
                Quietly(app), log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=1
            )
        )
        self._ready = ready
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())  # else its warnings reach standard error by themselves

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    def stop(self) -> None:
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
