"""The oracle: how long do networks take on a target?"""
from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List, Literal, Optional, Sequence, Tuple, Union, overload

from ._compile import DEFAULT_CYCLE_LIMIT, CompileOptions
from ._errors import make_error
from ._graph import Graph
from ._native import Handle, Progress, call, call_long, text_of
from ._report import Report
from ._target import PathLike, Target


@dataclass(frozen=True)
class OracleSettings:
    """How an oracle answers."""

    like_vela: bool = False
    """Plans like Vela's, for networks that Vela will compile."""
    effort: str = "normal"
    """"high": many plans are run, and the fastest is kept; "quick": nothing is compiled or run, a
    plan by rules and its time in closed form, with an interval (Report.interval)."""
    compile: CompileOptions = CompileOptions()
    """Further options of the compiler."""
    cycle_limit: int = DEFAULT_CYCLE_LIMIT
    timeline: bool = False
    """Reports say what each unit did when."""
    ranges: bool = False
    """Of targets with ranges, Report.inference has that of the NPU's time too: two more runs."""
    memory_bytes: int = 64 << 20
    """Room for answers that are kept; 0 keeps none."""
    workers: int = 0
    """Threads of estimate_all(); 0: one a core."""


@dataclass(frozen=True)
class Advice:
    """One thing that might make a network faster, tried out on the machine."""

    kind: str
    """"keep in SRAM", "more SRAM", "sparse weights", "fewer channels" ..."""
    subject: str
    """Operator, tensor, field of the target, or kind of block."""
    text: str
    """One sentence."""
    saved_cycles: int
    """Of the whole network (of the operator alone for numbers of channels); negative: slower."""
    sram_bytes: int
    """"more SRAM": the size that does it."""
    channels: int
    """The number tried."""


@dataclass(frozen=True)
class Best:
    """The best of many networks, which Oracle.best_of() found."""

    index: Optional[int]
    """Its place; None: no network is within the budget."""
    report: Optional[Report]
    """Its own, by the oracle's effort."""
    failed: int
    """Networks without an answer, which are not considered."""
    quick_answers: int
    exact_answers: int
    """By the oracle's effort, of those that the quick ones left in question."""
    misses: int
    """Of the exact answers, those outside of `least_cycles` and `most_cycles` of their interval.
    With none, the best network is the one that asking for all of them would have found, as far as
    the intervals of the others hold."""


class AdviceReport:
    """What advise() tried, and the report it is about."""

    __slots__ = ("_handle", "report", "advice")
    _handle: Handle
    report: Report
    advice: List[Advice]
    """The largest saving first."""

    def __init__(self) -> None:
        raise TypeError("an AdviceReport is what Oracle.advise() returns")

    def to_text(self, most: int = 20) -> str:
        """The largest operators, what is left to the CPU, what limits the memories, and the first
        `most` pieces of advice."""
        return text_of("advice.text", self, most=most)

    def to_json(self) -> str:
        """The same with all of the advice."""
        return text_of("advice.json", self)

    def to_html(self) -> str:
        """One page that needs nothing else."""
        return text_of("advice.html", self)

    def __repr__(self) -> str:
        return f"<u65sim.AdviceReport on {self.report.name}: {len(self.advice)} tried>"


@dataclass(frozen=True)
class OracleStatistics:
    """What an oracle did so far; times are sums over all threads."""

    queries: int
    hits: int
    misses: int
    errors: int
    unchanged_files: int
    answers: int
    answer_bytes: int
    read_seconds: float
    hash_seconds: float
    compile_seconds: float
    simulate_seconds: float
    report_seconds: float


class Oracle:
    """Answers how long networks take on a target, and remembers what it answered.

        oracle = Oracle(Target.preset("u65-256"))
        report = oracle.estimate("net.tflite")

    It may be used from several threads at once. A pickled oracle takes its target and settings
    along, and forgets its answers. Raises InvalidConfig for settings that do not go together.
    """

    __slots__ = ("_handle", "_target", "_settings")
    _handle: Handle
    _target: Target
    _settings: OracleSettings

    def __init__(self, target: Target, *, like_vela: bool = False, effort: str = "normal",
                 settings: Optional[OracleSettings] = None) -> None:
        chosen = settings or OracleSettings(like_vela=like_vela, effort=effort)
        arguments = chosen.compile._arguments()
        arguments["like_vela"] = arguments["like_vela"] or chosen.like_vela
        self._target = target.copy()
        self._settings = chosen
        self._handle = call(
            "oracle.create", target, effort=chosen.effort, cycle_limit=chosen.cycle_limit,
            timeline=chosen.timeline, ranges=chosen.ranges, memory_bytes=chosen.memory_bytes, workers=chosen.workers,
            **arguments).objects[0]

    @property
    def target(self) -> Target:
        """A copy of the target it answers for."""
        return self._target.copy()

    @property
    def settings(self) -> OracleSettings:
        """How it answers."""
        return self._settings

    def estimate(self, network: Union[Graph, PathLike]) -> Report:
        """One inference of a graph, or of a .tflite or YAML file: compiled and simulated.

        Raises what reading, compiling and simulating raise: FileError, InvalidModel, DoesNotFit.
        """
        if isinstance(network, Graph):
            reply = call("oracle.estimate", self, network)
        else:
            reply = call("oracle.estimate_file", self, file=os.fspath(network))
        return Report._of(reply.objects[0], reply.value)

    @overload
    def estimate_all(self, graphs: Sequence[Graph], *, threads: int = 0,
                     keep_errors: Literal[False] = False,
                     progress: Optional[Progress] = None) -> List[Report]: ...

    @overload
    def estimate_all(self, graphs: Sequence[Graph], *, threads: int = 0,
                     keep_errors: Literal[True],
                     progress: Optional[Progress] = None) -> List[Union[Report, Exception]]: ...

    def estimate_all(self, graphs: Sequence[Graph], *, threads: int = 0,
                     keep_errors: bool = False, progress: Optional[Progress] = None) -> Any:
        """Reports in the graphs' order, by several threads (0: one a core).

        With `keep_errors` a failed graph's place holds its exception, of the type that estimate()
        raises; else the first one is raised. `progress(done, all)` is called after each answer,
        from another thread; when it returns False the rest end with Cancelled.
        """
        reply = call_long("oracle.estimate_all", self, *graphs, threads=threads, progress=progress)
        handles = iter(reply.objects)
        answers: List[Union[Report, Exception]] = []
        for row in reply.value:
            if "error" not in row:
                answers.append(Report._of(next(handles), row))
                continue
            failure = make_error(row["error"], row["text"])
            if not keep_errors:
                raise failure
            answers.append(failure)
        return answers

    def best_of(self, graphs: Sequence[Graph], scores: Optional[Sequence[float]] = None, *,
                budget_ms: Optional[float] = None, threads: int = 0,
                progress: Optional[Progress] = None) -> Best:
        """The fastest of many networks, or with a score for each the one with the largest score
        of those within `budget_ms`; the first of equals.

        All are ranked by effort quick, then by the oracle's own effort as many as that leaves in
        question: the network that estimate_all() would find, at a part of the cost. `progress` is
        called after each quick answer. Raises InvalidConfig for an oracle of effort quick, for
        targets and options that effort quick has no rules for, and for scores that are not one a
        network.
        """
        reply = call_long("oracle.best_of", self, *graphs, budget_ms=budget_ms, threads=threads,
                          scores=None if scores is None else [float(each) for each in scores],
                          progress=progress)
        facts = dict(reply.value)
        summary = facts.pop("report")
        report = Report._of(reply.objects[0], summary) if reply.objects else None
        return Best(report=report, **facts)

    def advise(self, graph: Graph, *, threads: int = 0) -> AdviceReport:
        """What would make this network faster, the largest saving first: each is tried on the
        machine, so this takes as long as some queries for each operator."""
        reply = call_long("oracle.advise", self, graph, threads=threads)
        found = AdviceReport.__new__(AdviceReport)
        found.report = Report._of(reply.objects[0], reply.value["report"])
        found._handle = reply.objects[1]
        found.advice = [Advice(**row) for row in reply.value["advice"]]
        return found

    @property
    def statistics(self) -> OracleStatistics:
        """Queries, hits, misses, and where the time went."""
        return OracleStatistics(**call("oracle.statistics", self).value)

    @property
    def hits(self) -> int:
        """Queries answered from memory."""
        return self.statistics.hits

    @property
    def misses(self) -> int:
        """Queries worked out."""
        return self.statistics.misses

    def __reduce__(self) -> Tuple[Any, ...]:
        return _oracle_again, (self._target, self._settings)

    def __repr__(self) -> str:
        facts: Dict[str, Any] = {"effort": self._settings.effort}
        if self._settings.like_vela:
            facts["like_vela"] = True
        shown = ", ".join(f"{key}={value!r}" for key, value in facts.items())
        return f"<u65sim.Oracle for {self._target.name}, {shown}>"


def _oracle_again(target: Target, settings: OracleSettings) -> Oracle:
    return Oracle(target, settings=settings)
