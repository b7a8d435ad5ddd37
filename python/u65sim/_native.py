"""Calls of the library: arguments as JSON, data as bytes, values as handles.

A call releases the interpreter's lock (ctypes does), so that threads work at the same time.
"""
from __future__ import annotations

import ctypes
import json
import sys
import threading
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional, Protocol, Sequence

from ._errors import make_error

Progress = Callable[[int, int], bool]
"""Called with what is done and what there is; False ends the work."""


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class _Reply(ctypes.Structure):
    _fields_ = [
        ("error", ctypes.c_char_p),
        ("value", _Buffer),
        ("object_count", ctypes.c_size_t),
        ("objects", ctypes.POINTER(ctypes.c_void_p)),
        ("buffer_count", ctypes.c_size_t),
        ("buffers", ctypes.POINTER(_Buffer)),
    ]


_ProgressFunction = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t)
_NO_PROGRESS = _ProgressFunction(0)

_suffix = "dylib" if sys.platform == "darwin" else "so"
_library = ctypes.CDLL(str(Path(__file__).parent / f"libu65sim_python.{_suffix}"))
_call = _library.u65sim_python_call
_call.restype = ctypes.POINTER(_Reply)
_call.argtypes = [
    ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t,
    ctypes.POINTER(_Buffer), ctypes.c_size_t, _ProgressFunction,
]
_reply_free = _library.u65sim_python_reply_free
_reply_free.restype = None
_reply_free.argtypes = [ctypes.POINTER(_Reply)]
_object_free = _library.u65sim_python_object_free
_object_free.restype = None
_object_free.argtypes = [ctypes.c_void_p]


class Handle:
    """A value of the library, freed with this object."""

    __slots__ = ("pointer",)

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def __del__(self, free: Callable[[int], None] = _object_free) -> None:
        free(self.pointer)


class Held(Protocol):
    """What stands for a value of the library."""

    _handle: Handle


class Reply(NamedTuple):
    """What a call gives back."""

    value: Any
    objects: List[Handle]
    buffers: List[bytes]


def _buffer_bytes(buffer: _Buffer) -> bytes:
    return ctypes.string_at(buffer.data, buffer.size) if buffer.size else b""


def _taken(reply: Any) -> Reply:
    shown = reply.contents
    value = _buffer_bytes(shown.value)
    if shown.error is not None:
        raise make_error(shown.error.decode(), value.decode("utf-8", "replace"))
    return Reply(
        json.loads(value),
        [Handle(shown.objects[i]) for i in range(shown.object_count)],
        [_buffer_bytes(shown.buffers[i]) for i in range(shown.buffer_count)],
    )


def call(function: str, *objects: Held, buffers: Sequence[bytes] = (),
         progress: Optional[Progress] = None, **arguments: Any) -> Reply:
    """Calls a function of the library (sim/python). Raises what it throws."""
    pointers = (ctypes.c_void_p * len(objects))(*[held._handle.pointer for held in objects])
    data = (_Buffer * len(buffers))(*[
        _Buffer(ctypes.cast(ctypes.c_char_p(each), ctypes.c_void_p), len(each))
        for each in buffers
    ])
    failures: List[BaseException] = []

    def tell(done: int, whole: int) -> int:
        try:
            return int(progress is None or progress(done, whole))
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)
            return 0

    told = _NO_PROGRESS if progress is None else _ProgressFunction(tell)
    reply = _call(function.encode(), json.dumps(arguments, allow_nan=False).encode(), pointers,
                  len(objects), data, len(buffers), told)
    if not reply:
        raise MemoryError
    try:
        taken = _taken(reply)
    except Exception:
        if not failures:
            raise
    finally:
        _reply_free(reply)
    if failures:
        raise failures[0]
    return taken


def call_long(function: str, *objects: Held, buffers: Sequence[bytes] = (),
              progress: Optional[Progress] = None, **arguments: Any) -> Reply:
    """As call(), for functions that take long and ask for progress: Ctrl-C ends them.

    In the main thread, which hears signals, another one does the work, and calls `progress`.
    """
    if threading.current_thread() is not threading.main_thread():
        return call(function, *objects, buffers=buffers, progress=progress, **arguments)
    stopped = threading.Event()
    ended = threading.Event()
    outcome: List[Reply] = []
    failures: List[BaseException] = []

    def go_on(done: int, whole: int) -> bool:
        return not stopped.is_set() and (progress is None or progress(done, whole))

    def work() -> None:
        try:
            outcome.append(call(function, *objects, buffers=buffers, progress=go_on, **arguments))
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)
        finally:
            ended.set()

    worker = threading.Thread(target=work, name="u65sim")
    worker.start()
    try:
        ended.wait()
    except BaseException:
        stopped.set()
        ended.wait()
        raise
    worker.join()
    if failures:
        raise failures[0]
    return outcome[0]


def text_of(function: str, *objects: Held, **arguments: Any) -> str:
    """A call whose answer is a text."""
    return call(function, *objects, **arguments).buffers[0].decode("utf-8", "replace")
