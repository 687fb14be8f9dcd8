"""Calls to a provider, over real sockets: what decides a call, what leaves it open, and what is never said aloud."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws
from tests.unit.support.http_server import HANG_UP, Received, Sent, Server, sent, serve

from saga_kit import aws, clock, outbound
from saga_kit.errors import ConfigurationError, ProviderUnavailableError
from saga_kit.outbound import Client, Secret

PARAMETER = "/test/provider/secret"
SECRET = "s3cr3t-canary"
KEY = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"


@pytest.fixture(autouse=True)
def ssm() -> Iterator[Any]:
    with mock_aws():
        client = aws.client("ssm")
        client.put_parameter(Name=PARAMETER, Value=SECRET, Type="SecureString")
        yield client


@pytest.fixture
def script() -> list[Sent]:
    """What the server answers, one after the other; the last one for good."""
    return [sent(200, {"ok": True})]


@pytest.fixture
def server(script: list[Sent]) -> Iterator[Server]:
    with serve(lambda _: script.pop(0) if len(script) > 1 else script[0]) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url, Secret(PARAMETER), connect_timeout=60, read_timeout=60)


def post(client: Client) -> outbound.Answer:
    return client.post("/things", {"name": "canary-body"}, idempotency_key=KEY)


class TestTheRequest:
    def test_carries_the_key_the_secret_and_the_document(self, client: Client, server: Server) -> None:
        answer = post(client)
        assert (answer.status, answer.document) == (200, {"ok": True})
        (request,) = server.requests
        assert (request.method, request.path, request.document) == ("POST", "/things", {"name": "canary-body"})
        assert request.headers["idempotency-key"] == KEY
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        assert request.headers["content-type"] == "application/json"

    def test_goes_below_the_path_of_the_base_url(self, server: Server) -> None:
        post(Client(f"{server.url}/v1/", Secret(PARAMETER)))
        assert server.requests[0].path == "/v1/things"

    def test_may_have_no_document(self, client: Client, server: Server) -> None:
        client.post("/things/1/end", idempotency_key=KEY)
        assert (server.requests[0].body, server.requests[0].headers.get("content-type")) == (b"", None)

    def test_reuses_its_connection_but_not_one_that_rested(
        self, client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post(client)
        post(client)
        assert len({request.connection for request in server.requests}) == 1
        later = clock.after(31)
        monkeypatch.setattr(clock, "now", lambda: later)
        post(client)
        assert len({request.connection for request in server.requests}) == 2


class TestAnAnswer:
    @pytest.mark.parametrize("status", [200, 201, 400, 402, 404, 409, 422])
    def test_that_the_caller_has_to_judge(self, client: Client, script: list[Sent], status: int) -> None:
        script[:] = [sent(status, {"code": "x"})]
        assert post(client).status == status

    @pytest.mark.parametrize("status", [301, 302, 307, 408, 429, 500, 502, 503, 504])
    def test_that_decides_nothing(self, client: Client, server: Server, script: list[Sent], status: int) -> None:
        script[:] = [Sent(status, b'{"code": "x"}', {"location": "/elsewhere"})]
        with pytest.raises(ProviderUnavailableError):
            post(client)
        assert len(server.requests) == 1, "neither repeated nor redirected"

    @pytest.mark.parametrize(
        "body",
        [b"", b"<html>", b"[]", b"null", b'"text"', b"\xff\xfe", b"{", b"[" * 100_000, b'{"a": NaN'],
    )
    def test_that_is_no_json_object(self, client: Client, script: list[Sent], body: bytes) -> None:
        script[:] = [Sent(200, body)]
        with pytest.raises(ProviderUnavailableError):
            post(client)

    def test_that_is_too_long(self, client: Client, script: list[Sent]) -> None:
        script[:] = [sent(200, {"padding": "x" * outbound.MAX_ANSWER_BYTES})]
        with pytest.raises(ProviderUnavailableError, match="more than"):
            post(client)

    def test_that_breaks_off(self, client: Client, script: list[Sent]) -> None:
        script[:] = [Sent(200, b'{"ok": tru', {"content-length": "12", "connection": "close"})]
        with pytest.raises(ProviderUnavailableError):
            post(client)

    def test_that_comes_in_chunks(self, client: Client, script: list[Sent]) -> None:
        chunks = b'7\r\n{"ok": \r\n5\r\ntrue}\r\n0\r\n\r\n'
        script[:] = [Sent(200, chunks, {"content-length": "", "transfer-encoding": "chunked"})]
        assert post(client).document == {"ok": True}

    @pytest.mark.parametrize("value", [None, 5, "", "no spaces", "x" * 20, ["abc"]])
    def test_field_that_is_not_as_expected(self, value: Any) -> None:
        with pytest.raises(ProviderUnavailableError, match="unexpected id"):
            outbound.Answer(201, {"id": value}).text("id", "[a-z]{1,10}")

    def test_field_that_is(self) -> None:
        assert outbound.Answer(201, {"id": "abc"}).text("id", "[a-z]{1,10}") == "abc"


class TestNoAnswer:
    def test_in_time(self, server: Server, script: list[Sent]) -> None:
        script[:] = [sent(200, {"ok": True}, after=120)]
        with pytest.raises(ProviderUnavailableError, match="Timeout"):
            post(Client(server.url, Secret(PARAMETER), read_timeout=0.2))
        assert len(server.requests) == 1

    def test_but_a_closed_connection(self, client: Client, server: Server, script: list[Sent]) -> None:
        script[:] = [HANG_UP]
        with pytest.raises(ProviderUnavailableError):
            post(client)
        assert len(server.requests) == 1

    def test_from_where_nobody_listens(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(ProviderUnavailableError):
                post(Client(address, Secret(PARAMETER)))

    def test_from_a_name_that_nobody_has(self) -> None:
        with pytest.raises(ProviderUnavailableError):
            post(Client("https://provider.invalid", Secret(PARAMETER), connect_timeout=0.2))


class TestTheSecret:
    def answer(self, accepted: Callable[[], str]) -> Callable[[Received], Sent]:
        return lambda request: sent(
            200 if request.headers["authorization"] == f"Bearer {accepted()}" else self.refusal, {"ok": True}
        )

    refusal = 401

    @pytest.mark.parametrize("refusal", [401, 403])
    def test_is_read_again_when_it_is_refused(self, ssm: Any, refusal: int) -> None:
        self.refusal = refusal
        current = [SECRET]
        with serve(self.answer(lambda: current[0])) as server:
            client = Client(server.url, Secret(PARAMETER))
            assert post(client).status == 200
            current[0] = "rotated"
            ssm.put_parameter(Name=PARAMETER, Value="rotated", Type="SecureString", Overwrite=True)
            assert post(client).status == 200
            assert len(server.requests) == 3
            assert {request.headers["idempotency-key"] for request in server.requests} == {KEY}

    def test_that_stays_refused_decides_nothing(self) -> None:
        with serve(self.answer(lambda: "another")) as server:
            with pytest.raises(ProviderUnavailableError):
                post(Client(server.url, Secret(PARAMETER)))
            assert len(server.requests) == 2

    def test_is_kept_for_five_minutes(self, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        secret = Secret(PARAMETER)
        started = clock.now()
        for seconds, reads in ((0, 1), (299, 1), (300, 2), (599, 2), (601, 3)):
            moment = started + dt.timedelta(seconds=seconds)
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            assert secret.get() == SECRET
            assert calls == ["GetParameter"] * reads

    def test_is_stripped_of_the_line_end_that_a_file_brings(self, ssm: Any) -> None:
        ssm.put_parameter(Name=PARAMETER, Value=f"{SECRET}\n", Type="SecureString", Overwrite=True)
        assert Secret(PARAMETER).get() == SECRET

    @pytest.mark.parametrize("value", ["two words", "line\r\nX-Other: 1", "ümlaut", "x" * 1025])
    def test_that_could_not_stand_in_a_header(self, ssm: Any, value: str) -> None:
        ssm.put_parameter(Name=PARAMETER, Value=value, Type="SecureString", Overwrite=True)
        with pytest.raises(ConfigurationError) as caught:
            Secret(PARAMETER).get()
        assert value not in str(caught.value)


class TestTheAddress:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:1", "http://[::1]:8080/x", "http://localhost", "https://a.example"]
    )
    def test_allowed(self, url: str) -> None:
        Client(url, Secret(PARAMETER))

    @pytest.mark.parametrize(
        "url",
        [
            "http://provider.example",
            "http://169.254.169.254",
            "http://127.0.0.1.provider.example",
            "http://10.0.0.1:8080",
            "ftp://127.0.0.1",
            "127.0.0.1:8080",
            "https://",
            "https://user:password@provider.example",
            "https://provider.example?x=1",
            "https://provider.example#x",
            "https://provider.example:port",
            "https://[::1",
            "",
        ],
    )
    def test_refused(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="https") as caught:
            Client(url, Secret(PARAMETER))
        assert "password" not in str(caught.value)

    def test_comes_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PROVIDER_URL", raising=False)
        with pytest.raises(ConfigurationError, match="PROVIDER_URL"):
            outbound.client()
        monkeypatch.setenv("PROVIDER_URL", "https://provider.example")
        monkeypatch.setenv("PROVIDER_SECRET_PARAMETER", PARAMETER)
        assert outbound.client() is outbound.client()

    def test_with_a_certificate_that_nobody_vouches_for(self, tmp_path: Path, server: Server) -> None:
        certificate = self_signed(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        with serve(lambda _: sent(200, {}), tls=context) as secure:
            with pytest.raises(ProviderUnavailableError, match="SSLError"):
                post(Client(secure.url, Secret(PARAMETER)))
            assert secure.requests == []


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.mark.parametrize(
    ("answer", "logged"),
    [
        (sent(200, {"ok": "canary-answer"}), None),
        (Sent(500, b"canary-answer"), "provider_unavailable"),
        (Sent(200, b"canary-answer"), "provider_answer_unexpected"),
        (sent(401, {"error": "canary-answer"}), "provider_unavailable"),
        (HANG_UP, "provider_unavailable"),
        (Sent(200, after=120), "provider_unavailable"),
    ],
)
def test_neither_bodies_nor_the_secret_are_logged_or_told(
    client: Client,
    server: Server,
    script: list[Sent],
    answer: Sent,
    logged: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script[:] = [answer]
    if answer.after:
        client = Client(server.url, Secret(PARAMETER), read_timeout=0.2)
    told = ""
    try:
        post(client)
    except ProviderUnavailableError as error:
        told = f"{error!r} {error.__context__!r} {error.__cause__!r}"
    output = capsys.readouterr()
    told += output.out + output.err + repr(client) + repr(Secret(PARAMETER))
    assert "canary" not in told
    assert [json.loads(line)["message"] for line in output.out.splitlines()] == ([logged] if logged else [])
