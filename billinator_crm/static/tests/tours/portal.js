import { registry } from "@web/core/registry";

const READY = { content: "The page is alive", trigger: "body[is-ready=true]" };

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
                const total = anchor.querySelector("h2[data-amount=total]").textContent;
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
                const totalEl = anchor.querySelector("h2[data-amount=total]");
                const before = anchor.dataset.totalWithOption;
                for (let tries = 0; totalEl.textContent === before && tries < 100; tries++) {
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                if (totalEl.textContent === before) {
                    throw new Error("The total stayed.");
                }
            },
        },
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
        { content: "Signed", trigger: ".o_billinator_signature:contains(Ada Lovelace)" },
        { content: "Closed", trigger: "body:not(:has(#quote_accept))" },
    ],
});

registry.category("web_tour.tours").add("billinator_crm_portal_quantity", {
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
            run: "edit 1,000",
        },
        { content: "Leave the field", trigger: "h2[data-amount=total]", run: "click" },
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
