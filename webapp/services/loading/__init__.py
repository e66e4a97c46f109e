"""Master data by the thousand: a fixed number of statements for any number of rows, and running it again is nothing.

Each ``put_…`` function takes rows as mappings (the fields of ``webapp.domain.records``), writes what is new or differs
and answers a ``Loaded``; a row that is wrong is left out and named there, with nothing of it written. They join the
caller's transaction and write no event: ``load_…`` are the commands over them, which take all rows or none.
"""
