#!/usr/bin/env python3
"""A study's points over the processes of a pool, or over a Dask cluster. What it leaves in FOLDER has
the same bytes as `u65sim study FILE -o FOLDER`.

    python study_points.py STUDY.yaml FOLDER                    # a process a core of this machine
    pip install "dask[distributed]"
    python study_points.py STUDY.yaml FOLDER --dask             # Dask's workers on this machine
    python study_points.py STUDY.yaml FOLDER --dask tcp://host:8786   # those of that scheduler
"""
import argparse
import concurrent.futures
import contextlib
import multiprocessing
from typing import Callable, ContextManager, Iterator, List, Sequence

import u65sim

Points = Sequence[u65sim.StudyPoint]
Records = List[u65sim.StudyRecord]
EvaluateAll = Callable[[Points], Records]


@contextlib.contextmanager
def process_pool(workers: int) -> Iterator[EvaluateAll]:
    """Processes of this machine, by the standard library."""
    start = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=start) as pool:
        yield lambda points: list(pool.map(u65sim.evaluate, points, chunksize=64))


def evaluate_part(part: Points) -> Records:
    """So many points a task that Dask's own work does not count."""
    return [u65sim.evaluate(point) for point in part]


@contextlib.contextmanager
def dask_cluster(scheduler: str, workers: int) -> Iterator[EvaluateAll]:
    """Workers of a Dask scheduler, or of one that is started here."""
    from dask.distributed import Client, LocalCluster  # pylint: disable=import-outside-toplevel
    with contextlib.ExitStack() as stack:
        if not scheduler:
            cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            scheduler = stack.enter_context(cluster).scheduler_address
        client = stack.enter_context(Client(scheduler))

        def evaluate_all(points: Points) -> Records:
            parts = [points[at:at + 64] for at in range(0, len(points), 64)]
            done = client.gather(client.map(evaluate_part, parts, batch_size=100))
            return [record for part in done for record in part]

        yield evaluate_all


def run(study: u65sim.Study, folder: str, evaluators: ContextManager[EvaluateAll]) -> None:
    """All points of a study; then those that its front needs simulated, if it asks for that."""
    records: Records = []
    with evaluators as evaluate_all:
        while points := study.points(records):
            records += evaluate_all(points)
    print(study.collect(records, folder).to_text(), end="")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("folder")
    parser.add_argument("--dask", nargs="?", const="", metavar="SCHEDULER")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args()
    evaluators = (process_pool(given.workers) if given.dask is None
                  else dask_cluster(given.dask, given.workers))
    run(u65sim.Study.read(given.study), given.folder, evaluators)


if __name__ == "__main__":
    main()
