"""How much dirt of each kind the demo's extracts carry. A rate is a share of the rows it can befall, 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rates:
    """Every kind of dirt at a rate of its own; 0 switches a kind off."""

    # who the customers are
    leads: float = 0.15  # persons the CRM knows who never bought, per person
    organisations: float = 0.05  # companies, per person
    outsiders: float = 0.04  # persons who only ever get gifts, per person
    common_names: float = 0.08  # persons with one of the commonest names (namesakes)
    compound_surnames: float = 0.006
    minority_names: float = 0.008
    rare_characters: float = 0.004
    households: float = 0.30  # persons who live with another customer and share the address
    household_phone: float = 0.12  # households of which one uses the other's phone
    household_account: float = 0.20  # households that buy through one platform account
    phone_changed: float = 0.12  # persons who changed their number within the three years
    recycled_phones: float = 0.01  # persons whose new number was another's before
    moved: float = 0.08  # persons who moved within the three years

    # CRM rows
    duplicates: float = 0.25  # rows that are another row of a party already there
    other_phone: float = 0.22  # duplicates that carry the person's second phone
    errors: float = 0.18  # rows with a wrong value; the kinds below share it by weight
    error_homophone: float = 3.0
    error_lookalike: float = 2.0
    error_dropped_character: float = 1.0
    error_phone_digit: float = 4.0
    error_phone_transposed: float = 2.0
    error_birth_date: float = 2.0
    error_email: float = 2.0
    error_id_number: float = 0.5
    error_address: float = 2.0
    error_gender: float = 1.5
    traditional: float = 0.02
    honorifics: float = 0.02
    spaced_names: float = 0.01
    former_names: float = 0.01
    phone_formats: float = 0.12  # spaces, hyphens, +86, 0086, full-width digits
    missing_phone: float = 0.03
    shop_phone: float = 0.01  # rows with the phone of the shop that made them
    id_numbers: float = 0.30  # persons whose document the CRM knows
    id_15_digits: float = 0.004  # of them, still in the old form
    null_words: float = 0.10  # missing values written as 无, NULL or -
    multiline_remarks: float = 0.0005
    repeated_rows: float = 0.001  # rows whose older state is in the same file once more

    # orders
    gifts: float = 0.08  # orders sent to somebody else
    gift_unknown: float = 0.5  # of them, to somebody the CRM does not know
    bare_buyers: float = 0.25  # marketplace orders that show the buyer by account alone
    second_account: float = 0.05  # marketplace orders bought through a second account
    company_invoices: float = 0.05  # persons' orders invoiced to their company
    courier_notes: float = 0.03
    relay_numbers: float = 0.07  # marketplace orders with a relay number
    pick_up: float = 0.10  # deliveries to a pick-up station or locker
    masked_orders: float = 0.30  # marketplace orders whose recipient is masked a month after they are completed
    corrected_orders: float = 0.01  # orders whose recipient is corrected later
    refunds: float = 0.06
    unpaid: float = 0.02

    # logistics
    masked_waybills: float = 0.30
    hidden_rooms: float = 0.35
    split_shipments: float = 0.03
    several_parcels: float = 0.05
    orphan_shipments: float = 0.01
    lost_shipments: float = 0.002

    # the others
    members: float = 0.29  # persons in the loyalty programme
    second_membership: float = 0.03
    interactions: float = 0.20  # calls, per person
    tickets: float = 0.40  # tickets, per person
    numeric_phones: float = 0.30  # ticket phones that Excel holds as numbers
    leading_zero: float = 0.05  # callers' mobiles shown with a trunk 0

    # every text file
    broken: int = 3  # rows of each way to break one, per first extract

    # a day's delta
    changed: float = 0.01  # CRM parties changed a day
    corrections: float = 0.30  # changes that also put an error right
    stale_rows: float = 0.02  # changed rows that come once more in their older state
    new_people: float = 0.0015  # new persons a day, per person
    new_orders: float = 0.006  # new orders a day, per person
