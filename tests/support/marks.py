"""A mark in place of what nobody else may know, for tests that look for it where it must not be."""

from typing import Final, TypeVar

from pydantic import BaseModel

from domain.personal import Spec, personal_fields

MARK: Final = "Zebra-4711"

Model = TypeVar("Model", bound=BaseModel)


def with_personal_marked(value: Model) -> Model:
    """Give a message with the mark in every personal text that it has."""
    return _marked(value, personal_fields(type(value)))


def _marked(value: Model, spec: Spec) -> Model:
    told = {name: getattr(value, name, None) for name in spec}
    return value.model_copy(
        update={
            name: MARK if spec[name] is True else _marked(inner, spec[name])
            for name, inner in told.items()
            if inner is not None
        }
    )
