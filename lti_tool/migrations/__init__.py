"""The numbered migrations of the database, in `versions/`. services.schema runs them."""
