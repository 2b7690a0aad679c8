"""The platform's app of that name, as far as blocks keep the state of learners in it: a Django app for tests.

models.py       the table, with the columns that we read
user_state.py   field data of one request, kept as the platform keeps it
"""
