"""What Kafka does not do, in our words: whether to wait for it, and what people can do else."""

from typing import Final

from kafka.errors import (
    AuthorizationError,
    FencedInstanceIdError,
    GroupMaxSizeReachedError,
    InconsistentGroupProtocolError,
    InvalidSessionTimeoutError,
    KafkaError,
    SaslAuthenticationFailedError,
)

from domain.refusals import InfraError

# What Kafka says to this process as often as it asks, and what people can do. All else passes, or
# might: kafka-python takes much for final that it is not, as a group that is being dealt anew.
REFUSALS: Final[dict[type[KafkaError], str]] = {
    FencedInstanceIdError: "another program took this one's place in the group of consumers, under "
    "the same name: end one of the two, or give it another --id",
    GroupMaxSizeReachedError: "the group of consumers is full: end one of them, or let the brokers "
    "take more (group.max.size)",
    InconsistentGroupProtocolError: "somebody reads in the group of consumers who shares its "
    "partitions in another way: end that program, or give it a group of its own",
    InvalidSessionTimeoutError: "the brokers take no session of 6 s: let group.min.session.timeout"
    ".ms and group.max.session.timeout.ms allow it",
}


def broker_error(error: KafkaError) -> InfraError:
    """Say in our words what Kafka does not do: broker_unavailable is waited for."""
    if (advice := REFUSALS.get(type(error))) is not None:
        return InfraError("broker_refuses", f"Kafka gives no commands: {advice}")
    if isinstance(error, AuthorizationError | SaslAuthenticationFailedError):
        return InfraError("broker_login_refused", f"Kafka refuses the topic of commands: {error}")
    return InfraError("broker_unavailable", f"Kafka does not give commands: {error!r}")
