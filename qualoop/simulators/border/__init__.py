"""Trade across a border: dated rule packs, landed cost, Incoterms, routes. The engine is `engine.LandedCostEngine`."""
