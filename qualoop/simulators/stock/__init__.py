"""Stock: a buying season, order points over a year, and the beer game, with the mathematics they are graded by."""
