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
    const isGrouped = new RegExp(`^\\d{1,3}(${separator}\\d{3})+(?!\\d)`);
    const number = text.trim();
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
        ".o_billinator_quantity": { "t-on-change": this.onQuantityChange },
        ".o_billinator_step": { "t-on-click": this.onStepClick },
        ".o_billinator_print": { "t-on-click": () => window.print() },
        ".o_billinator_reload": { "t-on-click.prevent": () => window.location.reload() },
        ".o_billinator_decline": { "t-on-submit.prevent": this.onDecline },
    };

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
        return this.choose(ev.target, { quantity: readNumber(ev.target.value) });
    }

    onStepClick(ev) {
        const inputEl = ev.currentTarget.parentElement.querySelector("input");
        const quantity = parseFloat(readNumber(inputEl.value)) || 0;
        const changed = Math.max(1, quantity + Number(ev.currentTarget.dataset.step));
        inputEl.value = String(changed).replace(".", localization.decimalPoint);
        inputEl.dispatchEvent(new Event("change", { bubbles: true }));
    }

    async choose(inputEl, choice) {
        const rowEl = inputEl.closest("[data-line-id]");
        const lineId = rowEl.dataset.lineId;
        try {
            const answer = await this.waitFor(sendToQuote("choose", { line_id: lineId, ...choice }));
            inputEl.defaultChecked = inputEl.checked;
            this.show(answer);
        } catch (error) {
            // What was refused is not taken: the page shows again what the quote says.
            inputEl.checked = inputEl.defaultChecked;
            inputEl.value = inputEl.defaultValue;
            this.showProblem(explain(error));
        }
    }

    show({ amounts, lines, tax_totals }) {
        this.el.querySelector(".o_billinator_problem").classList.add("d-none");
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

    /** Another option may bring another tax, and with it another line of a discount. */
    isSame(rowEls, lines) {
        const isKnown = (rowEl) => rowEl.dataset.lineId in lines;
        return rowEls.length === Object.keys(lines).length && rowEls.every(isKnown);
    }

    showLine(rowEl, { quantity, is_left_out }) {
        rowEl.classList.toggle("o_billinator_left_out", is_left_out);
        const quantityEl = rowEl.querySelector(".o_billinator_quantity");
        if (quantityEl) {
            quantityEl.value = quantityEl.defaultValue = quantity;
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
