"""Case lists, actions and completions as files: read into values, and blank templates to fill in. Pure: bytes and values, no I/O.

The way of a file: ``package`` (is the workbook safe to open?) > ``workbook`` or ``delimited`` (cells, as they stand) > ``headings``
(which column is what) > ``people`` and ``cases`` (who is on the list) > ``reading`` (the whole list). The first two steps touch
what strangers sent and run only in the limited child process of ``adapters.reading``.
"""
