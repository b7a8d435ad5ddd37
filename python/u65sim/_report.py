"""Reports: cycles, bandwidth and spill events of one inference, as records."""
from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from ._errors import InvalidConfig
from ._native import Handle, call, text_of


@dataclass(frozen=True)
class CpuOperator:
    """An operator left to the CPU, and why."""

    name: str
    type: str
    reason: str
    operand_bytes: int
    macs: int


@dataclass(frozen=True)
class Model:
    """The network as it was compiled."""

    name: str
    producer: str
    content_hash: str
    macs: int
    npu_macs: int
    parameters: int
    file_bytes: int
    npu_operators: int
    cpu_operators: Tuple[CpuOperator, ...]


@dataclass(frozen=True)
class PortCeiling:
    """What keeps a port from moving more, for the traffic of the run as it was mixed."""

    kind: str
    """"width", "bandwidth", "reads_in_flight" ..."""
    bytes_per_cycle: float
    text: str
    """One sentence."""
    field: str
    """Of the target, which moves it; empty where none does."""
    channel: str = ""
    """Of one channel while nothing else moves; empty: of all of the traffic."""


@dataclass(frozen=True)
class MemoryUse:
    """A memory's use and traffic, bytes; `peak_bytes` is the highest byte used (SRAM), or model
    plus activations (DRAM)."""

    capacity_bytes: int
    peak_bytes: int
    read_bytes: int
    write_bytes: int
    ceilings: Tuple[PortCeiling, ...]
    """Of all traffic, the lowest first, then of single channels; none of an idle port."""


@dataclass(frozen=True)
class SpillEvent:
    """A feature map that lives in DRAM because the arena had no room."""

    tensor: str
    bytes: int
    reason: str
    producer: str
    consumers: Tuple[str, ...]
    start_cycle: int
    """When its first byte goes to DRAM."""
    dram_read_bytes: int
    dram_write_bytes: int


@dataclass(frozen=True)
class OperatorReport:
    """What one operator of the network cost, or one kernel of a stream without names."""

    name: str
    type: str
    start_cycle: int
    end_cycle: int
    cycles: int
    """Of the network's total, what this operator accounts for."""
    macs: int
    mac_utilization: float
    bound_by: str
    """The largest of `stalls`; empty where there are no cycles."""
    block: str
    """OFM block, height x width x depth, of its largest kernel."""
    sram_bytes: int
    dram_bytes: int
    kernels: int
    dmas: int
    bound_cycles: int
    """The least it takes by itself; 0: not known."""
    limit: str
    kept_by: str
    stalls: Dict[str, int]
    """Cycles by cause; they add up to `cycles`."""


@dataclass(frozen=True)
class CycleInterval:
    """Between which cycles a simulation would be, of a report by effort quick."""

    low_cycles: int
    high_cycles: int
    """Held `coverage` of the networks kept out of the calibration."""
    coverage: float
    least_cycles: int
    most_cycles: int
    """Held nearly all that were measured, with a margin: what a search relies on."""
    source: str
    """The networks it was measured on."""


@dataclass(frozen=True)
class TimePart:
    """A span of time, from `low_ms` to `high_ms` where its numbers have ranges."""

    ms: float
    low_ms: float
    high_ms: float
    source: str
    """Of the least certain number in it: "measured", "vendor", "published" or "assumed"."""


@dataclass(frozen=True)
class CpuOperatorTime:
    """What an operator left to the CPU takes."""

    name: str
    type: str
    work: str
    """The kind of work it is; empty for a target without a CPU."""
    time: TimePart


@dataclass(frozen=True)
class WholeInference:
    """One inference as a clock beside the board measures it."""

    ms: float
    low_ms: float
    high_ms: float
    npu: TimePart
    calls: TimePart
    """Driver, runtime, caches."""
    cpu: TimePart
    cpu_operators: Tuple[CpuOperatorTime, ...]


@dataclass(frozen=True)
class LiveRange:
    """Where a buffer lay in memory, and between which cycles the place was its own."""

    name: str
    kind: str
    memory: str
    """"sram" or "dram"."""
    offset: int
    bytes: int
    start_cycle: int
    end_cycle: int
    spilled: bool


def _row(kind: Any, row: Dict[str, Any]) -> Any:
    """A record of a row of the JSON, whose further keys are newer than the record."""
    known = kind.__dataclass_fields__
    values = {key: tuple(value) if isinstance(value, list) else value
              for key, value in row.items() if key in known}
    return kind(**{key: "" if value is None else value for key, value in values.items()})


class Report:
    """The answer of Oracle.estimate(): cycles, bandwidth and spill events of one network.

    Reports of equal runs are equal; they can be pickled. `to_json()` is what `u65sim run --format
    json` prints, to the byte; docs/report.md of the project says what each key means.
    """

    __slots__ = ("_handle", "_summary", "_json", "_parsed", "_rendered")
    _handle: Optional[Handle]
    _summary: Optional[Dict[str, Any]]
    _json: Optional[str]
    _parsed: Optional[Dict[str, Any]]
    _rendered: Dict[str, str]
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        raise TypeError("a Report is what Oracle.estimate() returns; Report.from_json() reads one")

    @classmethod
    def _of(cls, handle: Optional[Handle], summary: Optional[Dict[str, Any]],
            text: Optional[str] = None, rendered: Optional[Dict[str, str]] = None) -> Report:
        report = cls.__new__(cls)
        report._handle = handle
        report._summary = summary
        report._json = text
        report._parsed = None
        report._rendered = dict(rendered or {})
        return report

    @staticmethod
    def from_json(text: str) -> Report:
        """A report that to_json() or the program wrote. It has no to_text(), to_csv() and
        to_trace(). Raises InvalidConfig for anything else."""
        return _stored(text, {})

    def to_json(self) -> str:
        """Everything, under the keys of docs/report.md."""
        if self._json is None:
            self._json = text_of("report.json", self)  # type: ignore[arg-type]
        return self._json

    def to_dict(self) -> Dict[str, Any]:
        """to_json() as a new dictionary."""
        parsed: Dict[str, Any] = json.loads(self.to_json())
        return parsed

    def _document(self) -> Dict[str, Any]:
        if self._parsed is None:
            self._parsed = self.to_dict()
        return self._parsed

    def _text(self, kind: str) -> str:
        if kind not in self._rendered:
            if self._handle is None:
                raise InvalidConfig(f"to_{kind}: a report that was read from JSON has none")
            self._rendered[kind] = text_of(f"report.{kind}", self)  # type: ignore[arg-type]
        return self._rendered[kind]

    def to_text(self) -> str:
        """What `u65sim run` prints: a summary, where the time goes, spills, the operators."""
        return self._text("text")

    def to_csv(self) -> str:
        """The table of operators."""
        return self._text("csv")

    def to_trace(self) -> str:
        """The timeline in Chrome's trace event format, which Perfetto opens. Raises InvalidConfig
        without one: Oracle(target, timeline=True) keeps it."""
        return self._text("trace")

    def to_model_explorer(self, measure: str = "cycles") -> str:
        """Node data for ai-edge-model-explorer: a value for each operator under the name of its
        output tensor ("cycles", "bound_by", "sram_bytes", "dram_bytes", "spilled_bytes")."""
        if self._handle is None:
            raise InvalidConfig("to_model_explorer: a report that was read from JSON has none")
        return text_of("report.model_explorer", self,  # type: ignore[arg-type]
                       measure=measure)

    def to_html(self) -> str:
        """One page with charts that needs nothing else."""
        return text_of("report.html", json=self.to_json())

    def _figure(self, key: str) -> Any:
        if self._summary is None:
            self._summary = _summary_of(self._document())
        return self._summary[key]

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self._figure("name"))

    @property
    def latency_ms(self) -> Optional[float]:
        """NPU time plus host time, milliseconds; None where the NPU runs nothing."""
        latency: Optional[float] = self._figure("latency_ms")
        return latency

    @property
    def npu_share(self) -> float:
        """Of the multiply-accumulates (of the operators, where there are none), 0 to 1."""
        return float(self._figure("npu_share"))

    @property
    def cycles(self) -> int:
        """NPU clock cycles."""
        return int(self._figure("cycles"))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the network."""
        return int(self._figure("macs"))

    @property
    def mac_utilization(self) -> float:
        """NPU multiply-accumulates / (peak a cycle x cycles)."""
        return float(self._figure("mac_utilization"))

    @property
    def sram_peak_bytes(self) -> int:
        """The highest byte of the SRAM arena in use."""
        return int(self._figure("sram_peak_bytes"))

    @property
    def dram_used_bytes(self) -> int:
        """Model plus activations in DRAM."""
        return int(self._figure("dram_used_bytes"))

    @property
    def dram_traffic_bytes(self) -> int:
        """Bytes read from and written to DRAM."""
        return int(self._figure("dram_traffic_bytes"))

    @property
    def model(self) -> Model:
        """The network as it was compiled."""
        row = self._document()["model"]
        cpu = tuple(_row(CpuOperator, each) for each in row["cpu_operators"])
        model: Model = _row(Model, {**row, "cpu_operators": cpu})
        return model

    def _memory(self, key: str, peak: str) -> MemoryUse:
        row = self._document()[key]
        ceilings = tuple(_row(PortCeiling, each) for each in row["ceilings"])
        return MemoryUse(row["capacity_bytes"], row[peak], row["read_bytes"], row["write_bytes"],
                         ceilings)

    @property
    def sram(self) -> MemoryUse:
        """The memory behind AXI0."""
        return self._memory("sram", "peak_bytes")

    @property
    def dram(self) -> MemoryUse:
        """The memory behind AXI1."""
        return self._memory("dram", "used_bytes")

    @property
    def encoded_weight_bytes(self) -> int:
        """Compressed weights plus scale records."""
        return int(self._document()["dram"]["encoded_weight_bytes"])

    @property
    def stalls(self) -> Dict[str, int]:
        """Cycles by cause; they add up to `cycles`."""
        return dict(self._document()["stalls"])

    @property
    def pmu(self) -> Dict[str, int]:
        """Counters by the names of the hardware's events."""
        return dict(self._document()["pmu"])

    @property
    def spills(self) -> List[SpillEvent]:
        """Feature maps that the arena had no room for, with cycles and traffic."""
        return [_row(SpillEvent, row) for row in self._document()["spills"]]

    @property
    def operators(self) -> List[OperatorReport]:
        """A row an operator, in order of its first kernel or copy: pandas.DataFrame takes it."""
        return [_row(OperatorReport, row) for row in self._document()["operators"]]

    @property
    def live_ranges(self) -> List[LiveRange]:
        """Buffers in memory, by start."""
        return [_row(LiveRange, row) for row in self._document()["live_ranges"]]

    @property
    def bound_cycles(self) -> int:
        """No command stream takes fewer; 0: not known."""
        return int(self._document()["total"]["bound_cycles"])

    @property
    def limit(self) -> str:
        """What sets `bound_cycles`: "mac", "weights", "sram", "off_chip" ...; "none"."""
        return str(self._document()["total"]["limit"])

    @property
    def interval(self) -> Optional[CycleInterval]:
        """Of effort quick only, which simulates nothing."""
        row = self._document().get("interval")
        return None if row is None else _row(CycleInterval, row)

    @property
    def inference(self) -> Optional[WholeInference]:
        """Of targets that say what the rest of an inference takes (`host` fields), or whose
        numbers have ranges."""
        row = self._document().get("inference")
        if row is None:
            return None
        parts = {key: _row(TimePart, row[key]) for key in ("npu", "calls", "cpu")}
        cpu = tuple(_row(CpuOperatorTime, {**each, "time": _row(TimePart, each)})
                    for each in row["cpu_operators"])
        whole: WholeInference = _row(WholeInference, {**row, **parts, "cpu_operators": cpu})
        return whole

    @property
    def assumptions(self) -> List[str]:
        """What the figures assume, as sentences."""
        return list(self._document()["assumptions"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __reduce__(self) -> Tuple[Any, ...]:
        rendered = dict(self._rendered)
        if self._handle is not None:
            rendered.update(text=self.to_text(), csv=self.to_csv())
        return _stored, (self.to_json(), rendered)

    def __repr__(self) -> str:
        latency = "nothing on the NPU" if self.latency_ms is None else f"{self.latency_ms:.3f} ms"
        return (f"<u65sim.Report {self.name} on {self._figure('target')}: {latency}, "
                f"{self.cycles:,} cycles, {self._figure('spills')} spills>")

    def _repr_html_(self) -> str:
        return _html_summary(self)


def _summary_of(document: Dict[str, Any]) -> Dict[str, Any]:
    model, total = document["model"], document["total"]
    sram, dram = document["sram"], document["dram"]
    on_cpu = len(model["cpu_operators"])
    every = model["npu_operators"] + on_cpu
    share = (model["npu_macs"] / model["macs"] if model["macs"]
             else model["npu_operators"] / every if every else 0.0)
    return {
        "name": model["name"], "target": document["target"]["name"],
        "latency_ms": total["latency_ms"], "npu_share": share, "cycles": total["cycles"],
        "macs": model["macs"], "mac_utilization": total["mac_utilization"],
        "sram_peak_bytes": sram["peak_bytes"], "dram_used_bytes": dram["used_bytes"],
        "dram_traffic_bytes": dram["read_bytes"] + dram["write_bytes"],
        "spills": len(document["spills"]),
    }


def _stored(text: str, rendered: Dict[str, str]) -> Report:
    """A report without a value of the library behind it."""
    try:
        document = json.loads(text)
        summary = _summary_of(document)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidConfig(f"not the JSON of a report: {error!r}") from None
    return Report._of(None, summary, text, rendered)


def _html_summary(report: Report) -> str:
    """What a notebook shows: figures, a bar for each cause, and the slowest operators."""
    latency = "-" if report.latency_ms is None else f"{report.latency_ms:.3f} ms"
    figures = [
        ("latency", f"{latency} = {report.cycles:,} cycles"),
        ("MAC utilization", f"{report.mac_utilization:.1%}"),
        ("on the NPU", f"{report.npu_share:.1%}"),
        ("SRAM peak", f"{report.sram_peak_bytes / 1024:.1f} KiB"),
        ("DRAM traffic", f"{report.dram_traffic_bytes / 1024:.1f} KiB"),
        ("spills", str(len(report.spills))),
    ]
    rows = "".join(f"<tr><th style='text-align:left'>{name}</th><td>{value}</td></tr>"
                   for name, value in figures)
    causes = "".join(
        f"<tr><th style='text-align:left'>{escape(cause)}</th><td>{cycles:,}</td><td>"
        f"<div style='background:#0072b2;height:0.8em;width:{200 * cycles / report.cycles:.0f}px'>"
        "</div></td></tr>"
        for cause, cycles in sorted(report.stalls.items(), key=lambda each: -each[1]) if cycles)
    slowest = "".join(
        f"<tr><td style='text-align:left'>{escape(op.name)}</td><td>{escape(op.type)}</td>"
        f"<td>{op.cycles:,}</td><td>{op.mac_utilization:.1%}</td><td>{escape(op.bound_by)}</td></tr>"
        for op in sorted(report.operators, key=lambda op: -op.cycles)[:10])
    title = escape(f"{report.name} on {report._figure('target')}")
    return (f"<div><b>{title}</b><table>{rows}</table><table>{causes}</table>"
            "<table><tr><th>slowest operators</th><th>type</th><th>cycles</th>"
            f"<th>utilization</th><th>bound by</th></tr>{slowest}</table></div>")


@dataclass(frozen=True)
class Comparison:
    """Reports of several runs side by side; the first is what the others are compared with."""

    text: str
    json: str
    html: str

    def to_text(self) -> str:
        """Summary, causes, and the operators that differ most."""
        return self.text

    def to_dict(self) -> Dict[str, Any]:
        """The JSON as a dictionary."""
        parsed: Dict[str, Any] = json.loads(self.json)
        return parsed

    def to_json(self) -> str:
        """The same as a text."""
        return self.json

    def to_html(self) -> str:
        """The page of Report.to_html() for all runs."""
        return self.html


def compare_reports(reports: Sequence[Union[Report, str]],
                    names: Optional[Sequence[str]] = None) -> Comparison:
    """Two or more reports, or the JSON of such. `names` stand for them in messages and headings."""
    texts = [each.to_json() if isinstance(each, Report) else each for each in reports]
    origins = list(names) if names is not None else [f"report {i + 1}" for i in range(len(texts))]
    if len(origins) != len(texts):
        raise InvalidConfig(f"{len(texts)} reports have {len(origins)} names")
    return Comparison(*[part.decode() for part in call("report.compare", origins=origins,
                                                       reports=texts).buffers])
