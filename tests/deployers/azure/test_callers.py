"""Who may call the routes of an app on Azure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from engines.azure_app.at_work import AtWork, until
from engines.azure_app.identity import TENANT, Issuer, another_key
from engines.azure_app.web import Request, Response, Server
from engines.gcp_account import certificates

from skyloom.deployers.azure.services.callers import ROLE
from skyloom.deployers.azure.services.issuer_keys import IssuerKeys
from skyloom.flows.app import App, Http, Iam, Jwt, Public
from skyloom.flows.frontend import load_file

APP = load_file(Path(__file__).parents[1] / "aws/triggered.py")
ORDER = {"id": "o-1", "lines": [{"sku": "ab", "count": 3}]}


class Guarded:
    """An app behind tokens, and those who sign them."""

    def __init__(self, place: Path) -> None:
        self.issuer = Issuer()
        self.asked_for_keys = 0
        self._server = Server(self._respond, tls=certificates.context())
        self.name = f"{self._server.address}/realm"
        (place / "trusted.pem").write_bytes(certificates.authority())
        triggers = [
            Http(APP.take, "/tokens", Jwt(issuer=self.name, audience=["shop"]), parameter="order"),
            Http(APP.take, "/scoped", Jwt(issuer=self.name, audience=["shop"], scopes=["buy"]), parameter="order"),
            Http(APP.take, "/lost", Jwt(issuer="https://127.0.0.1:9/realm", audience=["shop"]), parameter="order"),
            Http(APP.take, "/signed", Iam(), parameter="order"),
            Http(APP.take, "/open", Public("a form", rate=0.2, burst=3), parameter="order"),
        ]
        app = App("guarded", flows=[APP.take], triggers=triggers)
        self.work = AtWork(app, place, {"SSL_CERT_FILE": str(place / "trusted.pem")})

    def _respond(self, request: Request) -> Response:
        if request.path == "/realm/.well-known/openid-configuration":
            return Response.of_json({"issuer": self.name, "jwks_uri": f"{self._server.address}/keys"})
        if request.path != "/keys":
            return Response(404)
        self.asked_for_keys += 1
        return self.issuer.keys()

    def post(self, path: str, token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.work.http.post(path, json=ORDER | {"id": path}, headers=headers).status_code

    def close(self) -> None:
        self.work.close()
        self._server.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = Guarded(tmp_path_factory.mktemp("guarded"))
    yield made
    made.close()


def _later(seconds: float) -> int:
    return int(time.time() + seconds)


def test_without_a_good_token_of_the_issuer_nothing_starts(guarded: Guarded) -> None:
    good: dict[str, Any] = {"iss": guarded.name, "aud": "shop", "exp": _later(60)}
    without = {name: told for name, told in good.items() if name != "exp"}
    wrong = [good | {"iss": "https://else.example.com/"}, good | {"aud": "bank"}, good | {"exp": _later(-60)}, without]
    tokens = [None, "no.token.at-all", *(guarded.issuer.signed(claims) for claims in wrong)]
    tokens.append(guarded.issuer.signed(good, another_key()))
    assert [guarded.post("/tokens", token) for token in tokens] == [401] * len(tokens)
    assert guarded.work.runs() == []
    assert guarded.post("/tokens", guarded.issuer.signed(good)) == 202
    url = "/tokens/00000000-0000-0000-0000-000000000000"
    assert guarded.work.http.get(url).status_code == 401


def test_names_of_keys_that_nobody_has_do_not_ask_the_issuer_each_time(guarded: Guarded) -> None:
    good: dict[str, Any] = {"iss": guarded.name, "aud": "shop", "exp": _later(60)}
    assert guarded.post("/tokens", guarded.issuer.signed(good)) == 202
    before = guarded.asked_for_keys
    strange = [guarded.issuer.signed(good, name=f"k-{number}") for number in range(5)]
    assert [guarded.post("/tokens", token) for token in strange] == [401] * 5
    assert guarded.asked_for_keys - before == 1


def test_a_new_key_of_the_issuer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer, asked, now = Issuer(), list[str](), [100.0]
    server = Server(lambda request: asked.append(request.path) or issuer.keys())  # type: ignore[func-returns-value]
    monkeypatch.setattr("skyloom.deployers.azure.services.issuer_keys.time.monotonic", lambda: now[0])
    try:
        keys = IssuerKeys(f"{server.address}/keys")
        keys.of(issuer.signed({}))
        assert len(asked) == 1
        for name, seconds, requests in (("x", 0.0, 2), ("k2", 9.0, 2), ("y", 2.0, 3), ("z", 9.0, 3)):
            now[0] += seconds
            with pytest.raises(jwt.PyJWKClientError):
                keys.of(issuer.signed({}, name=name))
            assert len(asked) == requests
        issuer.name = "k2"
        now[0] += 2.0
        keys.of(issuer.signed({}))
        assert len(asked) == 4
    finally:
        server.close()


def test_a_token_must_have_one_of_the_scopes(guarded: Guarded) -> None:
    good: dict[str, Any] = {"iss": guarded.name, "aud": ["bank", "shop"], "exp": _later(60)}
    told: list[dict[str, Any]] = [{}, {"scope": "look"}, {"scope": "look buy"}, {"scp": ["buy"]}]
    tokens = [guarded.issuer.signed(good | scopes) for scopes in told]
    assert [guarded.post("/scoped", token) for token in tokens] == [403, 403, 202, 202]


def test_without_the_issuer_s_keys_nobody_is_let_in(guarded: Guarded) -> None:
    claims = {"iss": "https://127.0.0.1:9/realm", "aud": "shop", "exp": _later(60)}
    assert guarded.post("/lost", guarded.issuer.signed(claims)) == 503
    assert guarded.post("/lost", None) == 401


def test_callers_of_entra_id_need_the_role(guarded: Guarded) -> None:
    entra, audience = guarded.work.places.entra, f"api://{TENANT}/guarded-dev"
    good: dict[str, Any] = {"iss": f"https://sts.windows.net/{TENANT}/", "tid": TENANT, "aud": audience}
    good |= {"exp": _later(60), "roles": [ROLE]}
    newer = good | {"iss": f"{guarded.work.places.url}/entra/{TENANT}/v2.0"}
    assert [guarded.post("/signed", entra.signed(claims)) for claims in (good, newer)] == [202, 202]
    strangers = [good | {"roles": ["other"]}, good | {"roles": []}, good | {"tid": "another"}]
    assert [guarded.post("/signed", entra.signed(claims)) for claims in strangers] == [403] * 3
    wrong = [good | {"aud": "https://management.azure.com"}, good | {"iss": "https://sts.windows.net/another/"}]
    assert [guarded.post("/signed", entra.signed(claims)) for claims in wrong] == [401] * 2
    # What the issuer of another route signs is nothing here.
    assert guarded.post("/signed", guarded.issuer.signed(good)) == 401


def test_everybody_together_may_call_so_often(guarded: Guarded) -> None:
    answers = [guarded.work.http.post("/open", json=ORDER) for _ in range(6)]
    assert [one.status_code for one in answers[:3]] == [202] * 3
    assert [one.status_code for one in answers[3:]] == [429] * 3
    assert int(answers[-1].headers["retry-after"]) in range(1, 6)
    until(lambda: guarded.work.http.post("/open", json=ORDER).status_code == 202, 30)
