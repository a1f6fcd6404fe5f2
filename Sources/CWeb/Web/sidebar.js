// The list of conversations: by day, searched, renamed, removed.

import { byID, download, element, iconButton, openMenu, toast } from "./dom.js";

const DAY = 86_400_000;

export class Sidebar {
    #chat;
    #list = byID("conversations");
    #search = byID("search");
    #found = null;
    #query = "";
    #isRenaming = false;
    #pending = false;

    /** `open(id)` shows a conversation, `startNew()` a new one. */
    constructor(chat, { open, startNew, closed }) {
        this.#chat = chat;
        this.open = open;
        this.#search.addEventListener("input", () => this.#find());
        this.#search.addEventListener("keydown", (event) => {
            const first = this.#list.querySelector(".open");
            if (event.key === "Enter" && !event.isComposing) {
                event.preventDefault();
                if (!this.#search.value.trim()) startNew();
                else if (first) first.click();
                this.clear();
            } else if (event.key === "ArrowDown" && first) {
                event.preventDefault();
                first.focus();
            } else if (event.key === "Escape") {
                event.stopPropagation();
                this.clear();
                closed();
            }
        });
        this.#list.addEventListener("keydown", (event) => this.#arrows(event));
    }

    clear() {
        this.#search.value = "";
        this.#find();
    }

    async #find() {
        const query = this.#search.value.trim();
        this.#query = query;
        const found = query ? await this.#chat.store.search(query, () => this.#query === query) : null;
        if (this.#query !== query) return;
        this.#found = found;
        await this.update();
    }

    #arrows(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step || !event.target.matches(".open")) return;
        event.preventDefault();
        const all = [...this.#list.querySelectorAll(".open")];
        const next = all[all.indexOf(event.target) + step];
        (next ?? (step < 0 ? this.#search : event.target)).focus();
    }

    async update() {
        if (this.#isRenaming || this.#pending) return;
        // Many changes at once make one list.
        this.#pending = true;
        const stored = await this.#chat.store.summaries().catch(() => []);
        this.#pending = false;
        if (this.#isRenaming) return;
        const unsaved = this.#chat.unsaved.filter(({ id }) => !stored.some((one) => one.id === id));
        const all = [...unsaved, ...stored].filter(({ id }) => !this.#found || this.#found.has(id));
        const focused = this.#list.contains(document.activeElement)
            ? [document.activeElement.closest("[data-id]")?.dataset.id, document.activeElement.className] : null;
        this.#list.replaceChildren(...groups(all).map(([name, items]) => element(
            "section", {}, element("h2", {}, name), element("ul", {}, items.map((item) => this.#item(item))))));
        if (!all.length) {
            const text = this.#found ? "Nothing found." : "Your conversations will be listed here.";
            this.#list.append(element("p", { class: "empty" }, text));
        }
        if (focused) this.#list.querySelector(`[data-id="${focused[0]}"] [class="${focused[1]}"]`)?.focus();
    }

    #item(summary) {
        const { id, title } = summary;
        const isCurrent = id === this.#chat.current.id;
        const more = iconButton("more", `More about ${title}`, () => openMenu(more, [
            { label: "Rename", run: () => this.#rename(item, summary) },
            { label: "Export", run: () => this.#export(id, title) },
            { label: "Delete", danger: true, run: () => this.#remove(id) },
        ]), { "aria-haspopup": "menu", class: "quiet more" });
        const item = element(
            "li", { data: { id } },
            element("button", {
                type: "button", class: "open", "aria-current": isCurrent ? "page" : null, onclick: () => this.open(id), title,
                ondblclick: () => this.#rename(item, summary),
            }, element("span", {}, title), this.#chat.isRunning(id) ? element("i", { class: "running", "aria-label": "being answered", role: "img" }) : null),
            more);
        return item;
    }

    #rename(item, { id, title }) {
        if (this.#isRenaming) return;
        this.#isRenaming = true;
        const field = element("input", { class: "rename", "aria-label": "Title", maxlength: 200, autocomplete: "off" });
        field.value = title;
        const end = async (isKept) => {
            if (!this.#isRenaming) return;
            this.#isRenaming = false;
            if (isKept && field.value.trim() && field.value.trim() !== title) await this.#chat.rename(id, field.value);
            await this.update();
            this.#list.querySelector(`[data-id="${id}"] .open`)?.focus();
        };
        field.addEventListener("keydown", (event) => {
            event.stopPropagation();
            if (event.isComposing) return;
            if (event.key === "Enter") end(true);
            if (event.key === "Escape") end(false);
        });
        field.addEventListener("blur", () => end(true));
        item.replaceChildren(field);
        field.focus();
        field.select();
    }

    async #remove(id) {
        const removed = await this.#chat.remove(id);
        if (!removed) return;
        toast(`“${removed.title}” is deleted.`, { label: "Undo", run: () => this.#chat.putBack(removed) }, 10);
    }

    async #export(id, title) {
        download(`${fileName(title)}.json`, await this.#chat.export(new Set([id])));
    }
}

const fileName = (title) => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "chat";

function groups(summaries) {
    const midnight = new Date().setHours(0, 0, 0, 0);
    const bounds = [["Today", midnight], ["Yesterday", midnight - DAY], ["Last seven days", midnight - 7 * DAY], ["Earlier", -Infinity]];
    return bounds.map(([name, since], index) => [
        name, summaries.filter(({ updated }) => updated >= since && (index === 0 || updated < bounds[index - 1][1])),
    ]).filter(([, items]) => items.length);
}
