"""Reports."""

from __future__ import annotations

from webapp.blueprints.api.routing import reads
from webapp.blueprints.api.schemas.reports import AgeingOutput, AgeingQuery
from webapp.domain.permissions import Permission
from webapp.queries.receivables.ageing import ageing
from webapp.web.auth import program


@reads("/reports/ageing/", Permission.REPORTS_READ, AgeingOutput, query=AgeingQuery)
def show_ageing(query: AgeingQuery) -> AgeingOutput:
    """What customers owed at the end of a day, by how late it was."""
    return AgeingOutput.of(ageing(query.as_of, viewer=program()))
