"""LTI 1.3, the protocol alone: messages in, checked values out.

Nothing here knows a web framework, a database, a clock or the network: what is needed comes in by argument. The
specifications are 1EdTech's (https://www.imsglobal.org/spec/lti/v1p3, .../security/v1p0, .../lti-ags/v2p0); each
module names the part that it implements. docs/security.md lists the requirements and where each is held.
"""
