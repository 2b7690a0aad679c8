"""Practice projects through the tool: from a launch to the ledger, the grade, the class page and the run's file."""
