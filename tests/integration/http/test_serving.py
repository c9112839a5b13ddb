"""`serve` as a program: with a certificate it speaks TLS; a port that is taken, it says so."""

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from tests.support.certificates import write_certificate
from tests.support.command_line import Here, Processes
from tests.support.programs import RunningProgram, programs
from tests.support.served import free_port

LOOPBACK = "127.0.0.1"
Start = Callable[..., RunningProgram]


@pytest.fixture
def sealed(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a server that has a certificate."""
    certificate, key = write_certificate(tmp_path)
    files = {"ORDERPATH_HTTP_CERT_FILE": certificate, "ORDERPATH_HTTP_KEY_FILE": key}
    return {**environment, **{name: str(file) for name, file in files.items()}}


@pytest.fixture
def start_sealed(sealed: dict[str, str]) -> Iterator[Start]:
    """Starts programs that have a certificate."""
    with programs(sealed) as starting:
        yield starting


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.create_server((LOOPBACK, 0)) as somebody:
        yield somebody.getsockname()[1]


def key_of(line: str) -> str:
    """Give the key that the first start tells."""
    return line.rpartition(" ")[2]


def test_with_a_certificate_it_speaks_tls_and_nothing_else(
    start_sealed: Start, sealed: dict[str, str]
) -> None:
    port = free_port()
    program = start_sealed("serve", "--port", str(port))
    key = key_of(program.await_line("the first key"))
    assert program.await_line("serving on").endswith(f"https://{LOOPBACK}:{port}")
    url = f"https://{LOOPBACK}:{port}"
    trusting = ssl.create_default_context(cafile=sealed["ORDERPATH_HTTP_CERT_FILE"])
    old = ssl.create_default_context(cafile=sealed["ORDERPATH_HTTP_CERT_FILE"])
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1

    answer = httpx.get(
        f"{url}/v1/log/head", headers={"Authorization": f"Bearer {key}"}, verify=trusting
    )
    assert answer.status_code == 200
    with pytest.raises(httpx.ConnectError, match="verify failed"):
        httpx.get(f"{url}/health/live", verify=ssl.create_default_context())
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health/live", verify=old)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{LOOPBACK}:{port}/health/live")
    far = {
        "ORDERPATH_URL": url,
        "ORDERPATH_API_KEY": key,
        "SSL_CERT_FILE": sealed["ORDERPATH_HTTP_CERT_FILE"],
    }
    listed = Processes(far).run("path", "list", "--json")
    assert listed.code == 0, listed.err
    assert "universal" in listed.out
    program.end()


def test_with_a_certificate_it_may_be_reached_from_elsewhere(start_sealed: Start) -> None:
    program = start_sealed("serve", "--host", "0.0.0.0")  # noqa: S104 - it is meant
    assert "https://0.0.0.0:" in program.await_line("serving on")
    program.end()


def test_without_one_it_may_be_reached_from_elsewhere_only_if_that_is_meant(
    environment: dict[str, str],
) -> None:
    with programs({**environment, "ORDERPATH_HTTP_ELSEWHERE": "on"}) as start:
        program = start("serve", "--host", "0.0.0.0")  # noqa: S104 - it is meant
        assert "http://0.0.0.0:" in program.await_line("serving on")
        program.end()


def _broken_certificate(certificate: Path, key: Path) -> None:
    certificate.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")


def _empty_key(certificate: Path, key: Path) -> None:
    key.write_text("")


def _anothers_key(certificate: Path, key: Path) -> None:
    write_certificate(key.parent / "another")
    key.write_bytes((key.parent / "another" / "key.pem").read_bytes())


def _locked_key(certificate: Path, key: Path) -> None:
    lock = BestAvailableEncryption(b"secret")
    made = ec.generate_private_key(ec.SECP256R1())
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))


def _no_key(certificate: Path, key: Path) -> None:
    key.unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_broken_certificate, "certificate.pem holds no certificate in PEM form"),
        (_empty_key, "key.pem holds no key in PEM form"),
        (_anothers_key, "key.pem is not the key of the certificate"),
        (_locked_key, "key.pem is locked with a password"),
        (_no_key, "ORDERPATH_HTTP_KEY_FILE: there is no such file"),
    ],
)
@pytest.mark.parametrize("program", ["serve", "up"])
def test_files_that_are_no_certificate_and_its_key_are_told_apart_before_anything_is_served(
    sealed: dict[str, str], spoil: Callable[[Path, Path], None], said: str, program: str
) -> None:
    certificate, key = (Path(sealed[f"ORDERPATH_HTTP_{name}_FILE"]) for name in ("CERT", "KEY"))
    (key.parent / "another").mkdir()
    spoil(certificate, key)

    answer = Processes(sealed).run(program)

    assert answer.code == 2
    assert said in answer.err
    assert "ORDERPATH_HTTP_" in answer.err
    assert "the first key" not in answer.out


def test_serve_says_that_its_port_is_taken_and_ends(
    environment: dict[str, str], taken: int
) -> None:
    answer = Here(environment).run("serve", "--port", taken)

    assert answer.code == 3
    assert f"port_taken: {LOOPBACK} port {taken} cannot be listened on" in answer.err
    assert "ORDERPATH_HTTP_PORT" in answer.err
    assert "the first key" not in answer.out, "It would be told, and open nothing here."


def test_up_goes_on_where_somebody_else_has_its_port(
    environment: dict[str, str], taken: int
) -> None:
    with programs({**environment, "ORDERPATH_HTTP_PORT": str(taken)}) as start:
        program = start("up")
        line = program.await_line("not serving")
        program.await_line("following the log")
        program.end()

    assert f"port {taken} cannot be listened on" in line
    assert "ORDERPATH_HTTP_PORT" in line
