// The panel of settings: what the model is told, how it chooses words, how the page looks, the data in this browser.

import { byID, download, element, iconButton, isApple, toast } from "./dom.js";
import { SAMPLING, apiKey, preferences, savePreferences } from "./preferences.js";
import { readExport } from "./store.js";

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export class Settings {
    #chat;
    #root = byID("settings");
    #system;
    #key;
    #room = element("p", { class: "help" });
    #resets = [];

    constructor(chat, { close }) {
        this.#chat = chat;
        this.#root.append(
            element(
                "div", { class: "bar" }, element("h2", {}, "Settings"),
                iconButton("close", "Close the settings", close, { id: "close-settings" })),
            element(
                "div", { class: "sheet" }, this.#instructions(), this.#sampling(), this.#looks(), this.#access(), this.#data(), keyboard()));
        this.update();
    }

    #instructions() {
        this.#system = element("textarea", {
            id: "system", rows: "4", placeholder: "You are a helpful assistant who answers briefly.", "aria-describedby": "system-help",
        });
        this.#system.addEventListener("input", () => this.#chat.setSystem(this.#system.value));
        const keep = element("button", {
            type: "button", class: "link", onclick: () => {
                preferences.system = this.#system.value;
                savePreferences();
                toast(preferences.system.trim() ? "New chats start with this system prompt." : "New chats start without a system prompt.");
            },
        }, "Use for new chats");
        return section(
            "Instructions", element("label", { for: "system" }, "System prompt"), this.#system,
            element("p", { class: "help", id: "system-help" }, "Told to the model before this conversation. ", keep));
    }

    #sampling() {
        const reset = element("button", {
            type: "button", class: "link", id: "reset-sampling", onclick: () => {
                preferences.sampling = {};
                this.#changedSampling();
            },
        }, "Reset all");
        return section("Sampling", ...SAMPLING.map((field) => this.#field(field)), element("p", { class: "help" }, "Holds for all conversations. ", reset));
    }

    #field({ name, label, value, least, most, step, help, empty }) {
        const isSlider = value !== null;
        const number = element("input", {
            id: `set-${name}`, type: "number", min: least, max: most, step, inputmode: step < 1 ? "decimal" : "numeric",
            placeholder: empty ?? null, "aria-describedby": `help-${name}`,
        });
        const range = isSlider ? element("input", { type: "range", min: least, max: most, step, "aria-label": label, data: { name } }) : null;
        const reset = iconButton("again", `Reset ${label.toLowerCase()}`, () => set(null), { class: "quiet reset" });
        const set = (chosen) => {
            if (chosen === null || chosen === value) delete preferences.sampling[name];
            else preferences.sampling[name] = chosen;
            this.#changedSampling();
        };
        range?.addEventListener("input", () => set(Number(range.value)));
        number.addEventListener("change", () => {
            const typed = number.value.trim() === "" ? null : Number(number.value);
            if (typed === null || !Number.isFinite(typed)) return set(null);
            const bounded = Math.min(most, Math.max(least, typed));
            set(step === 1 ? Math.round(bounded) : bounded);
        });
        this.#resets.push(() => {
            const chosen = preferences.sampling[name];
            number.value = chosen ?? value ?? "";
            if (range) range.value = chosen ?? value;
            reset.hidden = chosen === undefined;
        });
        return element(
            "div", { class: "field" },
            element("div", { class: "line" }, element("label", { for: `set-${name}` }, label), reset, number),
            range, element("p", { class: "help", id: `help-${name}` }, help));
    }

    #changedSampling() {
        savePreferences();
        for (const show of this.#resets) show();
    }

    #looks() {
        return section(
            "Appearance",
            choice("Theme", "theme", [["system", "System"], ["light", "Light"], ["dark", "Dark"]], applyTheme),
            choice("Text", "textSize", [["normal", "Normal"], ["large", "Large"], ["larger", "Larger"]], applyTextSize));
    }

    #access() {
        this.#key = element("input", { id: "set-key", type: "password", autocomplete: "off", spellcheck: "false", placeholder: "none", "aria-describedby": "help-key" });
        this.#key.addEventListener("change", () => {
            apiKey.set(this.#key.value.trim());
            this.#chat.loadModels();
        });
        return section(
            "Access", element("label", { for: "set-key" }, "API key"), this.#key,
            element("p", { class: "help", id: "help-key" }, "Only for servers that ask for one. Forgotten when this tab closes."));
    }

    #data() {
        const file = element("input", { type: "file", accept: "application/json,.json", class: "hidden", tabindex: "-1", "aria-label": "File to import", id: "import-file" });
        file.addEventListener("change", () => {
            if (file.files[0]) this.#import(file.files[0]);
            file.value = "";
        });
        return section(
            "Your data",
            element("p", { class: "help" }, "Conversations are stored in this browser and nowhere else."), this.#room,
            element(
                "div", { class: "choices" },
                element("button", { type: "button", id: "export", onclick: () => this.#export() }, "Export all"),
                element("button", { type: "button", id: "import", onclick: () => file.click() }, "Import…"), file));
    }

    async #export() {
        download(`kite-${new Date().toISOString().slice(0, 10)}.json`, await this.#chat.export());
    }

    async #import(file) {
        try {
            const conversations = readExport(await file.text());
            const count = await this.#chat.import(conversations);
            toast(`${count} conversation${count === 1 ? "" : "s"} imported.`);
        } catch (error) {
            toast(`“${file.name}” cannot be imported: ${error.message}.`, null, 12);
        }
        this.update();
    }

    /** Brings the panel in line with the conversation and the storage. */
    async update() {
        if (document.activeElement !== this.#system) this.#system.value = this.#chat.current.system;
        this.#key.value = apiKey.value;
        for (const show of this.#resets) show();
        const room = this.#root.hidden ? null : await this.#chat.store.room();
        this.#room.textContent = room ? `${megabytes(room.usage)} of ${megabytes(room.quota)} in use.` : "";
    }
}

const megabytes = (bytes) => (bytes < 1e9 ? `${numbers.format(bytes / 1e6)} MB` : `${numbers.format(bytes / 1e9)} GB`);

function section(title, ...children) {
    return element("section", {}, element("h3", {}, title), children);
}

function choice(label, name, values, apply) {
    const options = values.flatMap(([value, text]) => {
        const button = element("input", { type: "radio", name, value, id: `${name}-${value}` });
        button.checked = preferences[name] === value;
        button.addEventListener("change", () => apply(value));
        return [button, element("label", { for: `${name}-${value}` }, text)];
    });
    return element("fieldset", { class: "segments" }, element("legend", {}, label), element("div", {}, options));
}

export function applyTheme(theme) {
    preferences.theme = theme;
    savePreferences();
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const button = byID(`theme-${theme}`);
    if (button) button.checked = true;
    dispatchEvent(new Event("themechange"));
}

function applyTextSize(size) {
    preferences.textSize = size;
    savePreferences();
    document.documentElement.dataset.textSize = size;
}

function keyboard() {
    const command = isApple ? "⌘" : "Ctrl";
    const keys = [
        [["Enter"], "Send"], [["Shift", "Enter"], "New line"], [["Esc"], "Stop the answer, close"], [["↑"], "Edit the last message"],
        [[command, "K"], "Find, or Enter for a new chat"], [[command, "Shift", ","], "Settings"],
    ];
    return section("Keyboard", element("dl", { class: "keys" }, keys.map(([names, meaning]) => [
        element("dt", {}, names.map((name) => element("kbd", {}, name))), element("dd", {}, meaning),
    ]).flat()));
}
