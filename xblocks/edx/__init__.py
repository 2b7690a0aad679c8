"""The plug-in for Open edX: a Django app that keeps evidence until the tool has it, and a copy of what the tool knows.

    outbox.record        what a block calls in the transaction that keeps the learner's state
    sending, tool        events go to POST /api/v1/evidence, in the order of each learner, until they are settled
    pulling, mastery     GET /api/v1/changes fills a table; blocks read that table only
    checks, receivers    grades that did not reach the platform are published again; retired learners are forgotten
    platform             the one module that knows the platform's own code

Nothing here holds a name, an e-mail or a user id: learners are the platform's external ids of type `lti`.
"""
