"""The platforms of an organisation: registration, keys, tokens, services, settings of links; and what a process works with."""
