// What the person chose, for all conversations. Small, hence localStorage; the key stays in this tab only.

const NAME = "kite.preferences";
const KEY = "kite.key";

/** The sampling fields of a request. `value` is what the server does when nothing is sent. */
export const SAMPLING = [
    {
        name: "temperature", label: "Temperature", value: 0.8, least: 0, most: 2, step: 0.05,
        help: "How freely words are chosen. 0 always takes the likeliest.",
    },
    { name: "top_p", label: "Top P", value: 0.95, least: 0.05, most: 1, step: 0.01, help: "Keeps the likeliest words that make up this share. 1 keeps all." },
    { name: "min_p", label: "Min P", value: 0.05, least: 0, most: 0.5, step: 0.01, help: "Drops words less likely than this share of the likeliest. 0 drops none." },
    { name: "top_k", label: "Top K", value: 40, least: 0, most: 200, step: 1, help: "Keeps this many of the likeliest words. 0 keeps all." },
    { name: "repeat_penalty", label: "Repeat penalty", value: 1, least: 1, most: 2, step: 0.01, help: "Makes words of late less likely. 1 leaves them alone." },
    { name: "max_tokens", label: "Longest answer", value: null, least: 1, most: 1_000_000, step: 1, help: "In tokens, about four letters each. Empty: until it is done.", empty: "no limit" },
    { name: "seed", label: "Seed", value: null, least: 0, most: Number.MAX_SAFE_INTEGER, step: 1, help: "The same seed and question give the same answer.", empty: "random" },
];

const DEFAULTS = { theme: "system", textSize: "normal", model: "", system: "", sampling: {}, hidesSidebar: false, showsSettings: false };

function read() {
    let stored = {};
    try {
        stored = JSON.parse(localStorage.getItem(NAME) ?? "{}") ?? {};
    } catch {
        // Forbidden or damaged: the defaults.
    }
    const result = { ...DEFAULTS, sampling: {} };
    for (const [name, otherwise] of Object.entries(DEFAULTS)) {
        if (typeof stored[name] === typeof otherwise && name !== "sampling") result[name] = stored[name];
    }
    for (const { name, least, most } of SAMPLING) {
        const value = stored.sampling?.[name];
        if (Number.isFinite(value) && value >= least && value <= most) result.sampling[name] = value;
    }
    return result;
}

export const preferences = read();

export function savePreferences() {
    try {
        localStorage.setItem(NAME, JSON.stringify(preferences));
    } catch {
        // They hold for this tab then.
    }
}

/** The key that the server asked for; kept until the tab closes. */
export const apiKey = {
    value: (() => {
        try {
            return sessionStorage.getItem(KEY) ?? "";
        } catch {
            return "";
        }
    })(),
    set(value) {
        this.value = value;
        try {
            if (value) sessionStorage.setItem(KEY, value);
            else sessionStorage.removeItem(KEY);
        } catch {
            // It holds until the page is loaded again then.
        }
    },
};
