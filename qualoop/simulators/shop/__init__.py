"""What happens in a shop, as experiments see it. The engine of the A/B referee is `referee.RefereeEngine`."""
