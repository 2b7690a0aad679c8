"""Live projects: the plan, the approval of a mentor, milestones, decisions."""
