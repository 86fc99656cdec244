"""What the demo company sells, to whom, and what its people write about it."""

from typing import NamedTuple

CUSTOMERS = (
    "harbor",
    "cascade",
    "meridian",
    "bluebonnet",
    "northgate",
    "silverline",
    "laurentide",
    "altavista",
    "nordwind",
    "vallier",
    "thornbury",
    "polder",
    "costaverde",
    "ashoka",
    "redgum",
)
FOREIGN_CURRENCY_COUNTRIES = ("DE", "FR", "NL", "ES")
# The other currency of the deals, and its rate, by the company's currency.
FOREIGN_RATES = {"USD": ("EUR", 0.88), "EUR": ("USD", 1.14)}


class Project(NamedTuple):
    """A kind of deal: products with their quantity a room."""

    titles: tuple
    rooms: tuple  # from, to
    equipment: dict
    services: dict
    options: dict


PROJECTS = (
    Project(
        ("{rooms} meeting rooms, {city} office", "Meeting rooms for the new building"),
        (3, 8),
        {"room_kit": 1, "display": 1, "cabling": 1},
        {"survey": 0.2, "installation": 6, "training": 0.25},
        {"panel": 1, "support": 1},
    ),
    Project(
        ("{rooms} huddle rooms, new floor", "Huddle rooms for the sales floors"),
        (4, 10),
        {"camera": 1, "display": 1, "cabling": 1},
        {"installation": 3},
        {"support": 1},
    ),
    Project(
        ("Boardroom renewal", "New boardroom, {city}", "Executive briefing room"),
        (1, 2),
        {"room_kit": 1, "display": 2, "microphone": 4, "speakers": 2, "cabling": 2},
        {"survey": 1, "installation": 16, "training": 1},
        {"support": 1},
    ),
    Project(
        ("Training centre", "Hybrid training rooms", "Seminar rooms, {city}"),
        (2, 4),
        {"display": 2, "camera": 2, "microphone": 3, "speakers": 2, "cabling": 2},
        {"survey": 0.5, "installation": 12, "training": 0.5},
        {"support": 1},
    ),
    Project(
        ("Booking panels for {rooms} rooms", "Room booking, {city} office"),
        (8, 20),
        {"panel": 1},
        {"installation": 0.5},
        {"support": 0.25},
    ),
    Project(
        ("Video studio, {city}", "Webinar studio", "Studio for product videos"),
        (1, 1),
        {"camera": 3, "display": 2, "microphone": 2, "speakers": 2, "cabling": 3},
        {"survey": 1, "installation": 20, "training": 2},
        {"support": 1},
    ),
    Project(
        ("Support for {rooms} rooms", "Support renewal, {rooms} rooms"),
        (8, 24),
        {},
        {"support": 1},
        {"training": 0.05},
    ),
)

# Source, medium and campaign.
ORIGINS = (
    ("utm.utm_source_search_engine", "utm.utm_medium_website", None),
    ("utm.utm_source_referral", "utm.utm_medium_phone", None),
    ("utm.utm_source_referral", "utm.utm_medium_email", None),
    ("utm.utm_source_newsletter", "utm.utm_medium_email", "campaign_webinar_demo"),
    ("utm.utm_source_linkedin", "utm.utm_medium_linkedin", "campaign_webinar_demo"),
    ("source_trade_fair_demo", "utm.utm_medium_direct", "campaign_trade_fair_demo"),
)

# What a salesperson writes when a deal enters a stage.
QUOTE_MAIL = "Here is our quote, as discussed. Please call me with any question."
STAGE_NOTES = {
    "LEAD": (
        "Called back: they have outgrown what they have and are looking around.",
        "Met at the stand. Wants prices and two references.",
        "Came in by the website. They would like to be called in the mornings.",
    ),
    "QUALIFIED": (
        "Budget is approved for this year. Decision by IT and facilities together.",
        "They compare us with one other supplier. Delivery time matters most to them.",
        "Walked through the rooms: power is there, the network is not everywhere.",
    ),
    "PROPOSAL": (
        "Quote sent and walked through on the phone. They take it to the board.",
        "Offered the support plan as an option, they asked what it covers.",
    ),
    "NEGOTIATION": (
        "They ask for a discount on the displays. Purchasing is involved now.",
        "Terms are agreed, waiting for the signature.",
        "Installation has to happen over a weekend. Checked with the team: possible.",
    ),
    "WON": (
        "Signed. Handed over to planning.",
        "Order received, they want the rooms ready within six weeks.",
    ),
}
# By lost reason: what the salesperson writes, and why the quote was rejected.
LOST_NOTES = {
    "too_expensive": "A reseller offered the same displays for less.",
    "no_budget": "The budget was cut, they stay with the old equipment.",
    "chose_a_competitor": "Their parent company has a frame contract elsewhere.",
    "bad_timing": "The move to the new building is postponed by a year.",
    "no_answer": "No answer to three calls and two mails.",
}
DELIVERY_NOTE = "Delivery four to six weeks after your order."
FIRST_OFFER_REJECTED = "Too large for this year, please quote fewer rooms."

# Activity type and summary of the next step, by stage.
NEXT_STEPS = {
    "LEAD": (
        ("mail.mail_activity_data_call", "First call: needs and budget"),
        ("mail.mail_activity_data_email", "Send brochure and references"),
    ),
    "QUALIFIED": (
        ("mail.mail_activity_data_meeting", "Site visit with facilities"),
        ("mail.mail_activity_data_call", "Ask who signs, and when"),
        ("mail.mail_activity_data_todo", "Prepare the list of equipment"),
    ),
    "PROPOSAL": (
        ("mail.mail_activity_data_call", "Follow up on the quote"),
        ("mail.mail_activity_data_meeting", "Present the quote to the board"),
    ),
    "NEGOTIATION": (
        ("mail.mail_activity_data_call", "Agree on discount and delivery date"),
        ("mail.mail_activity_data_todo", "Reserve installers for the weekend"),
        ("mail.mail_activity_data_meeting", "Final terms with purchasing"),
    ),
}
# Days from today to the next steps, in turn: late, today, planned.
NEXT_STEP_DAYS = (-5, 0, 3, 7, -1, 1, 12, 0, 5, -2, 9, 2)


class Talk(NamedTuple):
    """What was said or written, and who began."""

    kind: str
    direction: str | bool
    subject: str | bool
    text: str


# What a salesperson logs when a deal is in a stage.
TALKS = {
    "LEAD": (
        Talk(
            "call",
            "out",
            False,
            "Reached them at the second try. They have twelve rooms, three of "
            "them with equipment that still works. Asked for references.",
        ),
        Talk(
            "email",
            "in",
            "Request for prices",
            "They would like a rough price per room before they talk to their board.",
        ),
        Talk(
            "call",
            "in",
            "Called after the fair",
            "Saw the booking panels at our stand and would like to see one on "
            "their own wall.",
        ),
    ),
    "QUALIFIED": (
        Talk(
            "meeting",
            False,
            "Site visit",
            "Walked through all rooms with facilities. Two need new power "
            "outlets, the ceilings carry the microphones.",
        ),
        Talk(
            "call",
            "out",
            "Who decides",
            "IT proposes, the head of operations signs. The budget is reserved "
            "until the end of the quarter.",
        ),
        Talk(
            "email",
            "out",
            "Questions for the quote",
            "Asked for floor plans, the number of seats and who may open the "
            "network cabinets.",
        ),
    ),
    "PROPOSAL": (
        Talk(
            "call",
            "out",
            "Walked through the quote",
            "They understood every line. The support plan is what they will ask"
            " their board about.",
        ),
        Talk(
            "email",
            "in",
            "Two questions about the quote",
            "Is training in the price, and can we deliver in two parts?",
        ),
        Talk(
            "meeting",
            False,
            "Presented the quote",
            "Six people, forty minutes of questions. Purchasing wants a second "
            "option without the panels.",
        ),
    ),
    "NEGOTIATION": (
        Talk(
            "call",
            "in",
            "Asked for a discount",
            "Ten percent on the displays and they sign this month. Offered five"
            " and free training.",
        ),
        Talk(
            "email",
            "out",
            "Terms",
            "Confirmed delivery in five weeks and installation over a weekend.",
        ),
    ),
    "WON": (
        Talk(
            "call",
            "out",
            "Thanked for the order",
            "They would like one person to call for everything. That is "
            "planning from now on.",
        ),
        Talk(
            "meeting",
            False,
            "Handover",
            "Introduced the project lead. First delivery goes to the ground floor.",
        ),
    ),
}
# What is known of a customer, whatever deal there is. Plain notes are pinned.
CUSTOMER_TALKS = (
    Talk(
        "note",
        False,
        "Deliveries",
        "Deliveries only before ten in the morning, at the back entrance.",
    ),
    Talk(
        "call",
        "out",
        "Yearly call",
        "Satisfied with the rooms. One camera loses its focus, service is informed.",
    ),
    Talk(
        "email",
        "in",
        "New address for invoices",
        "From next month on, invoices go to their shared mailbox as PDF.",
    ),
    Talk(
        "meeting",
        False,
        "Lunch with the head of IT",
        "They plan to move two departments next year. Nothing decided yet.",
    ),
    Talk(
        "note",
        False,
        "How they buy",
        "Everything above 20,000 goes to the board, which meets on the "
        "first Tuesday of a month.",
    ),
)

# How often an activity is what; and what came of it, by its type in the CRM.
ACTIVITY_PRIORITIES = ("low", "medium", "medium", "medium", "high", "urgent")
OUTCOMES = {
    "call": ("Reached", "Reached", "Interested", "No answer", "Left a message"),
    "meeting": ("Took place", "Took place", "Interested", "Did not show up"),
}
# Customer, activity type, summary, and days from today.
CUSTOMER_CARE = (
    ("harbor", "mail.mail_activity_data_call", "Ask how the new rooms do", 0),
    ("cascade", "mail.mail_activity_data_email", "Send the service report", -3),
    ("meridian", "mail.mail_activity_data_meeting", "Review of the year", 2),
    ("bluebonnet", "mail.mail_activity_data_call", "Support plan ends next month", 0),
    ("northgate", "mail.mail_activity_data_todo", "Update the list of rooms", 1),
    ("silverline", "mail.mail_activity_data_call", "Ask for a reference", 4),
    ("laurentide", "mail.mail_activity_data_meeting", "Show the new panels", 6),
    ("altavista", "mail.mail_activity_data_email", "Invite to the webinar", 0),
    ("nordwind", "mail.mail_activity_data_call", "New facility manager: say hello", -8),
    ("vallier", "mail.mail_activity_data_call", "Plans for next year", 14),
    ("thornbury", "mail.mail_activity_data_todo", "Check the open complaint", -1),
    ("polder", "mail.mail_activity_data_call", "Second building: when?", 3),
)
