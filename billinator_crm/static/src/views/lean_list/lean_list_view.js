import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { extractFieldsFromArchInfo } from "@web/model/relational_model/utils";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** Attributes that say something about a column by the values of others. */
const COMPUTED = /^(context|domain|options|readonly|required|(column_)?invisible|decoration-.+)$/;

/**
 * What the browser keeps the choice of columns under.
 *
 * Odoo's own key has the names of all that is loaded, which here depends on the choice.
 */
function getViewKey(resModel, viewId) {
    return `${resModel},lean_list,${viewId}`;
}

/** Return the words in what an element and its field compute, without its own name. */
function getWords(element, fields) {
    const name = element.getAttribute("name");
    const { context, domain } = fields[name] || {};
    const computed = [...element.attributes].filter((attr) => COMPUTED.test(attr.name));
    return JSON.stringify([...computed.map((attr) => attr.value), context, domain])
        .split(/\W+/)
        .filter((word) => word !== name);
}

/** Return what may be the name of a field that something in the list depends on. */
function getUsedNames({ xmlDoc }, fields) {
    const elements = [xmlDoc, ...xmlDoc.querySelectorAll("*")];
    return new Set(elements.flatMap((element) => getWords(element, fields)));
}

/** Return the nodes of fields, by their id, without those of hidden unused columns. */
function getNeededNodes(archInfo, fields, viewKey) {
    const chosen = browser.localStorage.getItem(`optional_fields,${viewKey}`)?.split(",");
    const used = getUsedNames(archInfo, fields);
    const isNeeded = ({ name, attrs: { optional } }) =>
        !optional ||
        used.has(name) ||
        (chosen ? chosen.includes(name) : optional === "show");
    return Object.fromEntries(
        Object.entries(archInfo.fieldNodes).filter(([, node]) => isNeeded(node))
    );
}

/**
 * A list that loads the columns that are shown, and a hidden one when it is chosen.
 *
 * What a domain or another attribute depends on is always loaded.
 */
class LeanListController extends ListController {
    /** @override */
    get modelParams() {
        const params = super.modelParams;
        if (!this.props.state?.modelState) {
            params.config.activeFields = this.getNeededFields();
        }
        return params;
    }

    getNeededFields() {
        const { fields, resModel } = this.props;
        const viewKey = getViewKey(resModel, this.env.config.viewId);
        const fieldNodes = getNeededNodes(this.archInfo, fields, viewKey);
        return extractFieldsFromArchInfo({ ...this.archInfo, fieldNodes }, fields)
            .activeFields;
    }
}

class LeanListRenderer extends ListRenderer {
    /** @override */
    createViewKey() {
        return getViewKey(this.props.list.resModel, this.env.config.viewId);
    }

    /** @override */
    async toggleOptionalField(fieldName) {
        const { model } = this.props.list;
        if (!(fieldName in model.config.activeFields)) {
            const nodes = Object.entries(this.props.archInfo.fieldNodes);
            const chosen = nodes.filter(([, { name }]) => name === fieldName);
            const { activeFields } = extractFieldsFromArchInfo(
                { fieldNodes: Object.fromEntries(chosen), widgetNodes: {} },
                this.props.list.fields
            );
            Object.assign(model.config.activeFields, activeFields);
            model.config.fieldsToAggregate.push(...Object.keys(activeFields));
            await model.load();
        }
        await super.toggleOptionalField(fieldName);
    }
}

registry.category("views").add("billinator_lean_list", {
    ...listView,
    Controller: LeanListController,
    Renderer: LeanListRenderer,
});
