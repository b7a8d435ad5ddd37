"""How long does a quantised network take on an Arm Ethos-U65 NPU?

    import u65sim
    oracle = u65sim.Oracle(u65sim.Target.preset("u65-256"))
    report = oracle.estimate(u65sim.Graph.zoo("mobilenet_v2_224"))
    print(f"{report.latency_ms:.3f} ms, {len(report.spills)} spills")

Names and meanings are those of the C++ library. Sizes are bytes and times NPU clock cycles unless a
name says otherwise. Calls release the interpreter's lock; errors derive from u65sim.Error.
"""
from ._blocks import BlockLeftOut, BlockPoint, BlockStudy, block, block_list, study_blocks
from ._compile import (
    CompiledNetwork,
    CompileOptions,
    Execution,
    Finding,
    InterfaceTensor,
    LowerBound,
    OperatorBound,
    Placement,
    Segment,
    Simulation,
    SpilledMap,
    assemble,
    compile,
    execute,
    lower_bound,
    make_report,
    optional_steps,
    pass_names,
    simulate,
)
from ._errors import (
    Cancelled,
    CycleLimitReached,
    DoesNotFit,
    Error,
    FileError,
    InvalidConfig,
    InvalidModel,
    InvalidStream,
    NotExecutable,
    NothingOnNpu,
    SimulationStuck,
)
from ._evaluate import NetworkPoint, evaluate
from ._graph import (
    Graph,
    Operator,
    OperatorSupport,
    Quantization,
    Tensor,
    ZooEntry,
    operator_support,
)
from ._graph_builder import GraphBuilder, Value, Weights
from ._native import call as _call
from ._oracle import Advice, AdviceReport, Best, Oracle, OracleSettings, OracleStatistics
from ._report import (
    Comparison,
    CpuOperator,
    CpuOperatorTime,
    CycleInterval,
    LiveRange,
    MemoryUse,
    Model,
    OperatorReport,
    PortCeiling,
    Report,
    SpillEvent,
    TimePart,
    WholeInference,
    compare_reports,
)
from ._study import (
    Study,
    StudyEffort,
    StudyKey,
    StudyMeasure,
    StudyPoint,
    StudyRecord,
    StudyResults,
    StudyRow,
    merge_study,
    run_study,
    study_keys,
    study_measures,
)
from ._target import Target, TargetField
from ._transform import (
    cluster_weights,
    limit_weight_bits,
    prune_channels,
    prune_pattern,
    prune_weights,
    scale_depth,
    scale_resolution,
    scale_width,
    sparsity_schedule,
    substitute_blocks,
    widen_activations,
)

__version__: str = _call("version").value["version"]
build_info: str = _call("version").value["build_info"]
"""Commit, compiler and build type of the library."""

__all__ = [
    "Advice", "AdviceReport", "Best", "BlockLeftOut", "BlockPoint", "BlockStudy", "Cancelled",
    "Comparison", "CompileOptions", "CompiledNetwork", "CpuOperator", "CpuOperatorTime",
    "CycleInterval", "CycleLimitReached", "DoesNotFit", "Error", "Execution", "FileError",
    "Finding", "Graph", "GraphBuilder", "InterfaceTensor", "InvalidConfig", "InvalidModel",
    "InvalidStream", "LiveRange", "LowerBound", "MemoryUse", "Model", "NetworkPoint",
    "NotExecutable", "NothingOnNpu", "Operator", "OperatorBound", "OperatorReport",
    "OperatorSupport", "Oracle", "OracleSettings", "OracleStatistics", "Placement", "PortCeiling",
    "Quantization", "Report", "Segment", "Simulation", "SimulationStuck", "SpillEvent",
    "SpilledMap", "Study", "StudyEffort", "StudyKey", "StudyMeasure", "StudyPoint", "StudyRecord",
    "StudyResults", "StudyRow", "Target", "TargetField", "Tensor", "TimePart", "Value", "Weights",
    "WholeInference", "ZooEntry", "__version__", "assemble", "block", "block_list", "build_info",
    "cluster_weights", "compare_reports", "compile", "evaluate", "execute", "limit_weight_bits",
    "lower_bound", "make_report", "merge_study", "operator_support", "optional_steps", "pass_names",
    "prune_channels", "prune_pattern", "prune_weights", "run_study", "scale_depth",
    "scale_resolution", "scale_width", "simulate", "sparsity_schedule", "study_blocks",
    "study_keys", "study_measures", "substitute_blocks", "widen_activations",
]
