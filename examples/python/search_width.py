#!/usr/bin/env python3
"""Which width, resolution and block is the largest network within 1 ms? A search with Optuna by two
processes that share a journal file.

    pip install optuna
    python search_width.py              # starts the workers and prints what they found
"""
import multiprocessing
import sys

import optuna
import u65sim
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

TARGET = "u65-256"
LIMIT_MS = 1.0
NAME = "largest network within the limit"


def objective(trial: optuna.Trial, oracle: u65sim.Oracle, network: u65sim.Graph) -> float:
    """MACs of a changed network, as a stand-in for its accuracy; none beyond the limit."""
    graph = u65sim.scale_width(network, trial.suggest_float("width", 0.35, 1.4, step=0.05))
    graph = u65sim.scale_resolution(graph, trial.suggest_int("height", 96, 224, step=32))
    block = trial.suggest_categorical("block", ["depthwise", "fused", "ghost"])
    graph = u65sim.substitute_blocks(graph, block)
    try:
        report = oracle.estimate(graph)
    except u65sim.DoesNotFit as error:
        raise optuna.TrialPruned(str(error)) from error
    trial.set_user_attr("latency_ms", report.latency_ms)
    trial.set_user_attr("spills", len(report.spills))
    assert report.latency_ms is not None
    if report.latency_ms > LIMIT_MS:
        raise optuna.TrialPruned(f"{report.latency_ms:.3f} ms")
    return float(graph.macs)


def storage(journal: str) -> JournalStorage:
    """What the workers share."""
    return JournalStorage(JournalFileBackend(journal))


def work(journal: str, trials: int, seed: int) -> None:
    """A worker: an oracle of its own, which remembers what it answered."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name=NAME, storage=storage(journal),
                              sampler=optuna.samplers.TPESampler(seed=seed))
    oracle = u65sim.Oracle(u65sim.Target.preset(TARGET))
    network = u65sim.Graph.zoo("mobilenet_v2_224")
    study.optimize(lambda trial: objective(trial, oracle, network), n_trials=trials)


def main(journal: str = "search_width.log", trials: int = 20, workers: int = 2) -> None:
    """Starts the workers and prints the best network."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(study_name=NAME, storage=storage(journal), direction="maximize",
                                load_if_exists=True)
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=work, args=(journal, trials, seed))
                 for seed in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit("a worker failed")
    done = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    print(f"{len(study.trials)} networks, {len(done)} within {LIMIT_MS} ms")
    best = study.best_trial
    print(f"{best.value / 1e6:.1f} M MACs in {best.user_attrs['latency_ms']:.3f} ms: {best.params}")


if __name__ == "__main__":
    main(*sys.argv[1:2], *(int(word) for word in sys.argv[2:]))
