"""Early warnings: rules as data, reasons with figures, decided by a person."""
