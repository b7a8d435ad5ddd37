"""What-if studies: many questions, stated in one YAML file."""
from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from html import escape
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from ._native import Handle, Progress, Reply, call, call_long, text_of
from ._target import PathLike


@dataclass(frozen=True)
class StudyKey:
    """What an axis of a study may change."""

    key: str
    unit: str
    summary: str
    range: str


@dataclass(frozen=True)
class StudyMeasure:
    """What a study measures."""

    key: str
    unit: str
    summary: str
    larger_is_better: bool


@dataclass(frozen=True)
class StudyRow:
    """One simulated point, or the reason why it could not be."""

    item: int
    role: str
    """"point", "probe", "answer", "sensitivity" or "sample"."""
    status: str
    """"measured", "does_not_fit", "failed", "unanswered" or "estimated"."""
    settings: Dict[str, str]
    measures: Dict[str, Optional[float]]
    """Every measure of study_measures() by its key; None where it has no value."""
    reason: str
    hypotheses: Tuple[str, ...]
    bounds: Dict[str, Tuple[float, float]]
    """Measures that effort quick was asked for: the least and the most that a simulation's may be."""

    @staticmethod
    def _of(row: Dict[str, Any]) -> StudyRow:
        return StudyRow(row["item"], row["role"], row["status"], dict(row["settings"]),
                        row["measures"], row["reason"], tuple(row["hypotheses"]),
                        {key: (ends[0], ends[1]) for key, ends in row["bounds"].items()})


@dataclass(frozen=True)
class StudyEffort:
    """What a front or searches cost that effort quick took part in."""

    simulated: int
    estimated: int
    """Points that effort quick's bounds made needless to simulate."""
    misses: int
    """Of the simulated points, those outside of their bounds."""


@dataclass(frozen=True)
class StudyPoint:
    """A piece of a study's work by itself, which evaluate() answers in any process. Made by
    Study.points(); it can be pickled."""

    item: int
    text: str
    """A line of JSON: settings, and how the point is answered."""


@dataclass(frozen=True)
class StudyRecord:
    """What evaluate() made of a StudyPoint, for Study.collect(). It can be pickled."""

    text: str
    """A line as a study's journal has it."""

    @property
    def item(self) -> int:
        """Of the study, the item that it answers."""
        return int(json.loads(self.text)["item"])

    @property
    def measures(self) -> Dict[str, float]:
        """Figures of the point, or of what a search found; empty where there are none."""
        figures: Dict[str, float] = json.loads(self.text)["rows"][-1]["measures"]
        return figures

    @property
    def status(self) -> str:
        """As StudyRow.status has it."""
        return str(json.loads(self.text)["rows"][-1]["status"])


def study_keys() -> List[StudyKey]:
    """Every key that an axis may change."""
    return [StudyKey(**row) for row in call("study.keys").value["keys"]]


def study_measures() -> List[StudyMeasure]:
    """Everything a study may measure."""
    return [StudyMeasure(**row) for row in call("study.keys").value["measures"]]


class Study:
    """A study as its file states it, checked. Made by read() or from_text()."""

    __slots__ = ("_handle", "_facts")
    _handle: Handle
    _facts: Dict[str, Any]

    def __init__(self) -> None:
        raise TypeError("a Study is made by Study.read() or Study.from_text()")

    @classmethod
    def _of(cls, reply: Reply) -> Study:
        study = cls.__new__(cls)
        study._handle = reply.objects[0]
        study._facts = reply.value
        return study

    @staticmethod
    def read(file: PathLike) -> Study:
        """Raises FileError, or InvalidConfig with file:line:column."""
        return Study._of(call("study.read", file=os.fspath(file)))

    @staticmethod
    def from_text(text: str, origin: str = "<text>", folder: PathLike = "") -> Study:
        """YAML in memory; `folder` is where the files it names are."""
        return Study._of(call("study.read_text", text=text, origin=origin,
                              folder=os.fspath(folder)))

    @property
    def title(self) -> str:
        """What the study says it is."""
        return str(self._facts["title"])

    @property
    def items(self) -> int:
        """Independent pieces of work: points, or searches for one."""
        return int(self._facts["items"])

    def settings(self, item: int) -> Dict[str, str]:
        """What one item changes, axis by axis."""
        return dict(call("study.settings", self, item=item).value)

    def sample(self, count: int) -> Study:
        """The same study with at most `count` of its items, spread evenly."""
        return Study._of(call("study.sample", self, count=count))

    def points(self, records: Iterable[StudyRecord] = ()) -> List[StudyPoint]:
        """What is left of the study when `records` are there: points that have none. Where all have
        one, nothing; but a study that simulates its front alone then names points to simulate,
        until its front is known:

            records = []
            while points := study.points(records):
                records += executor.map(u65sim.evaluate, points)
            results = study.collect(records, folder)

        Raises InvalidConfig for records of other studies.
        """
        reply = call("study.points", self, buffers=[_lines_of(records)])
        lines = reply.buffers[0].decode("utf-8", "replace").split("\n")
        return [StudyPoint(item, line) for item, line in zip(reply.value, lines)]

    def collect(self, records: Iterable[StudyRecord],
                folder: Optional[PathLike] = None) -> StudyResults:
        """What run_study() returns and leaves in `folder`, from the records of all points, in any
        order and as often as they came. Raises InvalidConfig when points have none."""
        return StudyResults._of(call("study.collect", self, buffers=[_lines_of(records)],
                                     folder=None if folder is None else os.fspath(folder)))

    def __repr__(self) -> str:
        return f"<u65sim.Study {self.title!r}: {self.items} items>"


def _lines_of(records: Iterable[StudyRecord]) -> bytes:
    return "".join(record.text + "\n" for record in records).encode("utf-8", "replace")


class StudyResults:
    """Everything a study found, in the order of its items: what run_study() returns."""

    __slots__ = ("_handle", "_rows", "_count", "pareto_front", "effort")
    _handle: Handle
    _rows: Optional[List[StudyRow]]
    _count: int
    pareto_front: List[bool]
    """For each row, whether no other is better in all measures; empty where none was asked for."""
    effort: Optional[StudyEffort]
    """What effort quick left to simulate; None where it was not asked."""

    def __init__(self) -> None:
        raise TypeError("StudyResults are what run_study() returns")

    @property
    def rows(self) -> List[StudyRow]:
        """A row a point, or a probe and an answer of each search."""
        if self._rows is None:
            self._rows = [StudyRow._of(row) for row in call("study.rows", self).value]
        return self._rows

    @classmethod
    def _of(cls, reply: Reply) -> StudyResults:
        results = cls.__new__(cls)
        results._handle = reply.objects[0]
        results._rows = None
        results._count = reply.value["rows"]
        results.pareto_front = reply.value["pareto"]
        effort = reply.value["effort"]
        results.effort = None if effort is None else StudyEffort(**effort)
        return results

    def to_text(self) -> str:
        """A summary of at most 100 columns."""
        return text_of("study.text", self)

    def to_csv(self) -> str:
        """One line a row."""
        return text_of("study.csv", self)

    def to_json(self) -> str:
        """Everything."""
        return text_of("study.json", self)

    def to_html(self) -> str:
        """One page with its plots."""
        return text_of("study.html", self)

    def _repr_html_(self) -> str:
        lines = list(csv.reader(self.to_csv().splitlines()))
        cells = ("".join(f"<td>{escape(cell)}</td>" for cell in line) for line in lines)
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"

    def __repr__(self) -> str:
        return f"<u65sim.StudyResults: {self._count} rows>"


def run_study(study: Study, folder: Optional[PathLike] = None, *, jobs: int = 1,
              resume: bool = False, shard: int = 0, shards: int = 1,
              progress: Optional[Progress] = None) -> StudyResults:
    """Runs a study on `jobs` threads; with a `folder` its journal, tables, plots and page are
    written there, and a run that was ended goes on with `resume`.

    `shard` of `shards` works on a part. `progress(done, all)` returns False to end with Cancelled.
    Raises InvalidConfig when the folder holds another study's journal, or one without `resume`.
    """
    return StudyResults._of(call_long(
        "study.run", study, folder=None if folder is None else os.fspath(folder), jobs=jobs,
        resume=resume, shard=shard, shards=shards, progress=progress))


def merge_study(study: Study, folders: Sequence[PathLike], folder: PathLike, *,
                jobs: int = 1) -> StudyResults:
    """Joins the shards of a study to what an unbroken run leaves in `folder`; of a study that
    simulates its front alone, simulates it, on `jobs` threads."""
    return StudyResults._of(call_long("study.merge", study,
                                      folders=[os.fspath(each) for each in folders],
                                      folder=os.fspath(folder), jobs=jobs))
