"""The log: one JSON object a line where nobody looks, nothing on stdout, no local variables."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from infra.log import configure_logging


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_json_object_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "auto")

    structlog.get_logger().info("order_placed", order_id="o-1", position=7)
    structlog.get_logger().debug("below_the_level")

    printed = capsys.readouterr()
    record = json.loads(printed.err)
    assert printed.out == ""
    assert record.pop("at").endswith("Z")
    assert record == {"event": "order_placed", "level": "info", "order_id": "o-1", "position": 7}


def test_a_log_that_nobody_reads_any_more_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as unheard, redirect_stderr(unheard):
        configure_logging("info", "json")

        for position in range(3):
            structlog.get_logger().info("order_placed", position=position)
            logging.getLogger("some.library").warning("broker is away")


def test_warnings_of_libraries_come_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", "json")

    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("broker %s is away", 1)

    record = json.loads(capsys.readouterr().err)
    assert (record["event"], record["logger"]) == ("broker 1 is away", "some.library")


@pytest.mark.parametrize("name", ["kafka.producer.sender", "aiokafka.consumer.fetcher"])
def test_what_kafkas_clients_try_again_is_no_news(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    configure_logging("debug", "json")

    logging.getLogger(name).warning("Got error produce response, retrying")
    logging.getLogger(name).error("Unable to connect to node")
    logging.getLogger(name).critical("out of memory")

    record = json.loads(capsys.readouterr().err)
    assert record["event"] == "out of memory"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_values_of_variables(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_logging("info", "json" if log_format == "json" else "console")
    phone = "+7 900 " + "000"
    try:
        raise ValueError("no such order")
    except ValueError:
        structlog.get_logger().exception("failed")

    printed = capsys.readouterr().err
    assert "no such order" in printed
    assert phone not in printed
