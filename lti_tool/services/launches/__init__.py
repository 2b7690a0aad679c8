"""Resource-link launches, deep links and the platform storage."""
