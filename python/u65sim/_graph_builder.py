"""Networks built layer by layer in code."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from ._graph import Graph, Quantization
from ._native import Handle, call

Pair = Union[int, Tuple[int, int]]
"""The same along both axes, or (height, width)."""


@dataclass(frozen=True)
class Value:
    """A tensor of a GraphBuilder, as its layers take and return it."""

    id: int
    shape: Tuple[int, ...]


@dataclass(frozen=True)
class Weights:
    """Weights given instead of drawn.

    `values` are the bytes of int8 or uint8 in the operator's order (convolutions OHWI, depthwise
    1HWC, fully connected OI), or a NumPy array of them; `bias` real values, one an output channel.
    """

    values: Any
    quantization: Quantization
    bias: Optional[Sequence[float]] = None


def _pair(value: Pair) -> Tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _quantization(value: Optional[Quantization]) -> Optional[Dict[str, Any]]:
    if value is None:
        return None
    return {"scales": [float(scale) for scale in value.scales],
            "zero_points": [int(point) for point in value.zero_points], "axis": value.axis}


def _window(kernel: Pair, stride: Pair, dilation: Pair, padding: str) -> Dict[str, Any]:
    (kernel_h, kernel_w), (stride_h, stride_w) = _pair(kernel), _pair(stride)
    dilation_h, dilation_w = _pair(dilation)
    return {"kernel_h": kernel_h, "kernel_w": kernel_w, "stride_h": stride_h,
            "stride_w": stride_w, "dilation_h": dilation_h, "dilation_w": dilation_w,
            "padding": padding}


class GraphBuilder:
    """Builds a network: infers shapes, chooses quantisation from the expected spread of each
    tensor, and draws weights that are the same on every platform.

        builder = GraphBuilder("net")
        x = builder.input((1, 32, 32, 8))
        x = builder.conv2d(x, 16, kernel=3, activation="relu6")
        builder.output(x)
        graph = builder.build()

    `activations` is "int8", "uint8" or "int16"; the other settings are those of Graph.zoo(). All
    layers take `name` (of operator and output; default: kind and number), `activation` ("none",
    "relu", "relu6", "relu_n1_to_1", "tanh") and `quantization` of the output. They raise
    InvalidModel when operands do not go together or a name is taken.
    """

    __slots__ = ("_handle",)
    _handle: Handle

    def __init__(self, name: str, *, activations: str = "int8", seed: int = 1,
                 sparsity: float = 0.0, clusters: int = 0, modelled: bool = False) -> None:
        self._handle = call("builder.create", name=name, activations=activations, seed=seed,
                            sparsity=sparsity, clusters=clusters, modelled=modelled).objects[0]

    def _layer(self, kind: str, name: str, activation: str,
               quantization: Optional[Quantization], weights: Optional[Weights] = None,
               **arguments: Any) -> Any:
        options: Dict[str, Any] = {"name": name, "activation": activation,
                                   "quantization": _quantization(quantization)}
        buffers: List[bytes] = []
        if weights is not None:
            data = weights.values
            buffers.append(data.tobytes() if hasattr(data, "tobytes") else bytes(data))
            bias = None if weights.bias is None else [float(each) for each in weights.bias]
            options["weights"] = {"quantization": _quantization(weights.quantization),
                                  "bias": bias}
        return call(f"builder.{kind}", self, buffers=buffers, options=options, **arguments).value

    def _value(self, kind: str, name: str, activation: str,
               quantization: Optional[Quantization], weights: Optional[Weights] = None,
               **arguments: Any) -> Value:
        made = self._layer(kind, name, activation, quantization, weights, **arguments)
        return Value(made["id"], tuple(made["shape"]))

    def input(self, shape: Sequence[int], name: str = "input",
              quantization: Optional[Quantization] = None) -> Value:
        """A network input; its default quantisation spans -1 to 1."""
        made = call("builder.input", self, shape=list(shape), name=name,
                    quantization=_quantization(quantization)).value
        return Value(made["id"], tuple(made["shape"]))

    def constant(self, shape: Sequence[int], values: Sequence[float], name: str = "") -> Value:
        """Real values, innermost dimension fastest, quantised over their own range."""
        made = call("builder.constant", self, shape=list(shape),
                    values=[float(value) for value in values], name=name).value
        return Value(made["id"], tuple(made["shape"]))

    def conv2d(self, x: Value, filters: int, kernel: Pair = 1, *, stride: Pair = 1,
               dilation: Pair = 1, padding: str = "same", groups: int = 1, name: str = "",
               activation: str = "none", quantization: Optional[Quantization] = None,
               weights: Optional[Weights] = None) -> Value:
        """A convolution; `groups` divides the input's depth and `filters`."""
        return self._value("conv2d", name, activation, quantization, weights, x=x.id,
                           filters=filters, groups=groups,
                           window=_window(kernel, stride, dilation, padding))

    def depthwise_conv2d(self, x: Value, kernel: Pair, *, stride: Pair = 1, dilation: Pair = 1,
                         padding: str = "same", multiplier: int = 1, name: str = "",
                         activation: str = "none", quantization: Optional[Quantization] = None,
                         weights: Optional[Weights] = None) -> Value:
        """A filter of its own for each channel."""
        return self._value("depthwise_conv2d", name, activation, quantization, weights, x=x.id,
                           multiplier=multiplier,
                           window=_window(kernel, stride, dilation, padding))

    def transpose_conv(self, x: Value, filters: int, kernel: Pair, *, stride: Pair = 1,
                       padding: str = "same", name: str = "", activation: str = "none",
                       quantization: Optional[Quantization] = None,
                       weights: Optional[Weights] = None) -> Value:
        """Upsamples by the stride."""
        return self._value("transpose_conv", name, activation, quantization, weights, x=x.id,
                           filters=filters, window=_window(kernel, stride, 1, padding))

    def fully_connected(self, x: Value, units: int, *, name: str = "", activation: str = "none",
                        quantization: Optional[Quantization] = None,
                        weights: Optional[Weights] = None) -> Value:
        """The input is taken as rows of its last extent."""
        return self._value("fully_connected", name, activation, quantization, weights, x=x.id,
                           units=units)

    def average_pool(self, x: Value, kernel: Pair, *, stride: Pair = 1, padding: str = "same",
                     name: str = "", activation: str = "none",
                     quantization: Optional[Quantization] = None) -> Value:
        """The mean of each window."""
        return self._value("average_pool", name, activation, quantization, x=x.id,
                           window=_window(kernel, stride, 1, padding))

    def max_pool(self, x: Value, kernel: Pair, *, stride: Pair = 1, padding: str = "same",
                 name: str = "", activation: str = "none",
                 quantization: Optional[Quantization] = None) -> Value:
        """The largest value of each window."""
        return self._value("max_pool", name, activation, quantization, x=x.id,
                           window=_window(kernel, stride, 1, padding))

    def mean(self, x: Value, axes: Sequence[int], keep_dims: bool = True, *, name: str = "",
             activation: str = "none", quantization: Optional[Quantization] = None) -> Value:
        """The mean over whole axes."""
        return self._value("mean", name, activation, quantization, x=x.id, axes=list(axes),
                           keep_dims=keep_dims)

    def _binary(self, kind: str, a: Value, b: Value, name: str, activation: str,
                quantization: Optional[Quantization]) -> Value:
        return self._value(kind, name, activation, quantization, a=a.id, b=b.id)

    def add(self, a: Value, b: Value, *, name: str = "", activation: str = "none",
            quantization: Optional[Quantization] = None) -> Value:
        """a + b"""
        return self._binary("add", a, b, name, activation, quantization)

    def sub(self, a: Value, b: Value, *, name: str = "", activation: str = "none",
            quantization: Optional[Quantization] = None) -> Value:
        """a - b"""
        return self._binary("sub", a, b, name, activation, quantization)

    def mul(self, a: Value, b: Value, *, name: str = "", activation: str = "none",
            quantization: Optional[Quantization] = None) -> Value:
        """a * b"""
        return self._binary("mul", a, b, name, activation, quantization)

    def minimum(self, a: Value, b: Value, *, name: str = "") -> Value:
        """The smaller of a and b; both get the first one's quantisation."""
        return self._binary("minimum", a, b, name, "none", None)

    def maximum(self, a: Value, b: Value, *, name: str = "") -> Value:
        """The larger of a and b; both get the first one's quantisation."""
        return self._binary("maximum", a, b, name, "none", None)

    def unary(self, type: str, x: Value, *, name: str = "",
              quantization: Optional[Quantization] = None) -> Value:
        """ABS, RELU, RELU6, RELU_N1_TO_1, LOGISTIC, TANH, HARD_SWISH, EXP or GELU."""
        return self._value("unary", name, "none", quantization, x=x.id, type=type.upper())

    def leaky_relu(self, x: Value, alpha: float, *, name: str = "",
                   quantization: Optional[Quantization] = None) -> Value:
        """x where it is positive, else alpha * x."""
        return self._value("leaky_relu", name, "none", quantization, x=x.id, alpha=alpha)

    def prelu(self, x: Value, *, name: str = "",
              quantization: Optional[Quantization] = None) -> Value:
        """One drawn slope a channel."""
        return self._value("prelu", name, "none", quantization, x=x.id)

    def softmax(self, x: Value, beta: float = 1.0, *, name: str = "",
                quantization: Optional[Quantization] = None) -> Value:
        """Over the last extent."""
        return self._value("softmax", name, "none", quantization, x=x.id, beta=beta)

    def quantize(self, x: Value, type: str, quantization: Quantization, *,
                 name: str = "") -> Value:
        """To another quantisation or another integer type."""
        return self._value("quantize", name, "none", None, x=x.id, type=type,
                           to=_quantization(quantization))

    def concat(self, parts: Sequence[Value], axis: int, *, name: str = "",
               activation: str = "none", quantization: Optional[Quantization] = None) -> Value:
        """Parts behind each other; all get the first one's quantisation."""
        return self._value("concat", name, activation, quantization,
                           parts=[part.id for part in parts], axis=axis)

    def split(self, x: Value, count: int, axis: int, *, name: str = "") -> List[Value]:
        """`count` equal parts."""
        made = self._layer("split", name, "none", None, x=x.id, count=count, axis=axis)
        return [Value(part["id"], tuple(part["shape"])) for part in made]

    def slice(self, x: Value, begin: Sequence[int], size: Sequence[int], *,
              name: str = "") -> Value:
        """The part of `size` that starts at `begin`."""
        return self._value("slice", name, "none", None, x=x.id, first=list(begin),
                           second=list(size))

    def pad(self, x: Value, before: Sequence[int], after: Sequence[int], *,
            name: str = "") -> Value:
        """Zeros before and after, one number for each axis."""
        return self._value("pad", name, "none", None, x=x.id, first=list(before),
                           second=list(after))

    def reshape(self, x: Value, shape: Sequence[int], *, name: str = "") -> Value:
        """The same elements in another shape; one extent may be -1."""
        return self._value("reshape", name, "none", None, x=x.id, list=list(shape))

    def transpose(self, x: Value, order: Sequence[int], *, name: str = "") -> Value:
        """Axes in another order."""
        return self._value("transpose", name, "none", None, x=x.id, list=list(order))

    def resize_bilinear(self, x: Value, height: int, width: int, *, align_corners: bool = False,
                        half_pixel_centers: bool = False, name: str = "") -> Value:
        """Interpolates to another size."""
        return self._value("resize_bilinear", name, "none", None, x=x.id, height=height,
                           width=width, align_corners=align_corners,
                           half_pixel_centers=half_pixel_centers)

    def resize_nearest(self, x: Value, height: int, width: int, *, align_corners: bool = False,
                       half_pixel_centers: bool = False, name: str = "") -> Value:
        """Repeats or leaves out to another size."""
        return self._value("resize_nearest", name, "none", None, x=x.id, height=height,
                           width=width, align_corners=align_corners,
                           half_pixel_centers=half_pixel_centers)

    def quantization(self, x: Value) -> Quantization:
        """What was chosen for a tensor."""
        made = call("builder.quantization", self, x=x.id).value
        return Quantization(tuple(made["scales"]), tuple(made["zero_points"]), made["axis"])

    def output(self, x: Value) -> None:
        """Marks a network output."""
        call("builder.output", self, x=x.id)

    def build(self) -> Graph:
        """The verified network; the builder is empty afterwards."""
        return Graph._of(call("builder.build", self))
