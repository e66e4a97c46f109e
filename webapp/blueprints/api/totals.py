"""Totals of documents that are not stored."""

from __future__ import annotations

from webapp.blueprints.api.routing import does
from webapp.blueprints.api.schemas.totals import TrialDocument, TrialDocumentTotals
from webapp.domain.importing import fields
from webapp.domain.permissions import Permission
from webapp.services.company import the_company
from webapp.services.trials.totals import total_document


@does("/pricing/totals/", Permission.PRICES_READ, TrialDocumentTotals, body=TrialDocument)
def compute_totals(body: TrialDocument) -> TrialDocumentTotals:
    """What a document comes to by the rules of EN 16931; nothing is stored."""
    currency = fields.currency(body.currency or the_company().base_currency, "currency")
    body.check(currency)
    found = total_document(
        body.document_lines(),
        body.document_charges(),
        currency=currency,
        prepaid=body.prepaid,
        rounding=body.rounding,
    )
    return TrialDocumentTotals.of(body, found)
