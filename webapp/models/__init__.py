"""Tables and their small properties. No queries, no commits."""

from webapp.models import bounds  # noqa: F401, I001 - before the first table, whose numbers it bounds
from webapp.domain.states import Tracking
from webapp.models.approvals import Approval, ApprovalKind
from webapp.models.authority import DiscountLimit
from webapp.models.audit import Event, EventDocument, StateChange
from webapp.models.company import (
    Account,
    ApprovalPolicy,
    CashRounding,
    Company,
    ExchangeRate,
    NumberSeries,
    PaymentMethod,
    PaymentTerm,
    TableView,
)
from webapp.models.credit import CheckStage, CreditHold, StoredCreditCheck
from webapp.models.customers import Address, AddressKind, Customer, CustomerGroup
from webapp.models.invoices import (
    CreditNote,
    CreditNoteLine,
    CreditNoteTax,
    DocumentFile,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Sending,
)
from webapp.models.items import Category, Item, UnitConversion, Variant
from webapp.models.ledger import Journal, JournalLine
from webapp.models.orders import Comment, Order, OrderCharge, OrderLine
from webapp.models.payments import CreditApplication, Payment, PaymentApplication
from webapp.models.people import ApiToken, LoginAttempt, LoginSession, User, UserRole
from webapp.models.prices import CustomerPrice, ListPrice, PriceList
from webapp.models.promotions import Promotion, PromotionScope, PromotionState, PromotionUse
from webapp.models.requests import IdempotencyKey, OutboxMessage
from webapp.models.shipments import Disposition, Package, Return, ReturnLine, Shipment, ShipmentLine
from webapp.models.stock import (
    Allocation,
    Batch,
    Location,
    Lot,
    MovementKind,
    Serial,
    StockLevel,
    StockMovement,
)
from webapp.models.taxes import TaxClassRule, TaxCode, TaxCodePart, TaxRate

__all__ = [
    "Account", "Address", "AddressKind", "Allocation", "ApiToken", "Approval", "ApprovalKind", "ApprovalPolicy",
    "Batch", "CashRounding", "Category", "CheckStage", "Comment", "Company", "CreditApplication", "CreditHold",
    "CreditNote", "CreditNoteLine", "CreditNoteTax", "Customer", "CustomerGroup", "CustomerPrice", "DiscountLimit",
    "Disposition", "DocumentFile", "Event", "EventDocument", "ExchangeRate", "IdempotencyKey", "Invoice", "InvoiceLine",
    "InvoiceTax", "Item", "Journal", "JournalLine", "ListPrice", "Location", "LoginAttempt", "LoginSession", "Lot",
    "MovementKind",
    "NumberSeries", "Order", "OrderCharge", "OrderLine", "OutboxMessage", "Package", "Payment",
    "PaymentApplication", "PaymentMethod", "PaymentTerm", "PriceList", "Promotion", "PromotionScope",
    "PromotionState", "PromotionUse", "Return", "ReturnLine", "Sending", "Serial",
    "Shipment", "ShipmentLine", "StateChange", "StockLevel", "StockMovement", "StoredCreditCheck", "TableView",
    "TaxClassRule", "TaxCode", "TaxCodePart", "TaxRate", "Tracking", "UnitConversion", "User", "UserRole", "Variant",
]  # fmt: skip
