"""How long does a quantised network take on an Arm Ethos-U65 NPU?

    import u65sim
    oracle = u65sim.Oracle(u65sim.Target.preset("u65-256"))
    report = oracle.estimate(u65sim.Graph.zoo("mobilenet_v2_224"))
    print(f"{report.latency_ms:.3f} ms, {len(report.spills)} spills")
"""
from ._core import (
    Advice,
    AdviceReport,
    DoesNotFit,
    Error,
    FileError,
    Graph,
    InvalidConfig,
    InvalidModel,
    InvalidStream,
    OperatorReport,
    Oracle,
    Report,
    SimulationStuck,
    SpillEvent,
    Target,
    __version__,
)

__all__ = [
    "Advice", "AdviceReport", "DoesNotFit", "Error", "FileError", "Graph", "InvalidConfig",
    "InvalidModel", "InvalidStream", "OperatorReport", "Oracle", "Report", "SimulationStuck",
    "SpillEvent", "Target", "__version__",
]
