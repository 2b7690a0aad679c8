"""The demo LMS: a Flask application with pages for people and the LTI 1.3 platform services for a tool."""
