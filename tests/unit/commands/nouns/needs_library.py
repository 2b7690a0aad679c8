"""A noun whose library is not installed."""

import importlib

importlib.import_module("a_library_that_is_not_installed")
