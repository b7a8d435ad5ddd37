"""A report of u65sim in MLIA's words: the results of its output schema."""
from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlia
import mlia.core.output_schema as schema
import u65sim
from mlia.utils.filesystem import sha256

from .profile import U65simProfile

NAME = "u65sim"
KERNEL = "u65sim_kernel"
"""Kind of a row that stands for a kernel of a compiled network, which names no operator."""


def _bytes(name: str, value: int) -> schema.Metric:
    return schema.Metric(name=name, value=value, unit=schema.UNIT_BYTES)


def _cycles(name: str, value: int) -> schema.Metric:
    return schema.Metric(name=name, value=value, unit="cycles")


def _network_metrics(report: u65sim.Report) -> list[schema.Metric]:
    """The standard figures, then cycles by cause, traffic and spills."""
    model = report.model
    operators = model.npu_operators + len(model.cpu_operators)
    share = 100 * model.npu_operators / operators if operators else 0.0
    metrics = [
        schema.Metric(name=schema.METRIC_NAME_ACCELERATOR_OPERATOR_PERCENTAGE, value=share,
                      unit=schema.UNIT_PERCENT),
        _bytes(schema.METRIC_NAME_MODEL_WEIGHT_MEMORY, report.encoded_weight_bytes),
        _bytes(schema.METRIC_NAME_PEAK_ACTIVATION_MEMORY, report.sram.peak_bytes),
        schema.Metric(name=schema.METRIC_NAME_TARGET_UTILIZATION,
                      value=100 * report.mac_utilization, unit=schema.UNIT_PERCENT),
    ]
    if report.latency_ms:
        metrics += [
            schema.Metric(name=schema.METRIC_NAME_INFERENCE_TIME, value=report.latency_ms,
                          unit=schema.UNIT_MILLISECONDS),
            schema.Metric(name=schema.METRIC_NAME_INFERENCES_PER_SECOND,
                          value=1000 / report.latency_ms,
                          unit=schema.UNIT_INFERENCES_PER_SECOND),
        ]
    metrics = schema.ensure_standard_performance_metrics(metrics)
    metrics.append(_cycles("npu_total_cycles", report.cycles))
    metrics += [_cycles(f"npu_{cause}_cycles", cycles) for cause, cycles in report.stalls.items()]
    for port, memory in (("sram", report.sram), ("dram", report.dram)):
        metrics += [_bytes(f"{port}_read_bytes", memory.read_bytes),
                    _bytes(f"{port}_write_bytes", memory.write_bytes)]
    metrics.append(schema.Metric(name="spilled_feature_maps", value=len(report.spills),
                                 unit="count"))
    return metrics


def _operator_metrics(op: u65sim.OperatorReport) -> list[schema.Metric]:
    return [
        _cycles("npu_cycles", op.cycles),
        _cycles("npu_bound_cycles", op.bound_cycles),
        schema.Metric(name="macs", value=op.macs, unit="count"),
        schema.Metric(name="mac_utilization", value=100 * op.mac_utilization,
                      unit=schema.UNIT_PERCENT),
        _bytes("sram_traffic", op.sram_bytes),
        _bytes("dram_traffic", op.dram_bytes),
        *[_cycles(f"{cause}_cycles", cycles) for cause, cycles in op.stalls.items() if cycles],
    ]


def operator_ids(graph: u65sim.Graph) -> dict[str, str]:
    """MLIA's identity of each operator of the network, by its name, which is unique."""
    return {op.name: schema.tflite_source_operator_id(index)
            for index, op in enumerate(graph.operators)}


def _entities(report: u65sim.Report, ids: dict[str, str]) -> tuple[
        list[schema.Entity], list[schema.Breakdown]]:
    entities: list[schema.Entity] = []
    breakdowns: list[schema.Breakdown] = []
    for row, op in enumerate(report.operators):
        known = op.name in ids
        entities.append(schema.Entity(
            id=ids[op.name] if known else f"{KERNEL}/{row}",
            kind=schema.ENTITY_KIND_SOURCE_OPERATOR if known else KERNEL,
            name=op.name, placement=schema.PlacementType.NPU.value,
            attributes={"type": op.type, "bound_by": op.bound_by, "block": op.block,
                        "kept_by": op.kept_by}))
        breakdowns.append(schema.Breakdown(entity_id=entities[-1].id,
                                           metrics=_operator_metrics(op)))
    entities += [
        schema.Entity(id=ids[op.name], kind=schema.ENTITY_KIND_SOURCE_OPERATOR, name=op.name,
                      placement=schema.PlacementType.CPU.value,
                      attributes={"type": op.type, "reason": op.reason})
        for op in report.model.cpu_operators if op.name in ids]
    return entities, breakdowns


def _advice(advice: Sequence[u65sim.Advice], ids: dict[str, str],
            report: u65sim.Report) -> list[schema.Advice]:
    """What pays off, and a line for each operator that stays on the CPU."""
    found = [
        schema.Advice(
            id=f"{NAME}_{each.kind}_{number}".replace(" ", "_"),
            category=schema.AdviceCategory.PERFORMANCE,
            severity=schema.AdviceSeverity.INFO, message=each.text,
            affected_entity_ids=[ids[each.subject]] if each.subject in ids else [],
            details={"kind": each.kind, "subject": each.subject,
                     "saved_cycles": each.saved_cycles})
        for number, each in enumerate(advice) if each.saved_cycles > 0]
    found += [
        schema.Advice(
            id=f"{NAME}_on_cpu_{number}", category=schema.AdviceCategory.COMPATIBILITY,
            severity=schema.AdviceSeverity.WARNING,
            message=f"{op.name} ({op.type}) stays on the CPU: {op.reason}",
            affected_entity_ids=[ids[op.name]] if op.name in ids else [])
        for number, op in enumerate(report.model.cpu_operators)]
    return found


def _checks(report: u65sim.Report, ids: dict[str, str]) -> list[schema.Check]:
    return [
        schema.Check(id="runs_on_npu", status=schema.CheckStatus.FAIL, entity_id=ids.get(op.name),
                     details={"reason": op.reason})
        for op in report.model.cpu_operators
    ] or [schema.Check(id="runs_on_npu", status=schema.CheckStatus.PASS)]


def _results(kinds: Sequence[schema.ResultKind], graph: u65sim.Graph, report: u65sim.Report,
             advice: Sequence[u65sim.Advice]) -> list[schema.Result]:
    ids = operator_ids(graph)
    entities, breakdowns = _entities(report, ids)
    # Operators that need no kernel of their own are no entities, and advice cannot point to them.
    shown = {entity.id for entity in entities}
    ids = {name: each for name, each in ids.items() if each in shown}
    named = [schema.EntityKind(id=KERNEL)] if any(e.kind == KERNEL for e in entities) else []
    on_cpu = bool(report.model.cpu_operators)
    results = []
    for kind in kinds:
        performance = kind == schema.ResultKind.PERFORMANCE
        category = (schema.AdviceCategory.PERFORMANCE if performance
                    else schema.AdviceCategory.COMPATIBILITY)
        results.append(schema.Result(
            kind=kind,
            status=schema.ResultStatus.PARTIAL if on_cpu else schema.ResultStatus.OK,
            producer=NAME, warnings=list(report.assumptions),
            metrics=_network_metrics(report) if performance
            else [_network_metrics(report)[0]],
            breakdowns=breakdowns if performance else [],
            mode=schema.ModeType.SIMULATED if performance else None,
            checks=[] if performance else _checks(report, ids),
            entities=entities, entity_kinds=named,
            advice=[each for each in _advice(advice, ids, report) if each.category == category]))
    return results


def make_output(model: Path, profile: U65simProfile, kinds: Sequence[schema.ResultKind],
                graph: u65sim.Graph, report: u65sim.Report,
                advice: Sequence[u65sim.Advice]) -> dict[str, Any]:
    """The whole output of a run, as MLIA writes it."""
    target = profile.hardware
    configuration = {"preset": target.name, "settings": profile.settings,
                     "effort": profile.oracle_settings.effort,
                     "like_vela": profile.oracle_settings.like_vela}
    return schema.StandardizedOutput(
        schema_version=schema.SCHEMA_VERSION,
        run_id=schema.StandardizedOutput.create_run_id(),
        timestamp=schema.StandardizedOutput.create_timestamp(),
        tool=schema.Tool(name="mlia", version=mlia.__version__),
        target=schema.Target(
            profile_name=profile.profile_name, target_type="npu",
            components=[schema.Component(type=schema.ComponentType.NPU, family="ethos-u",
                                         model=target["accelerator.product"],
                                         variant=str(target.peak_macs_per_cycle))],
            configuration=configuration),
        model=schema.Model(name=model.name, format=model.suffix.lstrip(".").lower() or "unknown",
                           hash=sha256(model), size_bytes=model.stat().st_size),
        context=schema.Context(cli_arguments=[Path(sys.argv[0]).name, *sys.argv[1:]]),
        backends=[schema.Backend(id=NAME, name="u65sim", version=u65sim.__version__,
                                 configuration=configuration)],
        results=_results(kinds, graph, report, advice),
    ).to_dict()
