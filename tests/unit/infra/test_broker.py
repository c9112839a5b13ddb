"""What kafka-python and Faust are told of the brokers: the same, whatever the protocol."""

import ssl

import pytest
from faust import SASLCredentials, SSLCredentials
from pydantic import SecretStr

from infra.broker import faust_arguments, kafka_arguments
from infra.settings import Settings

BROKERS = "one:9092,two:9093"
LOGIN = {"kafka_user": "shop", "kafka_password": SecretStr("right")}


def test_without_a_protocol_both_are_told_the_addresses_and_no_login() -> None:
    settings = Settings(kafka=BROKERS)

    assert kafka_arguments(settings) == {
        "bootstrap_servers": ["one:9092", "two:9093"],
        "security_protocol": "PLAINTEXT",
    }
    assert faust_arguments(settings) == {"broker": ["kafka://one:9092", "kafka://two:9093"]}


def test_encryption_alone_checks_the_brokers_certificate_in_both() -> None:
    settings = Settings(kafka=BROKERS, kafka_protocol="ssl")

    told, credentials = kafka_arguments(settings), faust_arguments(settings)["broker_credentials"]

    assert told["security_protocol"] == "SSL"
    assert isinstance(credentials, SSLCredentials)
    for context in (told["ssl_context"], credentials.context):
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["sasl_plaintext", "sasl_ssl"])
def test_a_login_is_told_to_both_with_or_without_encryption(mechanism: str, protocol: str) -> None:
    settings = Settings.model_validate(
        {"kafka": BROKERS, "kafka_protocol": protocol, "kafka_mechanism": mechanism, **LOGIN}
    )

    told, credentials = kafka_arguments(settings), faust_arguments(settings)["broker_credentials"]

    assert isinstance(credentials, SASLCredentials)
    assert told["security_protocol"] == credentials.protocol.value == protocol.upper()
    assert told["sasl_mechanism"] == credentials.mechanism.value == mechanism
    assert told["sasl_plain_username"] == credentials.username == "shop"
    assert told["sasl_plain_password"] == credentials.password == "right"  # noqa: S105 - no secret of anybody
    assert ("ssl_context" in told) is (credentials.ssl_context is not None)
    assert (credentials.ssl_context is not None) is (protocol == "sasl_ssl")
