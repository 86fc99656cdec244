import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { failNext, makeServerError } from "./tour_steps";

const amount = (bar) => `.o_bridge_table tr[data-bar=${bar}] .o_bridge_amount`;

/** From the bridge to the deals behind a bar, and back to the same bridge. */
registry.category("web_tour.tours").add("billinator_crm_bridge", {
    steps: () => [
        {
            content: "The first snapshot is the only one",
            trigger: `${amount("opening")}:contains("1,000.00")`,
        },
        {
            trigger: `${amount("raised")}:contains("250.00")`,
        },
        {
            content: "Nothing of it closes next quarter",
            trigger: ".o_bridge_period",
            run: "select next",
        },
        {
            trigger: `${amount("opening")}:contains("$ 0.00")`,
        },
        {
            trigger: ".o_bridge_period",
            run: "select quarter",
        },
        {
            trigger: `${amount("opening")}:contains("1,000.00")`,
        },
        failNext("get_bridge", makeServerError("odoo.exceptions.UserError")),
        {
            trigger: ".o_bridge_period",
            run: "select next",
        },
        {
            content: "It did not work",
            trigger: ".modal .modal-footer button",
            run: "click",
        },
        {
            content: "The choice is the one of what is shown",
            trigger: `.o_action:has(.o_bridge_period option[value=quarter]:checked) ${amount("opening")}:contains("1,000.00")`,
        },
        {
            content: "The server takes its time for the next question",
            trigger: ".o_bridge_period",
            run({ anchor }) {
                const { _rpc } = rpc;
                rpc._rpc = async (...question) => {
                    rpc._rpc = _rpc;
                    const answer = await _rpc(...question);
                    await new Promise((resolve) => setTimeout(resolve, 1000));
                    setTimeout(() => (anchor.dataset.late = "answered"), 100);
                    return answer;
                };
            },
        },
        {
            trigger: ".o_bridge_period",
            run: "select next",
        },
        {
            content: "Meanwhile, another one is asked",
            trigger: ".o_bridge_period",
            run: "select quarter",
        },
        {
            content: "The late answer is about what is not chosen any more",
            trigger: `.o_action:has(.o_bridge_period[data-late=answered]) ${amount("opening")}:contains("1,000.00")`,
        },
        {
            content: "Which deal was raised?",
            trigger: ".o_bridge_table tr[data-bar=raised] button",
            run: "click",
        },
        {
            trigger: ".o_list_renderer .o_data_row:contains(Bridge Deal)",
        },
        {
            content: "Back to the same choice",
            trigger: ".breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            trigger: ".o_bridge_period:has(option[value=quarter]:checked)",
        },
        {
            trigger: `${amount("closing")}:contains("1,250.00")`,
        },
    ],
});
