"""MLIA's workflow: collects what u65sim says about a network."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import mlia.core.output_schema as schema
import u65sim
from mlia.core.advisor import DefaultInferenceAdvisor, InferenceAdvisor
from mlia.core.common import AdviceCategory
from mlia.core.context import Context, ExecutionContext
from mlia.core.data_analysis import DataAnalyzer, PatternAnalyzer
from mlia.core.data_collection import ContextAwareDataCollector, DataCollector
from mlia.core.errors import ConfigurationError
from mlia.target.registry import profile as load_profile
from mlia.utils.logging import log_action

from .output import make_output
from .profile import U65simProfile

ADVISOR = "u65sim_inference_advisor"


@dataclass
class SimulatedNetwork:
    """What the collector hands on."""

    standardized_output: dict[str, Any]


class Simulation(ContextAwareDataCollector):
    """Compiles and simulates the network, and tries advice out."""

    def __init__(self, model: Path, profile: U65simProfile) -> None:
        self.model = model
        self.profile = profile

    def collect_data(self) -> SimulatedNetwork:
        """One run gives everything: placement, cycles, traffic, spills. Raises ConfigurationError
        for networks that u65sim refuses, with its reason."""
        oracle = u65sim.Oracle(self.profile.hardware, settings=self.profile.oracle_settings)
        kinds = [kind for kind, category in (
            (schema.ResultKind.COMPATIBILITY, AdviceCategory.COMPATIBILITY),
            (schema.ResultKind.PERFORMANCE, AdviceCategory.PERFORMANCE),
        ) if self.context.category_enabled(category)]
        advice: list[u65sim.Advice] = []
        try:
            with log_action("Simulating the network ..."):
                graph = u65sim.Graph.read(self.model)
                report = oracle.estimate(graph)
            if self.profile.wants_advice and schema.ResultKind.PERFORMANCE in kinds:
                with log_action("Trying out what would make it faster ..."):
                    advice = oracle.advise(graph).advice
        except u65sim.Error as error:
            raise ConfigurationError(f"u65sim: {error}") from error
        return SimulatedNetwork(
            make_output(self.model, self.profile, kinds, graph, report, advice))

    @classmethod
    def name(cls) -> str:
        """Name of the collector."""
        return "u65sim_simulation"


class U65simAdvisor(DefaultInferenceAdvisor):
    """One collector; its output is complete."""

    @classmethod
    def name(cls) -> str:
        """Name of the advisor."""
        return ADVISOR

    def get_collectors(self, context: Context) -> list[DataCollector]:
        """The simulation."""
        chosen = cast(U65simProfile, load_profile(self.get_target_profile(context)))
        return [Simulation(self.get_model(context), chosen)]

    def get_analyzers(self, context: Context) -> list[DataAnalyzer]:
        """None: advice comes with the simulation."""
        return []

    def get_pattern_analyzers(self, context: Context) -> list[PatternAnalyzer]:
        """None."""
        return []


def make_advisor(context: ExecutionContext, target_profile: str | Path, model: str | Path,
                 **_: Any) -> InferenceAdvisor:
    """What MLIA calls for a target of this package."""
    if context.config_parameters is None:
        context.config_parameters = {
            ADVISOR: {"model": str(model), "target_profile": str(target_profile)}}
    return U65simAdvisor()
