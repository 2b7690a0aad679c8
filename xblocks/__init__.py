"""The Open edX blocks: one sub-package each, thin adapters of `qualoop`. They never import `lti_tool`."""
