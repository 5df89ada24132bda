"""The API over real HTTP: who is let in, what each operation answers, and how it refuses."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gateway.embedded.ports import free_port
from tests.integration.joined_site import LIST, Site, served, site

__all__ = ["site"]

SHAPE = {"type", "title", "status", "code", "detail", "remedy"}


@pytest.fixture(scope="module")
def coordinator(site: Site) -> httpx.Client:
    """The coordinator's own program."""
    return site.program()


@pytest.fixture(scope="module")
def trust(site: Site) -> httpx.Client:
    """A program of the trust's representative."""
    return site.program("trust-office")


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["code"] == code
    assert told["type"] == f"urn:problem:{code.lower().replace('_', '-')}"
    return told


# ------------------------------------------------------------------------------------------------------- who is let in


def forged(site: Site, **changes: Any) -> str:
    """A token that is right in every way but for what is changed: signed with a key that nobody knows."""
    now = int(time.time())
    claims = {
        "iss": site.issuer,
        "aud": "case-gateway",
        "sub": "u-coordinator",
        "iat": now,
        "exp": now + 900,
        "roles": ["coordinator"],
        "maracs": ["northmoor"],
    }
    return jwt.encode({"alg": "ES256"}, {**claims, **changes}, ECKey.generate_key("P-256"))


def none_token(site: Site) -> str:
    body = forged(site).split(".")[1]
    return f"eyJhbGciOiJub25lIn0.{body}."


def with_public_key_as_secret(site: Site) -> str:
    """The provider's public key taken for a shared secret."""
    public = httpx.get(f"{site.issuer}/jwks").text.encode()
    claims = {"iss": site.issuer, "aud": "case-gateway", "sub": "u-coordinator", "exp": int(time.time()) + 900}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public), algorithms=["HS256"])


BAD = {
    "nothing after the word": lambda site: "x",
    "no token": lambda site: "not.a.token",
    "another's key": forged,
    "alg none": none_token,
    "public key as a secret": with_public_key_as_secret,
    "cut": lambda site: site.token()[:-4],
    "signature of another": lambda site: ".".join([*site.token().split(".")[:2], site.token("trust-office").split(".")[2]]),
    "very long": lambda site: site.token() + "x" * 9000,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_token_that_is_not_good_opens_nothing(site: Site, kind: str) -> None:
    answer = httpx.get(f"{site.api}/case-lists", headers={"Authorization": f"Bearer {BAD[kind](site)}"})
    told = is_problem(answer, 401, "SIGN_IN_NEEDED")
    assert set(told) == SHAPE
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_identity_token_of_the_pages_is_no_access_token(site: Site) -> None:
    """The provider signs both with one key; only the audience keeps them apart."""
    from gateway.api.auth import NotGood, TokenChecker

    checker = TokenChecker(site.issuer, "case-gateway-web", lambda: httpx.get(f"{site.issuer}/jwks").json())
    with pytest.raises(NotGood):
        checker.claims(site.token())


def test_every_route_needs_a_token_but_for_a_short_list(site: Site) -> None:
    told = httpx.get(f"{site.api}/openapi.json").json()
    public = set()
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            filled = path.replace("{agency}", "northmoor-police")
            while "{" in filled:
                filled = filled[: filled.index("{")] + str(uuid4()) + filled[filled.index("}") + 1 :]
            answer = httpx.request(method, site.api + filled, content=b"{" if method == "post" else None)
            if not operation.get("security"):
                public.add((method, path))
            else:
                assert answer.status_code == 401, (method, path)
    assert public == {("post", "/callbacks/{agency}")}
    assert httpx.get(f"{site.api}/nowhere").status_code == 401, "what is not there needs a token too"


def test_a_program_with_no_right_is_refused_and_with_no_reach_finds_nothing(
    site: Site, trust: httpx.Client, coordinator: httpx.Client
) -> None:
    is_problem(trust.post("/case-lists", files={"file": ("l.csv", b"x")}, data={"marac": "northmoor"}, headers=key()), 403, "NOT_PERMITTED")
    is_problem(coordinator.post("/audit/search", json={"about": "x"}), 403, "NOT_PERMITTED")
    absent = is_problem(trust.get(f"/case-lists/{uuid4()}/report"), 404, "NOT_FOUND")
    assert is_problem(trust.get("/nowhere"), 404, "NOT_FOUND") == absent


def test_no_token_opens_nothing(site: Site) -> None:
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        is_problem(httpx.get(f"{site.api}/case-lists", headers=headers), 401, "SIGN_IN_NEEDED")


# ------------------------------------------------------------------------------------------------------ each operation


def test_lists_and_report_have_everybody_in_one_of_six_states(site: Site, coordinator: httpx.Client) -> None:
    found = coordinator.get("/case-lists").json()
    assert [(one["list_id"], one["cases"], one["people"]) for one in found] == [(str(site.list_id), 13, 44)]
    report = coordinator.get(f"/case-lists/{site.list_id}/report").json()
    cells = [cell for row in report["rows"] for cell in row["cells"]]
    assert len(cells) == 44 * 4 == sum(report["states"].values())
    assert {cell["outcome"] for cell in cells} <= {"KNOWN", "POSSIBLE", "NOT_KNOWN", "NO_ANSWER", "WITHHELD", "NOT_ASKED"}
    assert report["complete"] == (not [cell for cell in cells if cell["reason"] in ("AWAITED", "ASKED_AGAIN")])
    assert not [cell for cell in cells if cell["details"]], "the coordinator sees no agency's own detail"


def test_the_template_can_be_fetched_in_both_forms(coordinator: httpx.Client) -> None:
    assert coordinator.get("/case-lists/template", params={"kind": "xlsx"}).content[:2] == b"PK"
    assert coordinator.get("/case-lists/template", params={"kind": "csv", "layout": "row-per-person"}).status_code == 200
    is_problem(coordinator.get("/case-lists/template", params={"kind": "pdf"}), 422, "REQUEST_MALFORMED")


def test_possible_matches_are_settled_and_alerts_proposed_approved_and_placed(site: Site, trust: httpx.Client) -> None:
    matches = trust.get(f"/case-lists/{site.list_id}/possible-matches").json()
    first = next(m for m in matches if len(m["candidates"]) == 1)
    given = {"record_id": first["candidates"][0]["record_id"], "note": "seen", "version": first["version"]}
    settled = trust.post(f"/look-ups/{first['lookup_id']}/decision", json=given, headers=key())
    assert settled.json()["outcome"] == "KNOWN"
    is_problem(trust.post(f"/look-ups/{first['lookup_id']}/decision", json=given, headers=key()), 409, "STALE_VERSION")
    is_problem(
        trust.post(
            f"/look-ups/{first['lookup_id']}/decision", json=given | {"record_id": "X", "version": settled.json()["version"]}, headers=key()
        ),
        422,
        "RECORD_NOT_OFFERED",
    )

    report = trust.get(f"/case-lists/{site.list_id}/report").json()
    mine = report["rows"][0]["cells"].index(next(c for c in report["rows"][0]["cells"] if c["agency"] == "northmoor-nhs-trust"))
    known = next(
        r
        for r in report["rows"]
        if r["role"] == "victim" and r["cells"][mine]["outcome"] == "KNOWN" and r["cells"][mine]["details"][0]["open_to_service"]
    )
    preview = trust.post("/alerts", json={"subject_id": known["subject_id"], "agency": "northmoor-nhs-trust"}, headers=key())
    assert preview.status_code == 201
    flag = preview.json()["flag"]
    assert flag["text"] == "high risk victim of domestic abuse"
    approval = {"content_hash": flag["content_hash"], "version": flag["version"]}
    is_problem(trust.post(f"/alerts/{flag['flag_id']}/approval", json=approval, headers=key()), 403, "APPROVER_IS_PROPOSER")
    assert trust.get(f"/alerts/{flag['flag_id']}").json()["flag"]["state"] == "proposed"
    assert [f["flag_id"] for f in trust.get(f"/case-lists/{site.list_id}/alerts").json()] == [flag["flag_id"]]
    refused = trust.post(f"/alerts/{flag['flag_id']}/refusal", json={"reason": "not now", "version": flag["version"]}, headers=key())
    assert refused.json()["state"] == "refused"


def test_what_was_found_by_hand_and_asking_again(site: Site, trust: httpx.Client) -> None:
    rows = trust.get(f"/case-lists/{site.list_id}/report").json()["rows"]
    silent = [d for row in rows for cell in row["cells"] for d in cell["details"] if d["outcome"] == "NO_ANSWER"]
    again = trust.post(f"/look-ups/{silent[0]['lookup_id']}/ask-again", headers=key())
    assert again.json() == {"started": 1}
    by_hand = {"known": False, "note": "looked", "version": silent[1]["version"]}
    assert trust.post(f"/look-ups/{silent[1]['lookup_id']}/answer", json=by_hand, headers=key()).status_code == 200
    is_problem(
        trust.post(
            f"/look-ups/{silent[2]['lookup_id']}/answer", json={"known": False, "note": " ", "version": silent[2]["version"]}, headers=key()
        ),
        422,
        "RECEIPT_REQUIRED",
    )


def test_actions_are_assigned_and_closed(site: Site, coordinator: httpx.Client, trust: httpx.Client) -> None:
    new = {"case_number": "NM-101", "agency": "northmoor-nhs-trust", "text": "Offer an appointment", "owner": "Ward office"}
    made = coordinator.post(f"/case-lists/{site.list_id}/actions", json=[new], headers=key())
    assert made.status_code == 201
    action = made.json()[0]
    assert action["due_on"]
    assert action in coordinator.get(f"/case-lists/{site.list_id}/actions").json()
    closing = {"outcome": "completed", "detail": "Offered and taken", "version": action["version"]}
    closed = trust.post(f"/actions/{action['action_id']}/completion", json=closing, headers=key()).json()
    assert (closed["state"], closed["detail"]) == ("completed", "Offered and taken")
    is_problem(
        trust.post(f"/actions/{action['action_id']}/completion", json=closing | {"detail": "Otherwise"}, headers=key()),
        409,
        "ACTION_ALREADY_CLOSED",
    )
    is_problem(
        trust.post(f"/actions/{action['action_id']}/completion", json=closing | {"outcome": "cancelled"}, headers=key()),
        422,
        "REQUEST_MALFORMED",
    )


def test_actions_and_completions_come_from_files(site: Site, coordinator: httpx.Client, trust: httpx.Client) -> None:
    file = Path(LIST).with_name("actions.csv").read_bytes()
    made = coordinator.post(f"/case-lists/{site.list_id}/actions/file", files={"file": ("a.csv", file)}, headers=key())
    assert made.status_code == 201, made.text
    assert made.json()["accepted"] == len(made.json()["rows"]) > 0
    action = next(
        a
        for a in coordinator.get(f"/case-lists/{site.list_id}/actions").json()
        if a["agency"] == "northmoor-nhs-trust" and not a["closed_at"]
    )
    answers = (
        f"Reference,Outcome,Detail,Completed at\n{action['reference']},completed,Done in clinic,{site.gateway.today():%d/%m/%Y}\n".encode()
    )
    for _ in range(2):  # another key each time: the row itself counts once
        taken = trust.post("/completions/file", params={"agency": "northmoor-nhs-trust"}, files={"file": ("c.csv", answers)}, headers=key())
        assert taken.status_code == 200, taken.text
    assert [row["result"] for row in taken.json()["rows"]] == ["repeated"]
    is_problem(
        trust.post("/completions/file", params={"agency": "northmoor-police"}, files={"file": ("c.csv", answers)}, headers=key()),
        404,
        "NOT_FOUND",
    )


def test_a_file_of_which_nothing_was_taken_is_told_row_by_row(site: Site, coordinator: httpx.Client) -> None:
    file = b"Case number,Role,First name,Last name,DOB\n1,Victim,Zebediah,Quizzlewick,12/05/1990\n"
    refused = coordinator.post("/case-lists", files={"file": ("l.doc", file)}, data={"marac": "northmoor"}, headers=key())
    assert refused.status_code == 422
    actions = coordinator.post(
        f"/case-lists/{site.list_id}/actions/file", files={"file": ("a.csv", b"Colour,Shape\nred,round\n")}, headers=key()
    )
    told = is_problem(actions, 422, "LIST_REFUSED")
    assert told["problems"]
    assert {"row", "column", "code", "severity", "title", "remedy"} == set(told["problems"][0])
    assert "Quizzlewick" not in refused.text
    assert "round" not in actions.text


def test_a_closed_case_takes_its_alerts_along(site: Site, coordinator: httpx.Client, trust: httpx.Client) -> None:
    report = trust.get(f"/case-lists/{site.list_id}/report").json()
    mine = list(report["agencies"]).index("northmoor-nhs-trust")
    known = next(
        r for r in report["rows"] if r["role"] == "victim" and r["cells"][mine]["outcome"] == "KNOWN" and r["cells"][mine]["details"][0]["open_to_service"]
    )
    flag = trust.post("/alerts", json={"subject_id": known["subject_id"], "agency": "northmoor-nhs-trust"}, headers=key()).json()["flag"]
    is_problem(trust.post(f"/case-lists/{site.list_id}/cases/close", json={"case_number": known["case_number"]}, headers=key()), 403, "NOT_PERMITTED")
    is_problem(coordinator.post(f"/case-lists/{site.list_id}/cases/close", json={"case_number": "NM-999"}, headers=key()), 404, "NOT_FOUND")
    closed = coordinator.post(f"/case-lists/{site.list_id}/cases/close", json={"case_number": known["case_number"]}, headers=key())
    assert closed.json() == {"started": 1}
    assert trust.get(f"/alerts/{flag['flag_id']}").json()["flag"]["state"] != "proposed"
    assert coordinator.post(f"/case-lists/{site.list_id}/ask-missing", headers=key()).json() == {"started": 0}


def test_tasks_are_read_and_closed(trust: httpx.Client) -> None:
    tasks = trust.get("/tasks").json()
    assert tasks
    one = tasks[0]
    assert one["what"]
    assert one["to_do"]
    receipt = {"receipt": "Looked and settled it by telephone", "version": one["version"]}
    assert trust.post(f"/tasks/{one['task_id']}/receipt", json=receipt, headers=key()).status_code == 204
    is_problem(trust.post(f"/tasks/{one['task_id']}/receipt", json=receipt, headers=key()), 409, "TASK_CLOSED")


def test_queue_and_reconciliation_are_shown_without_people(coordinator: httpx.Client) -> None:
    lanes = coordinator.get("/queue").json()
    assert all(set(lane) == {"lane", "waiting", "overdue", "dead", "paused", "oldest"} for lane in lanes)
    is_problem(coordinator.post("/queue/pause", json={"lane": "northmoor-police/records"}, headers=key()), 403, "NOT_PERMITTED")
    assert coordinator.post("/reconciliation", headers=key()).status_code == 200
    rows = coordinator.get("/reconciliation").json()
    assert all({"agency", "kind", "about", "expected", "observed", "agrees", "reason"} == set(row) for row in rows)


# ------------------------------------------------------------------------------------------------------------ refusals


def test_a_malformed_request_is_told_by_place_and_never_repeated(site: Site, trust: httpx.Client) -> None:
    secret = "Quizzlewick"
    body = {"record_id": {"name": secret}, "version": secret, secret: secret}
    answer = trust.post(f"/look-ups/{uuid4()}/decision", json=body, headers=key())
    told = is_problem(answer, 422, "REQUEST_MALFORMED")
    assert {"at": "body.version", "kind": "int_parsing"} in told["errors"]
    assert secret not in answer.text
    for path in (f"/case-lists/{secret}/report", f"/alerts/{secret}"):
        assert secret not in trust.get(path).text
    broken = trust.post(
        f"/look-ups/{uuid4()}/decision", content=b'{"note": "Quizzlewick', headers=key() | {"Content-Type": "application/json"}
    )
    assert broken.status_code == 422
    assert secret not in broken.text


def test_more_than_five_megabytes_are_not_read(site: Site, coordinator: httpx.Client) -> None:
    answer = coordinator.post(
        "/case-lists", files={"file": ("l.csv", b"x" * (5 * 1024 * 1024))}, data={"marac": "northmoor"}, headers=key()
    )
    is_problem(answer, 413, "UPLOAD_TOO_LARGE")
    chunked = coordinator.post("/case-lists", content=iter([b"x"]), headers=key())
    assert chunked.status_code == 411
    assert chunked.headers["content-type"] == "application/problem+json"


def test_a_method_that_is_not_offered(coordinator: httpx.Client) -> None:
    is_problem(coordinator.delete("/case-lists"), 405, "METHOD_NOT_ALLOWED")


def test_a_provider_that_is_away_is_a_503_and_opens_nothing() -> None:
    from adapters.identity import fetch_signing_keys
    from gateway.domain.errors import Code, Unavailable

    for issuer in ("http://127.0.0.1:1", "http://identity.example", "ftp://127.0.0.1"):
        with pytest.raises(Unavailable) as told:
            fetch_signing_keys(issuer)
        assert told.value.code is Code.IDENTITY_UNAVAILABLE


def test_an_issuer_that_calls_itself_otherwise_is_not_believed(site: Site) -> None:
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from adapters.identity import fetch_signing_keys
    from gateway.domain.errors import Unavailable

    def discovery(_: object) -> JSONResponse:
        return JSONResponse({"issuer": site.issuer, "jwks_uri": f"{site.issuer}/jwks"})

    port = free_port()
    assert fetch_signing_keys(site.issuer)["keys"]
    with served(Starlette(routes=[Route("/.well-known/openid-configuration", discovery)]), port), pytest.raises(Unavailable):
        fetch_signing_keys(f"http://127.0.0.1:{port}")
