"""Networks: reading, writing, looking into them."""
from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple, Union

from ._native import Handle, Reply, call, text_of
from ._target import PathLike, Target

if TYPE_CHECKING:
    import numpy

NUMPY_TYPES = {
    "int8": "<i1", "uint8": "<u1", "int16": "<i2", "uint16": "<u2", "int32": "<i4",
    "uint32": "<u4", "int64": "<i8", "uint64": "<u8", "float16": "<f2", "float32": "<f4",
    "float64": "<f8", "bool": "?", "complex64": "<c8", "complex128": "<c16",
}
"""NumPy's name of each element type that has one."""


def numpy_type(element_type: str) -> str:
    """NumPy's name of an element type. Raises TypeError where it has none."""
    found = NUMPY_TYPES.get(element_type)
    if found is None:
        raise TypeError(f"elements of type {element_type}: NumPy has none; take the bytes")
    return found


@dataclass(frozen=True)
class Quantization:
    """real = scale * (quantised - zero_point): one of each for the whole tensor, or one a slice
    along `axis`. Empty: not quantised."""

    scales: Tuple[float, ...] = ()
    zero_points: Tuple[int, ...] = ()
    axis: int = 0


@dataclass(frozen=True)
class Tensor:
    """A tensor of a graph."""

    index: int
    """Position in Graph.tensors."""
    name: str
    shape: Tuple[int, ...]
    """Outermost first; feature maps are N, H, W, C."""
    type: str
    """"int8", "uint8", "int16", "float32" ..."""
    quantization: Quantization
    constant_bytes: int
    """Size of its constant data; 0 where it has none."""
    is_variable: bool


@dataclass(frozen=True)
class Operator:
    """An operator of a graph."""

    name: str
    type: str
    """TensorFlow Lite's name, "CONV_2D" ..."""
    inputs: Tuple[int, ...]
    """Positions in Graph.tensors; -1: left out."""
    outputs: Tuple[int, ...]
    attributes: Dict[str, Any]
    macs: int


@dataclass(frozen=True)
class ZooEntry:
    """A name that Graph.zoo() or block() takes, and what it builds."""

    name: str
    summary: str


@dataclass(frozen=True)
class OperatorSupport:
    """What the NPU runs of some operators; the same on every target."""

    operators: str
    """Names, separated by commas."""
    types: str
    """Of the maps, on the NPU."""
    form: str
    """What they become."""
    left_to_cpu: str
    """Which of them the NPU does not run."""


def operator_support() -> List[OperatorSupport]:
    """All operators that have a form on the NPU."""
    return [OperatorSupport(*row) for row in call("graph.operator_support").value]


class Graph:
    """A quantised network.

    Made by read(), from_tflite(), from_yaml(), zoo(), block() or a GraphBuilder. It never changes;
    transforms return new ones. Equal graphs compare equal, and can be pickled.
    """

    __slots__ = ("_handle", "_facts", "_content")
    _handle: Handle
    _facts: Dict[str, Any]
    _content: Optional[Dict[str, Any]]
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        raise TypeError("a Graph is made by Graph.read(), Graph.zoo() or a GraphBuilder")

    @classmethod
    def _of(cls, reply: Reply) -> Graph:
        graph = cls.__new__(cls)
        graph._handle = reply.objects[0]
        graph._facts = reply.value
        graph._content = None
        return graph

    @staticmethod
    def read(file: PathLike, external: Sequence[PathLike] = ()) -> Graph:
        """A .tflite, compiled or not, a .npz of Vela's, an ExecuTorch program (.pte, whose data
        may be in `external` files, .ptd), or a YAML graph. Raises FileError or InvalidModel."""
        return Graph._of(call("graph.read", file=os.fspath(file),
                              external=[os.fspath(each) for each in external]))

    @staticmethod
    def from_tflite(data: Union[bytes, bytearray, memoryview], name: str = "model") -> Graph:
        """A .tflite in memory. Raises InvalidModel."""
        return Graph._of(call("graph.from_tflite", buffers=[bytes(data)], name=name))

    @staticmethod
    def from_yaml(text: str, origin: str = "<text>") -> Graph:
        """A YAML graph in memory. Raises InvalidModel with origin:line:column."""
        return Graph._of(call("graph.from_yaml", text=text, origin=origin))

    @staticmethod
    def from_stream(stream: Union[bytes, bytearray, memoryview], target: Target,
                    constants: Union[bytes, bytearray, memoryview] = b"", *,
                    sizes: Sequence[Optional[int]] = (), name: str = "stream") -> Graph:
        """A network of one operator around a bare command stream: a driver payload, or its words,
        which are then for the accelerator of `target`.

        `constants` are the bytes of region 0; without them it has a time, but cannot compute.
        `sizes` are the bytes of regions 0 (constants), 1 (arena) and 2 (fast memory); None: as
        many as the stream needs. Raises InvalidStream.
        """
        return Graph._of(call("graph.from_stream", target,
                              buffers=[bytes(stream), bytes(constants)], name=name,
                              sizes=list(sizes)))

    @staticmethod
    def zoo(name: str, *, seed: int = 1, sparsity: float = 0.0, clusters: int = 0,
            modelled: bool = False) -> Graph:
        """A network built in code, one of zoo_names(), with weights drawn from `seed`: `sparsity`
        of them zero (0 to 1), `clusters` distinct values a layer (0: any). `modelled` weights are
        described instead of drawn."""
        return Graph._of(call("graph.zoo", name=name, seed=seed, sparsity=sparsity,
                              clusters=clusters, modelled=modelled))

    @staticmethod
    def zoo_list() -> List[ZooEntry]:
        """The networks that zoo() builds."""
        return [ZooEntry(*row) for row in call("graph.zoo_list").value]

    @staticmethod
    def zoo_names() -> List[str]:
        """Their names."""
        return [entry.name for entry in Graph.zoo_list()]

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self._facts["name"])

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return int(self._facts["macs"])

    @property
    def parameters(self) -> int:
        """Elements of constant weights and biases."""
        return int(self._facts["parameters"])

    @property
    def is_compiled(self) -> bool:
        """Whether it holds command streams, ours or Vela's."""
        return bool(self._facts["compiled"])

    @property
    def has_modelled_weights(self) -> bool:
        """Whether some weights are only described."""
        return bool(self._facts["modelled"])

    def _read_content(self) -> Dict[str, Any]:
        if self._content is None:
            self._content = call("graph.content", self).value
        assert self._content is not None
        return self._content

    @property
    def tensors(self) -> Tuple[Tensor, ...]:
        """All tensors; operators name them by their position."""
        return tuple(
            Tensor(index, row["name"], tuple(row["shape"]), row["type"],
                   Quantization(tuple(row["scales"]), tuple(row["zero_points"]), row["axis"]),
                   row["constant_bytes"], row["is_variable"])
            for index, row in enumerate(self._read_content()["tensors"]))

    @property
    def operators(self) -> Tuple[Operator, ...]:
        """All operators, in execution order."""
        return tuple(
            Operator(row["name"], row["type"], tuple(row["inputs"]), tuple(row["outputs"]),
                     row["attributes"], row["macs"])
            for row in self._read_content()["operators"])

    @property
    def inputs(self) -> Tuple[Tensor, ...]:
        """The network's inputs, in order."""
        tensors = self.tensors
        return tuple(tensors[index] for index in self._facts["inputs"])

    @property
    def outputs(self) -> Tuple[Tensor, ...]:
        """The network's outputs, in order."""
        tensors = self.tensors
        return tuple(tensors[index] for index in self._facts["outputs"])

    @property
    def notes(self) -> Tuple[str, ...]:
        """What results rest on where the file leaves something open, as sentences."""
        return tuple(self._read_content()["notes"])

    def data(self, tensor: Union[int, Tensor]) -> bytes:
        """A constant's little-endian elements. Raises InvalidModel where there are none."""
        index = tensor.index if isinstance(tensor, Tensor) else tensor
        return call("graph.data", self, tensor=index).buffers[0]

    def array(self, tensor: Union[int, Tensor]) -> numpy.ndarray[Any, Any]:
        """A constant as a NumPy array of its shape and type. Raises TypeError for element types
        that NumPy does not have."""
        import numpy

        found = tensor if isinstance(tensor, Tensor) else self.tensors[tensor]
        return numpy.frombuffer(self.data(found), numpy_type(found.type)).reshape(found.shape)

    def to_tflite(self) -> bytes:
        """The network as a .tflite that other tools load."""
        return call("graph.to_tflite", self).buffers[0]

    def save(self, file: PathLike) -> None:
        """Writes a .tflite, whole or not at all. Raises FileError."""
        call("graph.save", self, file=os.fspath(file))

    def verify(self) -> None:
        """Raises InvalidModel naming the operator or tensor that breaks a rule."""
        call("graph.verify", self)

    def draw_weights(self) -> Graph:
        """The graph with values drawn for weights that are only modelled."""
        return Graph._of(call("graph.draw_weights", self))

    def to_text(self) -> str:
        """A listing, one line an operator."""
        return text_of("graph.listing", self)

    def to_dot(self) -> str:
        """A GraphViz description."""
        return text_of("graph.dot", self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return bool(call("graph.equal", self, other).value)

    def __reduce__(self) -> Tuple[Any, ...]:
        reply = call("graph.to_pickle", self)
        # Weights that are only modelled are zeros there.
        data = zlib.compress(reply.buffers[0], 1) if reply.value else reply.buffers[0]
        return _graph_again, (data, self.name, reply.value)

    def __repr__(self) -> str:
        return (f"<u65sim.Graph {self.name}: {self._facts['operators']} operators, "
                f"{self.macs:,} MACs, {self.parameters:,} parameters>")


def _graph_again(data: bytes, name: str, models: List[Any]) -> Graph:
    content = zlib.decompress(data) if models else data
    return Graph._of(call("graph.from_pickle", buffers=[content], name=name, models=models))
