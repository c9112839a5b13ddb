"""Connections without a server: what is asked for, and what an error means."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from domain.refusals import InfraError
from infra.postgres import connect, infra_error, session_conninfo

URL = "postgresql://someone@/orders?host=/nowhere"


def test_a_session_is_in_utc_with_its_role_and_time_limits() -> None:
    info = conninfo_to_dict(session_conninfo(URL, role="orderpath_writer", lock_timeout="200ms"))

    assert info["options"] == "-c timezone=UTC -c role=orderpath_writer -c lock_timeout=200ms"
    assert (info["dbname"], info["user"], info["host"]) == ("orders", "someone", "/nowhere")
    assert info["application_name"] == "orderpath"


def test_options_of_the_url_stay_and_values_with_spaces_are_one_word() -> None:
    info = conninfo_to_dict(session_conninfo(URL + "&options=-cjit%3Doff", search_path="log, ops"))

    assert info["options"] == r"-cjit=off -c timezone=UTC -c search_path=log,\ ops"


def test_a_time_limit_for_connecting_in_the_url_is_kept() -> None:
    assert conninfo_to_dict(session_conninfo(URL))["connect_timeout"] == "10"
    info = session_conninfo(URL + "&connect_timeout=3&keepalives_idle=5")
    found = conninfo_to_dict(info)
    assert (found["connect_timeout"], found["keepalives_idle"]) == ("3", "5")
    assert found["keepalives_count"] == "3"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (psycopg.OperationalError("the connection is closed"), "database_unavailable"),
        (psycopg.errors.AdminShutdown("shut down"), "database_unavailable"),
        (psycopg.errors.CannotConnectNow("starting up"), "database_unavailable"),
        (psycopg.errors.QueryCanceled("statement timeout"), "database_unavailable"),
        (psycopg.errors.LockNotAvailable("lock timeout"), "database_unavailable"),
        (psycopg.errors.IdleInTransactionSessionTimeout("idle"), "database_unavailable"),
        (psycopg.errors.TooManyConnections("full house"), "database_unavailable"),
        (psycopg.errors.ReadOnlySqlTransaction("a standby"), "database_unavailable"),
        (psycopg.errors.DiskFull("no space left"), "database_full"),
    ],
)
def test_an_error_of_the_server_is_no_answer_to_the_command(
    error: psycopg.Error, code: str
) -> None:
    translated = infra_error(error)

    assert translated is not None
    assert translated.code == code
    assert str(error) in str(translated)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UniqueViolation("twice"),
        psycopg.errors.SyntaxError("near"),
        psycopg.errors.SerializationFailure("try again"),
        psycopg.InterfaceError("the cursor is closed"),
    ],
)
def test_every_other_error_is_left_to_the_caller(error: psycopg.Error) -> None:
    assert infra_error(error) is None


def test_a_server_that_is_not_there_is_an_infra_error() -> None:
    with pytest.raises(InfraError) as caught:
        connect(URL)

    assert caught.value.code == "database_unavailable"
