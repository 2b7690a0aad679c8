"""What is taught, as an organisation holds it: contents, parts, tag sets, rubrics. Reads, but for the tags."""
