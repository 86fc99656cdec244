import { registry } from "@web/core/registry";

const READY = { content: "The page is alive", trigger: "body[is-ready=true]" };

/** Let the server take its time, and count what it answered to. */
const slowDown = ({ failing } = {}) => ({
    content: "The server takes its time",
    trigger: ".o_billinator_quote",
    run({ anchor: { dataset } }) {
        const fetchAtOnce = window.fetch.bind(window);
        let asked = 0;
        dataset.answers = 0;
        window.fetch = async (url, ...args) => {
            // The visit is counted meanwhile.
            if (!String(url).endsWith("/choose")) {
                return fetchAtOnce(url, ...args);
            }
            const question = ++asked;
            await new Promise((resolve) => setTimeout(resolve, 500));
            const isLost = question === failing;
            const answer = isLost ? Promise.reject(new Error()) : fetchAtOnce(url, ...args);
            answer
                .then((response) => response.clone().text())
                .catch(() => {})
                // What the page makes of it comes before.
                .then(() => setTimeout(() => dataset.answers++, 50));
            return answer;
        };
    },
});

const waitForAnswers = (count) => ({
    content: `${count} answers came`,
    trigger: `.o_billinator_quote[data-answers='${count}']`,
});

const checkQuantity = (quantity) => ({
    content: `The quantity is ${quantity}`,
    trigger: ".o_billinator_quantity",
    run({ anchor }) {
        if (anchor.value !== quantity) {
            throw new Error(anchor.value);
        }
    },
});

const MORE = ".o_billinator_step[data-step='1']";
const OPTION = "tr.o_billinator_left_out .o_billinator_option";

registry.category("web_tour.tours").add("billinator_crm_portal_fast_clicks", {
    steps: () => [
        READY,
        slowDown(),
        {
            content: "Two more",
            trigger: MORE,
            run({ anchor }) {
                anchor.click();
                anchor.click();
            },
        },
        waitForAnswers(1),
        { content: "And one more, before the second answer", trigger: MORE, run: "click" },
        waitForAnswers(3),
        checkQuantity("5"),
    ],
});

registry.category("web_tour.tours").add("billinator_crm_portal_type_meanwhile", {
    steps: () => [
        READY,
        slowDown(),
        { content: "Take the option", trigger: OPTION, run: "click" },
        {
            content: "Type a quantity meanwhile, and think about it",
            trigger: ".o_billinator_quantity",
            run({ anchor }) {
                anchor.focus();
                anchor.value = "7";
                anchor.dispatchEvent(new Event("input", { bubbles: true }));
            },
        },
        waitForAnswers(1),
        checkQuantity("7"),
        {
            content: "Leave it at that",
            trigger: ".o_billinator_quantity",
            run: ({ anchor }) => anchor.dispatchEvent(new Event("change", { bubbles: true })),
        },
        waitForAnswers(2),
        checkQuantity("7"),
    ],
});

registry.category("web_tour.tours").add("billinator_crm_portal_untick_fails", {
    steps: () => [
        READY,
        slowDown({ failing: 2 }),
        {
            content: "Take the option, or rather not",
            trigger: OPTION,
            run({ anchor }) {
                anchor.click();
                anchor.click();
            },
        },
        waitForAnswers(2),
        { content: "It is taken", trigger: ".o_billinator_option:checked" },
        {
            content: "And the customer knows why",
            trigger: ".o_billinator_problem:contains('could not reach')",
        },
    ],
});

registry.category("web_tour.tours").add("billinator_crm_portal_less_than_one", {
    steps: () => [
        READY,
        {
            content: "There is no less",
            trigger: ".o_billinator_step[data-step='-1']",
            run: "click",
        },
        checkQuantity("0.5"),
        { content: "There is more", trigger: MORE, run: "click" },
        {
            content: "The server has it",
            trigger: ".o_billinator_quote",
            async run({ anchor }) {
                const inputEl = anchor.querySelector(".o_billinator_quantity");
                for (let tries = 0; inputEl.defaultValue === "0.5" && tries < 100; tries++) {
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
            },
        },
    ],
});

const SIGN = [
    {
        content: "Accept",
        trigger: "button[data-bs-target='#quote_accept']:visible:first",
        run: "click",
    },
    {
        content: "Type the name",
        trigger: ".modal.show .o_web_sign_name_and_signature input[name=signer]",
        run: "edit Ada Lovelace",
    },
    {
        content: "It is painted as a signature",
        trigger: ".modal.show canvas.o_web_sign_signature",
        run: "canvasNotEmpty",
    },
    {
        content: "Sign",
        trigger: ".modal.show .o_portal_sign_submit:enabled",
        run: "click",
        expectUnloadPage: true,
    },
    { content: "Thanks", trigger: ".alert-success:contains(Thank you)" },
];

registry.category("web_tour.tours").add("billinator_crm_portal_sign", {
    steps: () => [
        READY,
        {
            content: "Remember the hash of what is shown",
            trigger: ".o_billinator_quote",
            run: ({ anchor }) => (anchor.dataset.firstHash = anchor.dataset.contentHash),
        },
        {
            content: "Take the option",
            trigger: "tr.o_billinator_left_out .o_billinator_option",
            run: "click",
        },
        {
            content: "The server has it: nothing is left out any more",
            trigger: ".o_billinator_quote:not(:has(tr.o_billinator_left_out))",
            run: ({ anchor }) => {
                if (anchor.dataset.contentHash === anchor.dataset.firstHash) {
                    throw new Error("The page signs what it showed before.");
                }
                const total = anchor.querySelector("h2 [data-amount=total]").textContent;
                anchor.dataset.totalWithOption = total;
            },
        },
        {
            content: "Two more of what may be changed, faster than the server answers",
            trigger: ".o_billinator_step[data-step='1']",
            run: ({ anchor }) => {
                anchor.click();
                anchor.click();
            },
        },
        {
            content: "The total follows",
            trigger: ".o_billinator_quote",
            async run({ anchor }) {
                const totalEl = anchor.querySelector("h2 [data-amount=total]");
                const before = anchor.dataset.totalWithOption;
                for (let tries = 0; totalEl.textContent === before && tries < 100; tries++) {
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                if (totalEl.textContent === before) {
                    throw new Error("The total stayed.");
                }
            },
        },
        ...SIGN,
        { content: "Signed", trigger: ".o_billinator_signature:contains(Ada Lovelace)" },
        { content: "Closed", trigger: "body:not(:has(#quote_accept))" },
    ],
});

registry.category("web_tour.tours").add("billinator_crm_portal_sign_and_pay", {
    steps: () => [
        READY,
        ...SIGN,
        {
            content: "Where to pay the down payment",
            trigger: ".o_billinator_pay:visible:contains(Pay the down payment of)",
        },
        {
            content: "It is to be paid",
            trigger: ".o_billinator_invoices:contains(Down payment):contains(To be paid)",
        },
        {
            content: "Pay it",
            trigger: ".o_billinator_pay:visible:first",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "That is the invoice", trigger: "#invoice_content" },
    ],
});

const typeQuantity = (text) => ({
    steps: () => [
        READY,
        {
            content: "Remember the hash of what is shown",
            trigger: ".o_billinator_quote",
            run: ({ anchor }) => (anchor.dataset.firstHash = anchor.dataset.contentHash),
        },
        {
            content: "Type a grouped number",
            trigger: ".o_billinator_quantity",
            run: `edit ${text}`,
        },
        { content: "Leave the field", trigger: "h2 [data-amount=total]", run: "click" },
        {
            content: "The server has it",
            trigger: ".o_billinator_quote",
            async run({ anchor: { dataset } }) {
                const isNew = () => dataset.contentHash !== dataset.firstHash;
                for (let tries = 0; !isNew() && tries < 100; tries++) {
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
            },
        },
    ],
});

registry
    .category("web_tour.tours")
    .add("billinator_crm_portal_quantity", typeQuantity("1,000"))
    .add("billinator_crm_portal_quantity_in_india", typeQuantity("1,00,000"))
    .add("billinator_crm_portal_quantity_in_france", typeQuantity("1 000"));

registry.category("web_tour.tours").add("billinator_crm_portal_decline", {
    steps: () => [
        READY,
        {
            content: "No, thanks",
            trigger: ".o_billinator_open_decline",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal.show textarea[name=reason]",
            run: "edit Too dear for us",
        },
        {
            content: "Decline",
            trigger: ".modal.show .o_billinator_decline [type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        { content: "Declined", trigger: ".alert:contains(has been declined)" },
        { content: "Closed", trigger: "body:not(:has(#quote_decline))" },
    ],
});
