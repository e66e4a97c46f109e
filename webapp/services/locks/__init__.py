"""All locking helpers.

Lock what you use up, once, before you check it, in one order: idempotency key, customers by id, orders by id,
shipments, invoices and credit notes, payments, promotion counters, stock levels by id, lots by id, number
series (last). When only a document's number is known, its customer is locked by a subselect on it, then the
document. Locked reads are ``FOR NO KEY UPDATE`` (plain ``FOR UPDATE`` on a customer deadlocks with the foreign
key of an order inserted just before) and ``populate_existing`` (else the session hands back what the route
loaded). A locked row stays as this transaction leaves it, so it is neither locked nor read twice. SQLite ignores the
clause; there the transaction itself (``BEGIN IMMEDIATE``) is the lock.

Whoever locks a customer or a document by its name says for whom (``actor``): what this person may not see is not there
(NotFound, in the same words), so no command and no route has a rule of its own. Helpers without an actor lock more of
what belongs to a customer that is locked already.
"""

from __future__ import annotations

from webapp.services.locks.documents import (
    lock_credit_note,
    lock_customer,
    lock_customer_by_code,
    lock_customers,
    lock_invoice,
    lock_invoice_head,
    lock_invoice_with_orders,
    lock_invoices,
    lock_invoices_by_number,
    lock_open_invoices,
    lock_order,
    lock_orders,
    lock_payment,
    lock_posted_credit_note,
    lock_posted_invoice,
    lock_shipment,
    lock_shipments_of,
)
from webapp.services.locks.masters import (
    lock_company,
    lock_location,
    lock_next_message,
    lock_price_rules,
    lock_tax_code,
    lock_user,
)
from webapp.services.locks.rows import hold, is_locked
from webapp.services.locks.stock import lock_levels, lock_levels_by_id, lock_lots, lock_variants

__all__ = [
    "hold",
    "is_locked",
    "lock_company",
    "lock_credit_note",
    "lock_customer",
    "lock_customer_by_code",
    "lock_customers",
    "lock_invoice",
    "lock_invoice_head",
    "lock_invoice_with_orders",
    "lock_invoices",
    "lock_invoices_by_number",
    "lock_levels",
    "lock_levels_by_id",
    "lock_location",
    "lock_lots",
    "lock_next_message",
    "lock_open_invoices",
    "lock_order",
    "lock_orders",
    "lock_payment",
    "lock_posted_credit_note",
    "lock_posted_invoice",
    "lock_price_rules",
    "lock_shipment",
    "lock_shipments_of",
    "lock_tax_code",
    "lock_user",
    "lock_variants",
]
