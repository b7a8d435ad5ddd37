"""Compiled networks: making, storing, simulating and executing them."""
from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ._graph import Graph, numpy_type
from ._native import Handle, call, text_of
from ._report import CpuOperator, Report, _row
from ._target import PathLike, Target

if TYPE_CHECKING:
    import numpy

Data = Union[bytes, bytearray, memoryview, "numpy.ndarray[Any, Any]"]
"""A tensor's elements: a NumPy array, or little-endian bytes."""

DEFAULT_CYCLE_LIMIT = 100_000_000_000
DEFAULT_WORK_LIMIT = 1 << 36


@dataclass(frozen=True)
class CompileOptions:
    """How a network becomes command streams."""

    optimise: str = "performance"
    """Or "size"."""
    max_blockdep: int = 3
    """0 to 3."""
    threads: int = 1
    """Threads that encode weights; the result does not depend on it."""
    dump_after: str = ""
    """Stop behind this one of pass_names() and keep its dump."""
    without: Tuple[str, ...] = ()
    """Steps to leave out, of optional_steps()."""
    like_vela: bool = False
    """Plan as Vela does, for networks that Vela will compile."""
    vela_version: str = "5.2"
    """Whose rules like_vela takes: "5.0" or "5.2"."""

    def _arguments(self) -> Dict[str, Any]:
        return {"optimise": self.optimise, "max_blockdep": self.max_blockdep,
                "threads": self.threads, "dump_after": self.dump_after,
                "without": list(self.without), "like_vela": self.like_vela,
                "vela_version": self.vela_version}


def pass_names() -> List[str]:
    """The compiler's passes, in order."""
    return list(call("compile.lists").value["passes"])


def optional_steps() -> List[str]:
    """What CompileOptions.without may leave out."""
    return list(call("compile.lists").value["optional_steps"])


@dataclass(frozen=True)
class InterfaceTensor:
    """An input or output of a compiled network."""

    name: str
    shape: Tuple[int, ...]
    type: str
    bytes: int


@dataclass(frozen=True)
class Segment:
    """A run of operators on the NPU: one command stream of 32-bit words."""

    name: str
    words: int
    inputs: Tuple[int, ...]
    outputs: Tuple[int, ...]


@dataclass(frozen=True)
class Placement:
    """Where a tensor or buffer lives; times are positions in execution order, both included."""

    name: str
    kind: str
    region: int
    """0: constants, 1: arena, 2: fast memory."""
    offset: int
    bytes: int
    first_use: int
    last_use: int


@dataclass(frozen=True)
class SpilledMap:
    """A feature map that the compiler placed in DRAM because the arena had no room."""

    tensor: str
    bytes: int
    reason: str
    producer: str
    consumers: Tuple[str, ...]


class CompiledNetwork:
    """A network lowered to command streams: what compile() returns."""

    __slots__ = ("_handle", "_facts", "target")
    _handle: Handle
    _facts: Dict[str, Any]
    target: Target
    """Compiled for."""

    def __init__(self) -> None:
        raise TypeError("a CompiledNetwork is what compile() returns")

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self._facts["name"])

    @property
    def producer(self) -> str:
        """Who made the streams: "u65sim 0.1.0", "Vela 3.10.0" ..."""
        return str(self._facts["producer"])

    @property
    def arena_bytes(self) -> int:
        """Size of region 1."""
        return int(self._facts["arena_bytes"])

    @property
    def fast_bytes(self) -> int:
        """Size of region 2."""
        return int(self._facts["fast_bytes"])

    @property
    def encoded_weight_bytes(self) -> int:
        """Compressed weights plus scale records."""
        return int(self._facts["encoded_weight_bytes"])

    @property
    def pass_dump(self) -> str:
        """Of the pass that CompileOptions.dump_after names."""
        return str(self._facts["pass_dump"])

    @property
    def segments(self) -> List[Segment]:
        """The command streams, in execution order."""
        return [_row(Segment, row) for row in self._facts["segments"]]

    @property
    def cpu_operators(self) -> List[CpuOperator]:
        """Operators left to the CPU, and why."""
        return [_row(CpuOperator, row) for row in self._facts["cpu_operators"]]

    @property
    def spills(self) -> List[SpilledMap]:
        """Feature maps that the arena had no room for."""
        return [_row(SpilledMap, row) for row in self._facts["spills"]]

    @property
    def placements(self) -> List[Placement]:
        """Where every tensor and buffer lives."""
        return [_row(Placement, row) for row in call("compile.placements", self).value]

    @property
    def inputs(self) -> List[InterfaceTensor]:
        """The network's inputs, in order."""
        return [_row(InterfaceTensor, row) for row in self._facts["inputs"]]

    @property
    def outputs(self) -> List[InterfaceTensor]:
        """The network's outputs, in order."""
        return [_row(InterfaceTensor, row) for row in self._facts["outputs"]]

    @property
    def constants(self) -> bytes:
        """What region 0 holds; empty when weights are modelled."""
        return call("compile.constants", self).buffers[0]

    def disassemble(self, segment: int = 0) -> str:
        """One line an instruction of a segment's stream."""
        return text_of("compile.disassemble", self, segment=segment)

    def payload(self, segment: int = 0) -> bytes:
        """A segment's stream as the driver takes it ("COP1")."""
        return call("compile.payload", self, segment=segment).buffers[0]

    def to_graph(self) -> Graph:
        """The network with `ethos-u` operators in place of its segments."""
        return Graph._of(call("compile.export", self))

    def save(self, file: PathLike) -> None:
        """Writes to_graph() as a .tflite."""
        self.to_graph().save(os.fspath(file))

    def arena_svg(self) -> str:
        """A drawing of what lives in the SRAM: execution order to the right, addresses upwards."""
        return text_of("compile.arena_svg", self)

    def __repr__(self) -> str:
        return (f"<u65sim.CompiledNetwork {self.name} by {self.producer}: "
                f"{len(self.segments)} segments, {len(self.cpu_operators)} CPU operators, "
                f"{len(self.spills)} spills>")


def compile(graph: Graph, target: Target, options: CompileOptions = CompileOptions(), *,
            effort: str = "normal") -> CompiledNetwork:
    """Lowers a graph for a target; a graph that is compiled already is imported.

    With `effort` "high" many plans are run on the machine and the fastest is kept. Raises
    InvalidModel for broken graphs, DoesNotFit when model plus activations exceed a memory.
    """
    reply = call("compile.graph", graph, target, effort=effort, **options._arguments())
    network = CompiledNetwork.__new__(CompiledNetwork)
    network._handle = reply.objects[0]
    network._facts = reply.value
    network.target = target.copy()
    return network


class Simulation:
    """What the machine measured while it ran a compiled network: what simulate() returns."""

    __slots__ = ("_handle", "_facts")
    _handle: Handle
    _facts: Dict[str, Any]

    def __init__(self) -> None:
        raise TypeError("a Simulation is what simulate() returns")

    @property
    def cycles(self) -> int:
        """NPU_ACTIVE: all segments, back to back."""
        return int(self._facts["cycles"])

    @property
    def stalls(self) -> Dict[str, int]:
        """Cycles by cause; they add up to `cycles`."""
        return dict(self._facts["stalls"])

    @property
    def pmu(self) -> Dict[str, int]:
        """Counters by the names of the hardware's events."""
        return dict(self._facts["pmu"])

    @property
    def unit_busy(self) -> Dict[str, int]:
        """Cycles in which each unit was at work."""
        return dict(self._facts["unit_busy"])

    @property
    def ports(self) -> List[Dict[str, Dict[str, int]]]:
        """For AXI0 and AXI1, and each channel ("ifm", "weights", "ofm" ...): bytes, beats,
        bursts."""
        return list(self._facts["ports"])

    def __repr__(self) -> str:
        return f"<u65sim.Simulation: {self.cycles:,} cycles>"


def simulate(network: CompiledNetwork, target: Optional[Target] = None, *,
             timeline: bool = False, cycle_limit: int = DEFAULT_CYCLE_LIMIT) -> Simulation:
    """Runs a network's streams on the machine; `target` is by default the one it was compiled for.

    Raises InvalidStream or SimulationStuck, beyond `cycle_limit` CycleLimitReached.
    """
    reply = call("compile.simulate", network, target or network.target, timeline=timeline,
                 cycle_limit=cycle_limit, backend="direct")
    simulation = Simulation.__new__(Simulation)
    simulation._handle = reply.objects[0]
    simulation._facts = reply.value
    return simulation


def make_report(network: CompiledNetwork, simulation: Simulation,
                target: Optional[Target] = None) -> Report:
    """Joins what the compiler knows with what the machine measured."""
    reply = call("report.make", network, target or network.target, simulation)
    return Report._of(reply.objects[0], reply.value)


@dataclass(frozen=True)
class OperatorBound:
    """The least an operator takes by itself, all its operands at hand."""

    operator: int
    """Its place in the graph that was compiled."""
    cycles: int
    limit: str


@dataclass(frozen=True)
class LowerBound:
    """What no command stream of the network can go below; 0 and "none" where nothing is known."""

    cycles: int
    limit: str
    """"mac", "output", "weights", "sram", "off_chip", "ports", "latency" ..."""
    operators: Tuple[OperatorBound, ...]
    """Those that cost something."""


def lower_bound(network: CompiledNetwork, target: Optional[Target] = None) -> LowerBound:
    """The bound of all that a network runs on the NPU, whatever its streams look like."""
    row = call("report.bound", network, target or network.target).value
    operators = tuple(OperatorBound(*each) for each in row["operators"])
    return LowerBound(row["cycles"], row["limit"], operators)


def assemble(text: str) -> List[bytes]:
    """Command streams of a text as disassemble() writes it, as driver payloads: Graph.from_stream()
    takes one. Raises InvalidStream with the line."""
    return call("compile.assemble", text=text).buffers


@dataclass(frozen=True)
class Finding:
    """A fault of a stream that nevertheless runs, found by execute(check=True)."""

    kind: str
    segment: int
    command_index: int
    word_index: int
    text: str
    is_warning: bool


@dataclass(frozen=True)
class Execution:
    """Outputs of one inference, in the network's order, and what the checker found."""

    output_bytes: List[bytes]
    """Little-endian elements of each output."""
    findings: List[Finding]
    states: List[bytes]
    """Variables afterwards: what the next execute() takes."""
    tensors: List[InterfaceTensor] = field(repr=False)

    @property
    def outputs(self) -> List[numpy.ndarray[Any, Any]]:
        """The outputs as NumPy arrays of their shapes and types."""
        import numpy

        return [numpy.frombuffer(data, numpy_type(tensor.type)).reshape(tensor.shape)
                for data, tensor in zip(self.output_bytes, self.tensors)]


def _input_bytes(tensor: InterfaceTensor, given: Data) -> bytes:
    if isinstance(given, (bytes, bytearray, memoryview)):
        return bytes(given)
    import numpy

    wanted = numpy.dtype(numpy_type(tensor.type))
    array = numpy.asarray(given)
    if array.dtype != wanted or array.shape != tensor.shape:
        raise TypeError(f"input '{tensor.name}': {array.dtype} of shape {array.shape}; must be "
                        f"{wanted} of shape {tensor.shape}")
    return array.astype(wanted, order="C").tobytes()


def execute(network: CompiledNetwork, inputs: Union[Sequence[Data], Mapping[str, Data]], *,
            target: Optional[Target] = None, check: bool = False, states: Sequence[bytes] = (),
            work_limit: int = DEFAULT_WORK_LIMIT) -> Execution:
    """Runs a compiled network on data: the NPU's part bit-exactly as its streams say, operators
    left to the CPU through reference kernels.

    `inputs` are one for each input in their order, or by name: NumPy arrays of the input's shape
    and element type (already quantised), or bytes. With `check` every access is watched for
    hazards. Raises TypeError for arrays of another shape or type, InvalidModel for a wrong number
    or size, NotExecutable for an operator without a kernel.
    """
    tensors = network.inputs
    if isinstance(inputs, Mapping):
        unknown = set(inputs) - {tensor.name for tensor in tensors}
        missing = [tensor.name for tensor in tensors if tensor.name not in inputs]
        if unknown or missing:
            raise TypeError(f"inputs: {sorted(unknown)} are unknown, {missing} are missing")
        inputs = [inputs[tensor.name] for tensor in tensors]
    data = [_input_bytes(tensor, given) for tensor, given in zip(tensors, inputs)]
    data += [bytes() for _ in range(len(inputs) - len(tensors))]
    reply = call("execute.run", network, target or network.target,
                 buffers=[*data, *states], inputs=len(data), check=check, work_limit=work_limit)
    count = reply.value["outputs"]
    return Execution(reply.buffers[:count],
                     [_row(Finding, row) for row in reply.value["findings"]],
                     reply.buffers[count:], network.outputs)
