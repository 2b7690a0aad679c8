"""What is used of stockpyl, as peer and as oracle.

Its sources hold escapes that newer Pythons warn of when they are compiled; where warnings are errors that would be fatal.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from stockpyl.newsvendor import newsvendor_normal, newsvendor_poisson
    from stockpyl.rq import r_q_poisson_exact
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import serial_system, single_stage_system

__all__ = [
    "newsvendor_normal",
    "newsvendor_poisson",
    "r_q_poisson_exact",
    "serial_system",
    "simulation",
    "single_stage_system",
]
