"""Sheets of paper: what stands where on a page, what its code says, what a marked bubble means. Without any library."""
