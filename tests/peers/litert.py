"""LiteRT's interpreter as the comparisons use it."""
import copy

import flatbuffers
from ai_edge_litert import schema_py_generated as tfl
from ai_edge_litert.interpreter import Interpreter, OpResolverType

REFERENCE, OTHERS = OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
SIGNED = (tfl.TensorType.INT8, tfl.TensorType.INT16)


def opened(model, kernels):
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    return interpreter


def packed(network):
    network.signatureDefs = []
    builder = flatbuffers.Builder(1024)
    builder.Finish(network.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def signed_sums(network):
    """The SUMs that the reference kernel takes for ones over uint8."""
    graph = network.subgraphs[0]
    return [op for op in graph.operators or []
            if network.operatorCodes[op.opcodeIndex].builtinCode == tfl.BuiltinOperator.SUM
            and graph.tensors[op.inputs[0]].type in SIGNED]


class WithSums:
    """The reference kernels, but for SUMs of signed elements, which run alone with the other ones.

    Their results are inputs of the rest, which runs once more for each of them."""

    def __init__(self, network, sums):
        graph = network.subgraphs[0]
        self.inputs, self.outputs = len(graph.inputs), len(graph.outputs)
        self.sums = []
        for op in sums:
            alone = copy.copy(network)
            alone.subgraphs = [copy.copy(graph)]
            alone.subgraphs[0].operators = [op]
            alone.subgraphs[0].inputs, alone.subgraphs[0].outputs = [op.inputs[0]], [op.outputs[0]]
            self.sums.append(opened(packed(alone), OTHERS))
        graph.operators = [op for op in graph.operators if all(op is not each for each in sums)]
        graph.inputs = [*graph.inputs, *(op.outputs[0] for op in sums)]
        graph.outputs = [*graph.outputs, *(op.inputs[0] for op in sums)]
        self.rest = opened(packed(network), REFERENCE)

    def get_input_details(self):
        return self.rest.get_input_details()[:self.inputs]

    def get_output_details(self):
        return self.rest.get_output_details()[:self.outputs]

    def set_tensor(self, index, values):
        self.rest.set_tensor(index, values)

    def get_tensor(self, index):
        return self.rest.get_tensor(index)

    def invoke(self):
        taken, made = self.rest.get_output_details()[self.outputs:], self.rest.get_input_details()[self.inputs:]
        self.rest.invoke()
        for alone, operand, result in zip(self.sums, taken, made):
            alone.set_tensor(alone.get_input_details()[0]["index"], self.rest.get_tensor(operand["index"]))
            alone.invoke()
            self.rest.set_tensor(result["index"], alone.get_tensor(alone.get_output_details()[0]["index"]))
            self.rest.invoke()


def interpreter_of(model):
    """With the reference kernels, or the others for operators that have none of these, or wrong ones."""
    network = tfl.ModelT.InitFromPackedBuf(model, 0)
    sums = signed_sums(network)
    if sums and len(network.subgraphs[0].operators) == 1:
        return opened(model, OTHERS)
    try:
        return WithSums(network, sums) if sums else opened(model, REFERENCE)
    except ValueError as error:
        if "Didn't find op" not in str(error):
            raise
        return opened(model, OTHERS)
