"""The loop meter: gain and delay of each hop, for each knowledge point of a class."""
