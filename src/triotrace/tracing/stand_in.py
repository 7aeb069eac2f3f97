"""Stands in for msgspec inside a program whose Python it does not fit: the same bytes, in Python.

What `events.py`, `log/lines.py` and `tracing/` use of msgspec, and no more. It runs under the name of `msgspec` in the
table of `apart.py`; what costs is written once a class, as source: how to make one, and how to write it.
"""

from __future__ import annotations

from _json import encode_basestring  # C, and raw UTF-8, as msgspec writes it
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

__all__ = ["Meta", "Struct", "json", "structs"]

_REQUIRED: Any = object()

# By their annotations, without `| None`: what needs no look at the value. All else goes the slow road.
_INTEGERS = frozenset(
    {
        "_Run", "_Task", "_Nursery", "_Scope", "_Place", "_Object", "_Count", "Nanoseconds", "TrioTime", "int",
        "Annotated[int, _SIGNED]",
    }
)  # fmt: skip
_WORDS = frozenset({"Role", "Cause", "ScopeCause", "Result", "Stream"})
_TEXTS = frozenset(
    {"_Name", "Annotated[str, Meta(max_length=LIMIT_OUTPUT)]", "Annotated[str, Meta(max_length=LIMIT_SOURCE)]"}
)


class Meta:
    """A limit that only a reader heeds."""

    def __init__(self, **limits: object) -> None:
        pass


def _equal(one: Any, other: Any) -> Any:
    if type(one) is not type(other):
        return NotImplemented
    return all(getattr(one, field) == getattr(other, field) for field in one._fields)


def _hash(one: Any) -> int:
    return hash((type(one), *(getattr(one, field) for field in one._fields)))


def _first_init(made: Any) -> Callable[..., None]:
    """Return an `__init__` that puts a faster one into its place: most kinds never come."""

    def first(one: Any, *values: Any, **words: Any) -> None:
        made.__init__ = _maker(made._fields)
        made.__init__(one, *values, **words)

    return first


def _maker(fields: dict[str, tuple[str, Any]]) -> Callable[..., None]:
    """Return an `__init__`. Of an empty default that could change, each has its own, as with msgspec."""
    defaults = {f"_{field}": default for field, (_, default) in fields.items() if default is not _REQUIRED}
    words = [f"{field}=_{field}" if f"_{field}" in defaults else field for field in fields]
    lines = []
    for field, (_, default) in fields.items():
        copied = f"_{field}.copy() if {field} is _{field} else " if isinstance(default, list | dict | set) else ""
        lines.append(f"    self.{field} = {copied}{field}")
    return _written("\n".join([f"def made({', '.join(['self', *words])}):", *(lines or ["    pass"])]), defaults)


def _first_text(made: Any) -> Callable[[Any], str]:
    """Return what writes the first one, and puts a faster one into its place."""

    def first(one: Any) -> str:
        made._text = staticmethod(_writer(made))
        text: str = made._text(one)
        return text

    return first


def _writer(made: Any) -> Callable[[Any], str]:
    """Return what makes one JSON object of a Struct: fields that must be there, then those that need not."""
    options, names = made._options, {"text": encode_basestring, "any": _text_of}
    head, tail, comma = "{{", [], ""
    if "tag_field" in options:
        head, comma = f'{head}"{options["tag_field"]}":"{options["tag"](made.__name__)}"', ","
    for field, (note, default) in made._fields.items():
        key = options.get("rename", {}).get(field, field)
        always = note.removesuffix(" | None") if default is None else note
        piece = f'{comma}"{key}":{_piece(field, always)}'
        comma = ","
        if options.get("omit_defaults") and default is not _REQUIRED:
            names[f"_{field}"] = default
            tail.append(f"    if one.{field} {'is not' if default is None else '!='} _{field}: text_ += f'{piece}'")
        elif tail:
            raise TypeError(f"{made.__name__}.{field} must stand before the fields that may be absent")
        else:
            head += piece
    return _written("\n".join(["def made(one):", f"    text_ = f'{head}'", *tail, "    return text_ + '}'"]), names)


def _piece(field: str, note: str) -> str:
    if note in _INTEGERS:
        return f"{{one.{field}}}"
    if note in _WORDS:
        return f'"{{one.{field}}}"'
    return f"{{text(one.{field})}}" if note in _TEXTS else f"{{any(one.{field})}}"


def _written(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    exec(source, names)
    made: Callable[..., Any] = names["made"]
    return made


def _text_of(value: Any) -> str:
    """Return any value of an event as JSON."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text_of, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_text_of(key)}:{_text_of(item)}' for key, item in value.items())}}}"
    text: str = value._text(value)
    return text


def _float(value: float) -> str:
    """Write 1e16, 1e-7 and 0.00001, where Python has 1e+16, 1e-07 and 1e-05."""
    digits, exponent, power = float.__repr__(value).partition("e")
    if power == "-05":
        sign = "-" if value < 0 else ""
        return f"{sign}0.0000{digits.removeprefix('-').replace('.', '')}"
    return f"{digits}e{int(power)}" if exponent else digits


class _StructType(type):
    """Makes classes of fields: from annotations and defaults, those of the base first."""

    _fields: dict[str, tuple[str, Any]]  # name: annotation, default
    _options: dict[str, Any]
    _text: Callable[[Any], str]

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any) -> _StructType:
        own = {field: (note, body.pop(field, _REQUIRED)) for field, note in body.get("__annotations__", {}).items()}
        made = super().__new__(cls, name, bases, {**body, "__slots__": tuple(own)})
        base: Any = bases[0] if bases else SimpleNamespace(_fields={}, _options={})
        made._fields = {**base._fields, **own}
        made._options = {**base._options, **options}
        open_made: Any = made
        open_made.__init__ = _first_init(made)
        made._text = staticmethod(_first_text(made))
        if bases and made._options.get("eq", True):
            open_made.__eq__, open_made.__hash__ = _equal, _hash if made._options.get("frozen") else None
        return made


class Struct(metaclass=_StructType):
    """The base of all."""


class Encoder:
    """Writes many at once."""

    def encode_lines(self, events: Iterable[Any]) -> bytes:
        """Return a line for each."""
        return "".join([f"{event._text(event)}\n" for event in events]).encode()


def _encode(value: Any) -> bytes:
    return _text_of(value).encode()


def _replace(one: Any, **changes: Any) -> Any:
    return type(one)(**{field: changes.get(field, getattr(one, field)) for field in one._fields})


json = SimpleNamespace(Encoder=Encoder, encode=_encode)
structs = SimpleNamespace(replace=_replace)
