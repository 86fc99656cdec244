import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { failNext, search } from "./tour_steps";

const event = (kind, text) =>
    `.o_billinator_timeline_event[data-kind=${kind}]:contains("${text}")`;

const openTimeline = () => ({
    content: "Open the page with the timeline",
    trigger: ".o_notebook .nav-link[name=timeline]",
    run: "click",
});

const filter = (kind) => ({
    content: `Filter by ${kind}`,
    trigger: `.o_billinator_timeline_kinds button[data-kind=${kind}]`,
    run: "click",
});

/** Look at what happened with a customer, open a deal from it, and log a call there. */
registry.category("web_tour.tours").add("billinator_crm_timeline", {
    steps: () => [
        openTimeline(),
        {
            content: "The deal's change of stage is there, with both stages",
            trigger: event("stage", "Tour Deal"),
        },
        {
            content: "A mail that came back says so, and why",
            trigger: `${event("message", "Tour Mail")} .badge[title=Bounce]:contains("Not delivered")`,
        },
        {
            content: "The first page ends before the oldest notes",
            trigger: `.o_billinator_timeline:not(:has(${event("note", "Tour note 0")}))`,
        },
        {
            content: "Scroll to the end of what is there",
            trigger: ".o_billinator_timeline_sentinel:not(:visible)",
            run() {
                this.anchor.scrollIntoView();
            },
        },
        {
            content: "Scroll on",
            trigger: `.o_billinator_timeline:has(.o_billinator_timeline_event:eq(75)) .o_billinator_timeline_sentinel:not(:visible)`,
            run() {
                this.anchor.scrollIntoView();
            },
        },
        {
            content: "The oldest is there",
            trigger: event("note", "Tour note 0"),
        },
        filter("stage"),
        {
            content: "Only the change of stage is there",
            trigger: `.o_billinator_timeline:not(:has([data-kind=note].o_billinator_timeline_event)) ${event("stage", "Proposal")}`,
        },
        {
            content: "Nobody is asked about what he may not see",
            trigger:
                ".o_billinator_timeline_kinds:not(:has([data-kind=invoice], [data-kind=payment]))",
        },
        filter("meeting"),
        filter("stage"),
        {
            content: "There are no meetings",
            trigger: ".o_billinator_timeline_empty button",
            run: "click",
        },
        {
            content: "Open the deal",
            trigger: `a${event("opportunity", "Tour Deal")}`,
            run: "click",
        },
        {
            trigger: ".o_breadcrumb .active:contains('Tour Deal'), .o_last_breadcrumb_item:contains('Tour Deal')",
        },
        openTimeline(),
        {
            content: "It shows the deal's own events",
            trigger: `.o_billinator_timeline:not(:has(${event("note", "Tour note")})) ${event("stage", "Proposal")}`,
        },
        {
            content: "Log a call",
            trigger: ".o_billinator_timeline button[name=log_call]",
            run: "click",
        },
        {
            trigger: ".modal [name=subject] input",
            run: "edit Tour Call",
        },
        {
            trigger: ".modal-footer button.btn-primary",
            run: "click",
        },
        {
            content: "It is in the timeline",
            trigger: `body:not(:has(.modal)) ${event("note", "Tour Call")}`,
        },
        {
            content: "Look at the whole customer",
            trigger: ".o_billinator_timeline input[name=whole_customer]",
            run: "click",
        },
        {
            content: "The customer's notes are there",
            trigger: event("note", "Tour note"),
        },
    ],
});

/** The timeline goes to another record with the rest of the form. */
registry.category("web_tour.tours").add("billinator_crm_timeline_pager", {
    steps: () => [
        ...search("Paged Deal"),
        {
            content: "Open one of two deals",
            trigger: ".o_data_row [name=name]:contains('First Paged Deal')",
            run: "click",
        },
        openTimeline(),
        { content: "Its note is there", trigger: event("note", "First note") },
        { content: "Go to the other one", trigger: ".o_pager_next", run: "click" },
        {
            content: "The other one's note is there, alone",
            trigger: `.o_billinator_timeline:not(:has(${event("note", "First note")})) ${event("note", "Second note")}`,
        },
        { content: "Begin a new one", trigger: ".o_form_button_create", run: "click" },
        {
            content: "Nothing happened with it yet",
            trigger:
                ".o_billinator_timeline:not(:has(.o_billinator_timeline_event)) .o_billinator_timeline_empty",
        },
    ],
});

/** West of UTC, a day of the server's begins on the evening before. */
registry.category("web_tour.tours").add("billinator_crm_timeline_west", {
    steps: () => [
        {
            content: "The browser is in California",
            trigger: ".o_form_view",
            run() {
                luxon.Settings.defaultZone = "America/Los_Angeles";
            },
        },
        openTimeline(),
        { trigger: event("note", "Evening before") },
        {
            content: "Each day has one heading, the last day first",
            trigger: ".o_billinator_timeline",
            run({ anchor }) {
                const headings = [...anchor.querySelectorAll(".o_billinator_timeline_heading")];
                const days = headings.map((heading) => heading.textContent).join(" | ");
                if (!days.endsWith("January 3, 2024 | January 2, 2024")) {
                    throw new Error(days);
                }
            },
        },
    ],
});

/** A page that could not be read is not asked for again and again. */
registry.category("web_tour.tours").add("billinator_crm_timeline_failed_page", {
    steps: () => [
        openTimeline(),
        {
            content: "Scroll to the end of what is there",
            trigger: ".o_billinator_timeline_sentinel:not(:visible)",
            run() {
                this.anchor.scrollIntoView();
            },
        },
        {
            content: "Wait a while",
            trigger: ".o_billinator_timeline .alert:contains('out of reach')",
            run: () => new Promise((resolve) => setTimeout(resolve, 1000)),
        },
        {
            trigger: ".o_billinator_timeline .alert button",
            run: "click",
        },
        {
            content: "What was there is there, and more is to come",
            trigger: ".o_billinator_timeline:not(:has(.alert)) .o_billinator_timeline_sentinel:not(:visible)",
            run() {
                this.anchor.scrollIntoView();
            },
        },
        {
            trigger: `.o_billinator_timeline:has(.o_billinator_timeline_event:eq(75))`,
        },
        failNext("get_timeline", new ConnectionLostError("/web")),
        filter("note"),
        {
            content: "Who is offline reads so",
            trigger: ".o_billinator_timeline .alert:contains('Check your connection') button",
            run: "click",
        },
        {
            trigger: `.o_billinator_timeline:not(:has(.alert)) ${event("note", "Tour note")}`,
        },
    ],
});

/** On the first of a month, the day before is yesterday, and not last month. */
registry.category("web_tour.tours").add("billinator_crm_timeline_first_of_month", {
    steps: () => [
        openTimeline(),
        {
            trigger: event("note", "Yesterday's note"),
            run() {
                luxon.Settings.now = () => Date.UTC(2024, 1, 1, 15);
            },
        },
        filter("note"),
        {
            trigger: ".o_billinator_timeline_heading:contains('Yesterday, January 31, 2024')",
        },
    ],
});
