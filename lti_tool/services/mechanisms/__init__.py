"""What is built once: outbox, inbox, import, long job."""
