"""Starts the trust.

    python -m contracts.stubs.hl7v2_trust --agency DIR [--port 0] [--ledger PATH] [--latency-ms N]
        [--tls-certificate PEM --tls-key PEM [--tls-client-ca PEM]]

The ready line carries ``port`` (MLLP) and ``control`` (HTTP, loopback: ledger, views, feeds, staff). With --tls-client-ca a
client has to show a certificate of that authority.
"""

import argparse
import asyncio
import signal
import ssl

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.stubs.hl7v2_trust.desk import Desk
from contracts.stubs.hl7v2_trust.feeds import SUBSCRIBERS
from contracts.stubs.hl7v2_trust.lines import MAX_MESSAGE_BYTES, Lines
from contracts.stubs.hl7v2_trust.views import VIEWS, View
from contracts.stubs.ledger import Ledger
from contracts.stubs.process import (
    Invocation,
    announce,
    control_routes,
    end_with_parent,
    http_beside,
    listen,
    read_command_line,
)
from contracts.stubs.views import Look, view_routes


def main() -> None:
    """Runs until SIGTERM or the parent's end."""
    invocation = read_command_line("hl7v2_trust", _tls_options)
    end_with_parent()
    uvloop.run(_serve(invocation))


def control_app(desk: Desk, ledger: Ledger) -> Starlette:
    """The HTTP port beside: ``/__ledger``, ``/__views``, ``/__feeds/{subscriber}`` and what staff do."""
    people = desk.index.cards.by_local_id

    async def feed(request: Request) -> Response:
        name = request.path_params["subscriber"]
        if name not in SUBSCRIBERS:
            return JSONResponse([], 404)
        about = request.query_params.get("about", "")
        return JSONResponse([copy.decode() for copy in desk.feeds.sent(name, about)])

    async def staff(request: Request) -> Response:
        asked = await request.json()
        if asked["localId"] not in people:
            return JSONResponse({}, 404)
        if request.path_params["deed"] == "note":
            desk.feeds.note(asked["localId"], asked["notes"])
        elif request.path_params["deed"] == "open-record":
            desk.feeds.open_record(asked["localId"], asked["reason"])
        else:
            desk.feeds.publish("A31", asked["localId"])
        return JSONResponse({"done": True})

    async def chart(request: Request) -> Response:
        local_id = request.path_params["local_id"]
        return JSONResponse({"patient": local_id, "notes": desk.feeds.chart(local_id).notes})

    def look(view: View) -> Look:
        return lambda local_id: view(desk, people[local_id]) if local_id in people else None

    return Starlette(
        routes=[
            *control_routes(ledger), *view_routes({name: look(view) for name, view in VIEWS.items()}),
            *desk.feeds.leaks.routes(), Route("/__staff/chart/{local_id}", chart), Route("/__feeds/{subscriber}", feed), Route("/__staff/{deed}", staff, methods=["POST"]),
        ]
    )  # fmt: skip


async def _serve(invocation: Invocation) -> None:
    desk = Desk(invocation.agency, invocation.ledger)
    lines = Lines(desk, invocation.agency, invocation.latency)
    listener = listen(invocation.host, invocation.port)
    server = await asyncio.start_server(
        lines.accept, sock=listener, limit=MAX_MESSAGE_BYTES, ssl=_tls_context(invocation.options)
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with http_beside(control_app(desk, invocation.ledger), invocation.host) as control:
        announce(invocation.agency.id, listener.getsockname()[1], control=control)
        await stop.wait()
    server.close()


def _tls_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tls-certificate", help="PEM; turns TLS on")
    parser.add_argument("--tls-key", help="PEM")
    parser.add_argument("--tls-client-ca", help="PEM; asks for a client certificate of this authority")


def _tls_context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.tls_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(options.tls_certificate, options.tls_key)
    if options.tls_client_ca:
        context.load_verify_locations(options.tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


if __name__ == "__main__":
    main()
