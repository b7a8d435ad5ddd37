"""LiteRT's interpreter as the comparisons use it."""
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def interpreter_of(model):
    """With the reference kernels, or the others for operators that have none of these."""
    try:
        interpreter = Interpreter(model_content=model,
                                  experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    except ValueError as error:
        if "Didn't find op" not in str(error):
            raise
        interpreter = Interpreter(
            model_content=model,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    return interpreter
