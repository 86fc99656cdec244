import { setElementContent } from "@web/core/utils/html";
import { localization } from "@web/core/l10n/localization";
import { escapeRegExp } from "@web/core/utils/strings";
import { markup } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { redirect } from "@web/core/utils/urls";
import { Interaction } from "@web/public/interaction";
import { explain, sendToQuote } from "./quote_server";

/**
 * Reads a number: grouped as the language does it, or with a comma or point for decimals.
 *
 * @param {string} text
 * @returns {string} with a point, if it is a number
 */
function readNumber(text) {
    const separator = escapeRegExp(localization.thousandsSep);
    // India has groups of two before the last one.
    const isGrouped = new RegExp(
        `^\\d{1,3}(${separator}\\d{2,3})*${separator}\\d{3}(?!\\d|${separator})`
    );
    // Languages that group by a space have one that nobody can type.
    const number = text.trim().replace(/(\d)\s(?=\d{3}(?!\d))/g, "$1");
    const plain = isGrouped.test(number)
        ? number.replaceAll(localization.thousandsSep, "")
        : number;
    return plain.replace(",", ".");
}

/** The customer's page of a quote: options, quantities, the total, and saying no. */
export class QuotePage extends Interaction {
    static selector = ".o_billinator_quote";
    dynamicContent = {
        _document: { "t-on-visibilitychange": () => this.countView() },
        ".o_billinator_option": { "t-on-change": this.onOptionChange },
        ".o_billinator_quantity": {
            "t-on-input": (ev) => (this.typedEl = ev.target),
            "t-on-change": this.onQuantityChange,
            "t-on-focusout": () => (this.typedEl = null),
        },
        ".o_billinator_step": { "t-on-click": this.onStepClick },
        ".o_billinator_print": { "t-on-click": () => window.print() },
        ".o_billinator_reload": { "t-on-click.prevent": () => window.location.reload() },
        ".o_billinator_decline": { "t-on-submit.prevent": this.onDecline },
    };

    setup() {
        this.openChoices = 0;
    }

    start() {
        this.countView();
    }

    /** Tells the seller of a visit, as soon as somebody can see the page. */
    countView() {
        if (this.isCounted || this.el.dataset.isStaff || document.hidden) {
            return;
        }
        this.isCounted = true;
        // A visit that is not counted is no reason to bother the customer.
        sendToQuote("view").catch(() => {});
    }

    onOptionChange(ev) {
        return this.choose(ev.target, { is_selected: ev.target.checked });
    }

    onQuantityChange(ev) {
        this.typedEl = null;
        return this.choose(ev.target, { quantity: readNumber(ev.target.value) });
    }

    onStepClick(ev) {
        const inputEl = ev.currentTarget.parentElement.querySelector("input");
        const quantity = parseFloat(readNumber(inputEl.value)) || 0;
        const least = Math.min(1, quantity);
        const changed = Math.max(least, quantity + Number(ev.currentTarget.dataset.step));
        if (changed === quantity) {
            return;
        }
        inputEl.value = String(changed).replace(".", localization.decimalPoint);
        inputEl.dispatchEvent(new Event("change", { bubbles: true }));
    }

    async choose(inputEl, choice) {
        const lineId = inputEl.closest("[data-line-id]").dataset.lineId;
        this.el.querySelector(".o_billinator_problem").classList.add("d-none");
        this.openChoices++;
        try {
            this.answer = await this.waitFor(
                sendToQuote("choose", { line_id: lineId, ...choice })
            );
        } catch (error) {
            this.showProblem(explain(error));
        }
        this.openChoices--;
        // Before, the page is ahead of the quote.
        if (!this.openChoices) {
            this.showQuote();
        }
    }

    /** Shows what the quote says, which is not what was refused. */
    showQuote() {
        if (this.answer) {
            this.show(this.answer);
        }
        for (const inputEl of this.el.querySelectorAll("[data-line-id] input")) {
            inputEl.checked = inputEl.defaultChecked;
            if (inputEl !== this.typedEl) {
                inputEl.value = inputEl.defaultValue;
            }
        }
    }

    show({ amounts, lines, tax_totals }) {
        for (const amountEl of document.querySelectorAll("[data-amount]")) {
            amountEl.textContent = amounts[amountEl.dataset.amount] ?? amountEl.textContent;
        }
        const rowEls = [...this.el.querySelectorAll("[data-line-id]")];
        if (!this.isSame(rowEls, lines)) {
            window.location.reload();
            return;
        }
        for (const rowEl of rowEls) {
            this.showLine(rowEl, lines[rowEl.dataset.lineId]);
        }
        setElementContent(this.el.querySelector(".o_billinator_totals"), markup(tax_totals));
    }

    /**
     * Another option may bring another tax, and with it another line of a discount;
     * another quantity may bring another discount, which is shown in more than numbers.
     */
    isSame(rowEls, lines) {
        const isKnown = ({ dataset: { lineId, discount } }) =>
            lines[lineId]?.discount === discount;
        return rowEls.length === Object.keys(lines).length && rowEls.every(isKnown);
    }

    showLine(rowEl, { quantity, is_left_out }) {
        rowEl.classList.toggle("o_billinator_left_out", is_left_out);
        const optionEl = rowEl.querySelector(".o_billinator_option");
        if (optionEl) {
            optionEl.defaultChecked = !is_left_out;
        }
        const quantityEl = rowEl.querySelector(".o_billinator_quantity");
        if (quantityEl) {
            quantityEl.defaultValue = quantity;
        }
    }

    showProblem(text) {
        const problemEl = this.el.querySelector(".o_billinator_problem");
        problemEl.querySelector("span").textContent = text;
        problemEl.classList.remove("d-none");
        problemEl.scrollIntoView({ block: "center", behavior: "smooth" });
    }

    async onDecline(ev) {
        const formEl = ev.target;
        const buttonEl = formEl.querySelector("[type=submit]");
        const problemEl = formEl.querySelector(".o_billinator_decline_problem");
        buttonEl.disabled = true;
        try {
            const answer = await sendToQuote("decline", { reason: formEl.elements.reason.value });
            redirect(answer.redirect);
        } catch (error) {
            problemEl.textContent = explain(error);
            problemEl.classList.remove("d-none");
            buttonEl.disabled = false;
        }
    }
}

registry.category("public.interactions").add("billinator_crm.quote_page", QuotePage);
