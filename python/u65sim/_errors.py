"""Errors of the library, under their names in C++."""
from __future__ import annotations

from typing import Dict, Type


class Error(RuntimeError):
    """Base of all errors of u65sim. The text names the offending value, where it stands, and what
    would be right."""


class InvalidModel(Error):
    """A network that cannot be read or makes no sense."""


class InvalidConfig(Error):
    """A target, study or option that cannot be accepted."""


class InvalidStream(Error):
    """A command stream that breaks the format or asks for what the accelerator cannot do."""


class DoesNotFit(Error):
    """Model plus activations exceed a memory."""


class NothingOnNpu(Error):
    """A latency was asked for, but the NPU runs no part of the network."""


class SimulationStuck(Error):
    """No unit of the machine could go on."""


class CycleLimitReached(SimulationStuck):
    """The machine reached its cycle limit."""


class NotExecutable(Error):
    """Execution met an operator or data type without a kernel."""


class Cancelled(Error):
    """A query left unasked because its caller wanted no more answers."""


class FileError(Error):
    """A file that cannot be opened, read or written."""


_TYPES: Dict[str, Type[Exception]] = {
    kind.__name__: kind
    for kind in (
        Error, InvalidModel, InvalidConfig, InvalidStream, DoesNotFit, NothingOnNpu,
        SimulationStuck, CycleLimitReached, NotExecutable, Cancelled, FileError, OverflowError,
        TypeError, MemoryError,
    )
}


def make_error(kind: str, text: str) -> Exception:
    """The exception that the library names."""
    return _TYPES.get(kind, RuntimeError)(text)
