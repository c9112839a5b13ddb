"""Which fields of a message are personal data: stored encrypted, and never told to others."""

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from domain.messages import PersonalField

Spec = Mapping[str, Any]  # field -> True (personal) or the Spec of a model inside


@cache
def personal_fields(model: type[BaseModel]) -> Spec:
    """Find the personal fields of a model, also inside of models that it holds."""
    spec: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if any(isinstance(m, PersonalField) for m in info.metadata):
            spec[name] = True
        elif inner := _inner_spec(info.annotation):
            spec[name] = inner
    return spec


def says_personal(told: BaseModel) -> bool:
    """Whether anything personal stands in a message, of what may."""
    return _says_any(told, personal_fields(type(told)))


def _says_any(told: Any, spec: Spec) -> bool:
    for name, inner in spec.items():
        value = getattr(told, name, None)
        if value is None:
            continue
        parts = value if isinstance(value, tuple | list) else (value,)
        if inner is True or any(_says_any(part, inner) for part in parts):
            return True
    return False


def _inner_spec(annotation: Any) -> Spec | bool:
    if isinstance(annotation, PersonalField):
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return personal_fields(annotation)
    parts = [*get_args(annotation), *getattr(annotation, "__metadata__", ())]
    found = [inner for part in parts if (inner := _inner_spec(part))]
    specs = [inner for inner in found if isinstance(inner, dict)]
    if specs and get_origin(annotation) in (dict, Mapping):
        raise TypeError(f"personal fields inside of {annotation} would be stored in clear")
    return {k: v for spec in specs for k, v in spec.items()} if specs else bool(found)
