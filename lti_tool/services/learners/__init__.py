"""A learner's evidence as teachers read it: process, improvement, forms."""
