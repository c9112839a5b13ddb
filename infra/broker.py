"""How Kafka is reached: the one place that turns settings into what kafka-python and Faust want.

Called by services.bootstrap, and by infra.local_broker to hear whether its broker answers.
"""

import socket
import ssl
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Final

from domain.refusals import InfraError
from infra.settings import Settings, SettingsError

ANSWER_SECONDS: Final = 5.0  # for a broker to answer


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What the brokers say of themselves."""

    server: str  # that answered
    version: str  # of Kafka, at least: told by what they understand
    nodes: int  # also such as are dead
    topics: int  # without Kafka's own


def kafka_arguments(settings: Settings) -> dict[str, Any]:
    """Give the arguments by which every client of kafka-python finds the brokers and logs in.

    Raises: SettingsError for a file of certificates that holds none
    """
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka.split(","),
        "security_protocol": settings.kafka_protocol.upper(),
    }
    if _encrypts(settings):
        arguments["ssl_context"] = _ssl_context(settings)
    if _logs_in(settings):
        arguments["sasl_mechanism"] = settings.kafka_mechanism
        arguments["sasl_plain_username"] = settings.kafka_user
        arguments["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return arguments


def faust_arguments(settings: Settings) -> dict[str, Any]:
    """Give the arguments of a Faust app by which it finds the brokers and logs in.

    Raises: SettingsError for a file of certificates that holds none
    """
    from faust import SASLCredentials, SSLCredentials

    arguments: dict[str, Any] = {
        "broker": [f"kafka://{server}" for server in settings.kafka.split(",")]
    }
    context = _ssl_context(settings) if _encrypts(settings) else None
    if _logs_in(settings):
        arguments["broker_credentials"] = SASLCredentials(
            username=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
            ssl_context=context,
            mechanism=settings.kafka_mechanism,
        )
    elif context:
        arguments["broker_credentials"] = SSLCredentials(context)
    return arguments


def describe_broker(
    arguments: dict[str, Any], *, timeout_seconds: float = ANSWER_SECONDS
) -> BrokerFacts:
    """Ask the brokers who they are; of several, one that answers is enough.

    arguments: as kafka_arguments gives them
    Raises:    InfraError broker_unavailable
    """
    from kafka.errors import KafkaError

    deadline = monotonic() + timeout_seconds
    servers: list[str] = arguments["bootstrap_servers"]
    reasons = []
    for number, server in enumerate(servers):
        seconds = max(deadline - monotonic(), 0.001) / (len(servers) - number)
        try:
            return _describe(arguments, server, seconds)
        except OSError as error:
            reasons.append(_why(server, error))
        except KafkaError as error:
            user = arguments.get("sasl_plain_username")  # A broker that refuses it just hangs up.
            login = f"; is the login right (user {user})?" if user else ""
            reasons.append(f"{server}: {error}{login}")
    raise _unavailable(servers, "; ".join(reasons))


def with_one_that_answers(arguments: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments for a client of kafka-python: of several brokers with one that answers,
    because the client stays with one that hangs until its time is over, and then gives up.

    Raises: InfraError broker_unavailable
    """
    if len(arguments["bootstrap_servers"]) == 1:
        return arguments
    return {**arguments, "bootstrap_servers": [describe_broker(arguments).server]}


def _describe(arguments: dict[str, Any], server: str, seconds: float) -> BrokerFacts:
    from kafka import KafkaAdminClient

    deadline = monotonic() + seconds
    _connect(arguments, server, seconds)
    milliseconds = max(int((deadline - monotonic()) * 1_000), 1)
    chosen = {
        "bootstrap_servers": [server],
        "bootstrap_timeout_ms": milliseconds,
        "request_timeout_ms": milliseconds,
    }
    with KafkaAdminClient(**{**arguments, **chosen}) as admin:
        _, version = answering(admin, server)
        nodes = admin.describe_cluster()["brokers"]
        topics = [name for name in admin.list_topics() if not name.startswith("__")]
    return BrokerFacts(server, ".".join(map(str, version)), len(nodes), len(topics))


def answering(admin: Any, server: str) -> tuple[int, tuple[int, ...]]:
    """Give id and version of a broker that answers, this server rather than another. Whatever else
    the client asks goes to it, too: it takes a connection that stands before it makes one.

    Raises: KafkaError if none answers
    """
    from kafka.errors import BrokerNotAvailableError, KafkaError

    # Nobody else tells who is there without asking one that may hang. None of them is known dead.
    living = admin._manager.cluster.brokers()
    last: KafkaError = BrokerNotAvailableError()
    for one in sorted(living, key=lambda one: f"{one.host}:{one.port}" != server):
        try:
            return one.node_id, admin.get_broker_version_data(one.node_id).broker_version
        except KafkaError as error:
            last = error
    raise last


def _connect(arguments: dict[str, Any], server: str, seconds: float) -> None:
    """See that a broker takes a connection. kafka-python would say only that the time is over; it
    also leaves sockets and a thread behind. Raises: OSError; TLS's errors are some, too
    """
    host, _, port = server.rpartition(":")
    with socket.create_connection((host, int(port)), seconds) as one:
        if context := arguments.get("ssl_context"):
            context.wrap_socket(one, server_hostname=host).close()


def _why(server: str, error: OSError) -> str:
    return f"{server}: {error.strerror or error}"


def is_reached(arguments: dict[str, Any], *, timeout_seconds: float) -> bool:
    """Whether one of the brokers takes a connection; what takes longer does not.

    arguments: as kafka_arguments gives them
    """
    found: SimpleQueue[bool] = SimpleQueue()

    def look() -> None:
        try:
            reach(arguments, timeout_seconds)
        except InfraError:
            found.put(False)
        else:
            found.put(True)

    # Looking up a name knows no time limit, so a thread does it that nobody has to wait for.
    Thread(target=look, name="broker look", daemon=True).start()
    try:
        return found.get(timeout=timeout_seconds)
    except Empty:
        return False


def reach(arguments: dict[str, Any], timeout_seconds: float = ANSWER_SECONDS) -> str:
    """Give the first broker that takes a connection, or refuse all with the reason of each.

    arguments: as kafka_arguments gives them
    Raises:    InfraError broker_unavailable
    """
    servers: list[str] = arguments["bootstrap_servers"]
    reasons = []
    for server in servers:
        try:
            _connect(arguments, server, timeout_seconds / len(servers))
        except OSError as error:
            reasons.append(_why(server, error))
        else:
            return server
    raise _unavailable(servers, "; ".join(reasons))


def _unavailable(servers: list[str], why: str) -> InfraError:
    return InfraError("broker_unavailable", f"Kafka at {','.join(servers)} does not answer: {why}")


def _encrypts(settings: Settings) -> bool:
    return settings.kafka_protocol.endswith("ssl")


def _logs_in(settings: Settings) -> bool:
    return settings.kafka_protocol.startswith("sasl_")


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.kafka_ca_file)
    except (OSError, ssl.SSLError) as error:
        message = (
            f"ORDERPATH_KAFKA_CA_FILE: {settings.kafka_ca_file} holds no certificates: {error}"
        )
        raise SettingsError(message) from error
