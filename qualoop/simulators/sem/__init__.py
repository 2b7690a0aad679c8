"""Search advertising: auctions in closed form, an account to run, one market for a class, and what is best in each."""

from __future__ import annotations

from qualoop.simulators.sem.auction import Choice, Outlook, campaign, campaign_value
from qualoop.simulators.sem.bound import Dual, round_bounds
from qualoop.simulators.sem.responses import Regret, line_up, regret, team_of, team_value
from qualoop.simulators.sem.sampling import RoundRun, run_campaign
from qualoop.simulators.sem.shared import LineUp, MarketRun, SharedMarket, play_market, shared_market
from qualoop.simulators.sem.tables import ResponseTable, response_table

__all__ = [
    "Choice",
    "Dual",
    "LineUp",
    "MarketRun",
    "Outlook",
    "Regret",
    "ResponseTable",
    "RoundRun",
    "SharedMarket",
    "campaign",
    "campaign_value",
    "line_up",
    "play_market",
    "regret",
    "response_table",
    "round_bounds",
    "run_campaign",
    "shared_market",
    "team_of",
    "team_value",
]
