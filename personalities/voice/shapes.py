"""Reads and writes the voice's dataclasses as JSON values."""

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """A dataclass, tuple or mapping of them as dicts, lists, strings, integers and null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], data: Any, where: str = "") -> T:
    """The dataclass `kind` read from what `to_json` gives. Fields with a default may be missing; unknown ones are
    ignored. Raises ValueError naming the place that is not as it should be."""
    read: T = _read(kind, data, where or kind.__name__.lower())
    return read


def _read(kind: Any, data: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [arm for arm in get_args(kind) if arm is not type(None)]
        return None if data is None else _read(inner[0], data, where)
    if origin is tuple:
        if not isinstance(data, (list, tuple)):
            raise ValueError(f"{where}: this must be a list, not {type(data).__name__}")
        arms = get_args(kind)
        if arms[-1] is not Ellipsis:
            if len(data) != len(arms):
                raise ValueError(f"{where}: this must have {len(arms)} items, not {len(data)}")
            return tuple(
                _read(arm, item, f"{where}[{at}]") for at, (arm, item) in enumerate(zip(arms, data, strict=True))
            )
        return tuple(_read(arms[0], item, f"{where}[{at}]") for at, item in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, Mapping):
            raise ValueError(f"{where}: this must be an object, not {type(data).__name__}")
        return {_read(str, key, where): _read(get_args(kind)[1], item, f"{where}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, data, where)
    if type(data) is not kind:
        raise ValueError(f"{where}: this must be {kind.__name__}, not {type(data).__name__}")
    return data


def _dataclass(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: this must be an object, not {type(data).__name__}")
    hints = get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):
        if field.name in data:
            values[field.name] = _read(hints[field.name], data[field.name], f"{where}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where}: {field.name} is missing")
    return kind(**values)
