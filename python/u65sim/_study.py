"""What-if studies: many questions, stated in one YAML file."""
from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from html import escape
from typing import Any, Dict, List, Optional, Sequence, Tuple

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
    """"measured", "does_not_fit", "failed" or "unanswered"."""
    settings: Dict[str, str]
    measures: Dict[str, Optional[float]]
    """Every measure of study_measures() by its key; None where it has no value."""
    reason: str
    hypotheses: Tuple[str, ...]


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

    def __repr__(self) -> str:
        return f"<u65sim.Study {self.title!r}: {self.items} items>"


class StudyResults:
    """Everything a study found, in the order of its items: what run_study() returns."""

    __slots__ = ("_handle", "rows", "pareto_front")
    _handle: Handle
    rows: List[StudyRow]
    pareto_front: List[bool]
    """For each row, whether no other is better in all measures; empty where none was asked for."""

    def __init__(self) -> None:
        raise TypeError("StudyResults are what run_study() returns")

    @classmethod
    def _of(cls, reply: Reply) -> StudyResults:
        results = cls.__new__(cls)
        results._handle = reply.objects[0]
        results.rows = [
            StudyRow(row["item"], row["role"], row["status"], dict(row["settings"]),
                     row["measures"], row["reason"], tuple(row["hypotheses"]))
            for row in reply.value["rows"]]
        results.pareto_front = reply.value["pareto"]
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
        return f"<u65sim.StudyResults: {len(self.rows)} rows>"


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


def merge_study(study: Study, folders: Sequence[PathLike], folder: PathLike) -> StudyResults:
    """Joins the shards of a study to what an unbroken run leaves in `folder`."""
    return StudyResults._of(call("study.merge", study,
                                 folders=[os.fspath(each) for each in folders],
                                 folder=os.fspath(folder)))
