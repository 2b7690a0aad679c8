"""The marking room: queue, cases, assignments, release, agreement, and calibrated peers."""
