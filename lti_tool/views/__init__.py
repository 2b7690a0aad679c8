"""The pages of the tool: one blueprint for each audience, each route guarded."""
