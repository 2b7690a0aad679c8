"""The worker that the delivery bench runs and kills: the product's own, with shorter waits so that a bench ends.

Prints a line when it is ready and begins when it gets one; then it works until it is ended.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from datetime import timedelta
from random import SystemRandom

from lti_tool.services.assembling import assemble
from lti_tool.services.mechanisms.outbox import DEFAULT_TERMS
from lti_tool.settings import from_environment
from lti_tool.worker import Worker, make_dispatch, stop_on_signals

QUICK = replace(
    DEFAULT_TERMS,
    lease=timedelta(seconds=6),
    longest_try=timedelta(seconds=4),
    first_delay=timedelta(seconds=0.2),
    growth=2,
)


def main() -> None:
    """Run a worker."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--quick", action="store_true", help="short leases and delays")
    arguments = parser.parse_args()
    logging.disable()
    runtime = assemble(from_environment())
    dispatch = make_dispatch(
        runtime,
        random=SystemRandom(),
        terms=QUICK if arguments.quick else DEFAULT_TERMS,
        threads=arguments.threads,
    )
    print("ready", flush=True)
    sys.stdin.readline()
    Worker(runtime, dispatch).run(stop_on_signals())


if __name__ == "__main__":
    main()
