"""How Kafka is reached: encrypted and logged in, by both clients, and what is said where not."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic
from uuid import uuid4

import faust
import pytest
from aiokafka import AIOKafkaProducer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from kafka import KafkaAdminClient
from pydantic import SecretStr

from domain.refusals import InfraError
from domain.streaming import TOPICS, Message, named
from infra.broker import (
    describe_broker,
    faust_arguments,
    is_reached,
    kafka_arguments,
    with_one_that_answers,
)
from infra.local_broker import start_local_broker, stop_local_broker
from infra.producer import IdempotentProducer
from infra.settings import Settings, SettingsError
from infra.topics import count_partitions
from tests.support.broker import fresh_topic, receive
from tests.support.certificates import write_certificate

HOST = "127.0.0.1"
LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_shop="right";'


@pytest.fixture(scope="module")
def guarded(
    broker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, str]]:
    """Settings of a broker that encrypts and wants a login, and its address without either."""
    assert broker
    data_dir = tmp_path_factory.mktemp("guarded")
    certificate, key = write_certificate(data_dir)
    plain, controller, secure = free_ports(3)
    (data_dir / "kafka").mkdir()
    (data_dir / "kafka" / "ports").write_text(f"{plain} {controller}\n")
    address = start_local_broker(
        data_dir,
        settings={
            "listeners": f"BROKER://{HOST}:{plain},CONTROLLER://{HOST}:{controller},"
            f"SECURE://{HOST}:{secure}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,"
            "SECURE:SASL_SSL",
            "listener.name.secure.ssl.keystore.type": "PEM",
            "listener.name.secure.ssl.keystore.location": str(key),
            "listener.name.secure.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.secure.plain.sasl.jaas.config": LOGIN,
        },
    )
    yield (
        Settings(
            kafka=f"{HOST}:{secure}",
            kafka_protocol="sasl_ssl",
            kafka_user="shop",
            kafka_password=SecretStr("right"),
            kafka_ca_file=certificate,
        ),
        address,
    )
    stop_local_broker(data_dir)


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def test_kafka_python_logs_in_through_an_encrypted_connection(
    guarded: tuple[Settings, str],
) -> None:
    settings, _ = guarded

    facts = describe_broker(kafka_arguments(settings))

    assert (facts.version, facts.nodes) == ("4.1", 1)


def test_what_faust_is_given_writes_through_the_same_connection(
    guarded: tuple[Settings, str],
) -> None:
    settings, plain = guarded
    topic = fresh_topic(plain)
    app = faust.App("test", **faust_arguments(settings), store="memory://")
    assert [str(url) for url in app.conf.broker] == [f"kafka://{settings.kafka}"]

    async def write() -> None:
        login = credentials_to_aiokafka_auth(app.conf.broker_credentials)
        async with AIOKafkaProducer(bootstrap_servers=settings.kafka, **login) as producer:
            await producer.send_and_wait(topic, b"by faust's client")

    asyncio.run(write())

    assert receive(plain, topic, 1) == [b"by faust's client"]


def test_where_a_broker_hangs_up_the_login_is_asked_about_and_no_password_told(
    guarded: tuple[Settings, str],
) -> None:
    settings, _ = guarded
    wrong = settings.model_copy(update={"kafka_password": SecretStr("wrong")})

    with pytest.raises(InfraError, match=r"is the login right \(user shop\)\?") as caught:
        describe_broker(kafka_arguments(wrong), timeout_seconds=2)

    assert caught.value.code == "broker_unavailable"
    assert "wrong" not in str(caught.value)


def test_a_broker_whose_certificate_nobody_signed_is_not_spoken_to(
    guarded: tuple[Settings, str],
) -> None:
    settings, _ = guarded
    unsigned = settings.model_copy(update={"kafka_ca_file": None})

    with pytest.raises(InfraError, match="certificate verify failed") as caught:
        describe_broker(kafka_arguments(unsigned))

    assert caught.value.code == "broker_unavailable"


def test_a_file_that_holds_no_certificates_is_named(tmp_path: Path) -> None:
    nonsense = tmp_path / "ca.pem"
    nonsense.write_text("none")

    with pytest.raises(SettingsError, match=r"ORDERPATH_KAFKA_CA_FILE: .*ca\.pem holds no"):
        kafka_arguments(Settings(kafka="k:1", kafka_protocol="ssl", kafka_ca_file=nonsense))


def test_of_several_brokers_one_that_answers_is_enough(broker: str) -> None:
    several = Settings(kafka=f"{HOST}:1,{broker}")

    assert describe_broker(kafka_arguments(several)).nodes == 1


def test_a_look_at_a_broker_that_takes_no_end_of_time_ends_in_time() -> None:
    with socket.create_server((HOST, 0)) as silent:
        address = f"{HOST}:{silent.getsockname()[1]}"
        assert is_reached(kafka_arguments(Settings(kafka=address)), timeout_seconds=5)
        begun = monotonic()

        encrypted = kafka_arguments(Settings(kafka=address, kafka_protocol="ssl"))
        assert is_reached(encrypted, timeout_seconds=1) is False

        assert monotonic() - begun < 5


def test_kafka_takes_every_topic_under_the_longest_prefix(broker: str) -> None:
    prefix = Settings(kafka_prefix=f"{uuid4()}.shop_1-{'x' * 16}").kafka_prefix
    assert len(prefix) == 60
    names = {named(topic.name, prefix) for topic in TOPICS}

    with KafkaAdminClient(bootstrap_servers=[broker]) as admin:
        admin.create_topics({name: {"num_partitions": 1} for name in names})
        admin.wait_for_topics(list(names))

        assert names <= set(admin.list_topics())


def test_brokers_of_which_none_answers_are_each_named_with_the_reason() -> None:
    away = Settings(kafka=f"{HOST}:1,{HOST}:2")

    with pytest.raises(InfraError) as caught:
        describe_broker(kafka_arguments(away))

    assert caught.value.code == "broker_unavailable"
    assert f"{HOST}:1: Connection refused; {HOST}:2: Connection refused" in str(caught.value)


def test_a_broker_that_hangs_and_stands_first_keeps_nobody_from_the_others(broker: str) -> None:
    topic = fresh_topic(broker)
    with socket.create_server((HOST, 0)) as silent:  # The system takes connections for it.
        several = Settings(kafka=f"{HOST}:{silent.getsockname()[1]},{broker}")
        arguments = kafka_arguments(several)
        with closing(IdempotentProducer(arguments)) as producer:
            producer.publish([Message(topic, b"through")])

        assert describe_broker(arguments).server == broker
        assert with_one_that_answers(arguments)["bootstrap_servers"] == [broker]
        assert count_partitions(arguments, topic) == 1
    assert receive(broker, topic, 1) == [b"through"]
