"""One point at a time, for pools of processes and for clusters."""
from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Optional, Tuple, Union, overload

from ._graph import Graph
from ._native import Handle, call
from ._oracle import Oracle, OracleSettings
from ._report import Report
from ._study import StudyPoint, StudyRecord
from ._target import PathLike, Target


@dataclass(frozen=True)
class NetworkPoint:
    """A network, what it runs on, and how it is answered: what Oracle.estimate() takes, as one
    value that can be pickled."""

    network: Union[Graph, PathLike]
    """A file must be where the process is that evaluates it."""
    target: Target
    settings: OracleSettings = OracleSettings()


class _Evaluator:
    """The library's evaluator, as an argument of calls."""

    def __init__(self) -> None:
        self._handle: Handle = call("study.evaluator").objects[0]


class _Kept:
    """What a process keeps from one point to the next, so that later ones take less time."""

    most_oracles = 4

    def __init__(self) -> None:
        self._lock = Lock()
        self._evaluator: Optional[_Evaluator] = None
        self._oracles: OrderedDict[Tuple[str, str], Oracle] = OrderedDict()

    def evaluator(self) -> _Evaluator:
        """Of points of studies."""
        with self._lock:
            if self._evaluator is None:
                self._evaluator = _Evaluator()
            return self._evaluator

    def oracle(self, target: Target, settings: OracleSettings) -> Oracle:
        """One that has answered for them before, or a new one."""
        key = (target.to_yaml(), repr(settings))
        with self._lock:
            oracle = self._oracles.pop(key, None) or Oracle(target, settings=settings)
            self._oracles[key] = oracle
            if len(self._oracles) > self.most_oracles:
                self._oracles.popitem(last=False)
            return oracle


_kept = _Kept()


def _forget() -> None:
    """In a forked process: threads that were at work on them are not there to end it."""
    global _kept  # pylint: disable=global-statement
    _kept = _Kept()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@overload
def evaluate(point: StudyPoint) -> StudyRecord: ...


@overload
def evaluate(point: NetworkPoint) -> Report: ...


def evaluate(point: Union[StudyPoint, NetworkPoint]) -> Union[StudyRecord, Report]:
    """Answers a point, in any process and thread: the answer depends on the point alone.

    A StudyPoint that cannot be simulated has a record that says why; a NetworkPoint raises what
    Oracle.estimate() raises. Raises InvalidConfig for a point of another version of u65sim.
    """
    if isinstance(point, NetworkPoint):
        return _kept.oracle(point.target, point.settings).estimate(point.network)
    reply = call("study.evaluate", _kept.evaluator(), point=point.text)
    return StudyRecord(reply.buffers[0].decode("utf-8", "replace"))
