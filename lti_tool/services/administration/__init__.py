"""What the administrators of an organisation see and do: platforms, content, deliveries, keys, sources, the self-test."""
