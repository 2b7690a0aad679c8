"""Open edX as far as LTI goes: its own code, lti-consumer-xblock, as a site of plain Django on loopback.

    python -m tests.fakes.open_edx FOLDER PORT TOOL

serves on that port of 127.0.0.1 until it is ended, with its database in an empty folder, for the tool at that origin.
When it answers, ready.json in the folder says what Studio would show to be entered at the tool. It runs on an interpreter of its own, the one of
`make openedx`: the code wants Python 3.12 and a later Django than our tests.

    school.py      people, components, the grade book: no framework
    settings.py    Django's settings
    apps.py        what edx-platform would do for the code
    course.py      what an administrator enters in Studio
    views.py       what a person clicks there, and what a test looks at
"""
