"""FHIR R4 (4.0.1): Patient search and $match, Flag, Task. ``build_*`` gives the exact bytes, ``read_*`` reduces a reply to what matters.

Replies are read by narrow typed models; fhir.resources, which has R4B only, judges what we build in the tests (``conformance``).
"""
