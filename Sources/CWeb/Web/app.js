// Puts the page together.

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { byID, download, element, isApple, notice, setIcon } from "./dom.js";
import { shortName } from "./message.js";
import { apiKey, preferences, savePreferences } from "./preferences.js";
import { Follower } from "./scrolling.js";
import { Settings, applyTheme } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { Thread } from "./thread.js";

const IDEAS = [
    ["Explain", "Explain to a ten-year-old why a kite flies."],
    ["Write", "Write a short, friendly mail that moves a meeting to Thursday."],
    ["Code", "Write a Swift function that finds the longest common prefix of an array of strings."],
];

const chat = new Chat();
const narrow = matchMedia("(max-width: 899px)");
const medium = matchMedia("(max-width: 1199px)");

const follower = new Follower(byID("scroller"), byID("thread"), byID("latest"));
const thread = new Thread(byID("thread"), chat);
const composer = new Composer(chat, {
    sent: () => follower.toEnd(),
    editLast: () => {
        const last = chat.messages.findLast((message) => message.role === "user");
        const view = last && thread.view(last);
        view?.root.scrollIntoView({ block: "nearest" });
        view?.edit();
        return Boolean(view);
    },
});
const sidebar = new Sidebar(chat, { open, startNew, closed: () => closeDrawers() });
const settings = new Settings(chat, { close: () => showSettings(false) });

// Which conversation, also in the address, so that Back and loading again work

async function open(id, isFromHistory = false) {
    if (id === chat.current.id || await chat.open(id)) {
        if (!isFromHistory && location.hash !== `#${id}`) history.pushState(null, "", `#${id}`);
        closeDrawers();
        if (!narrow.matches) composer.focus();
        return;
    }
    if (isFromHistory) startNew(true);
}

function startNew(isFromHistory = false) {
    chat.startNew();
    if (!isFromHistory && location.hash) history.pushState(null, "", location.pathname + location.search);
    sidebar.clear();
    closeDrawers();
    composer.focus();
}

addEventListener("popstate", () => {
    const id = location.hash.slice(1);
    if (id) open(id, true);
    else if (chat.current.messages.length) startNew(true);
});

function show() {
    const { current } = chat;
    byID("title").textContent = current.title;
    document.title = current.messages.length ? `${current.title} · Kite` : "Kite";
    byID("welcome").hidden = current.messages.length > 0;
    thread.show();
    composer.update();
    showModels();
}

chat.addEventListener("current", () => {
    show();
    follower.toEnd();
    settings.update();
    sidebar.update();
});
chat.addEventListener("thread", () => {
    if (chat.current.messages.length && location.hash !== `#${chat.current.id}`) {
        history.pushState(null, "", `#${chat.current.id}`);
    }
    show();
});
chat.addEventListener("title", show);
chat.addEventListener("list", () => sidebar.update());

// Models

function showModels() {
    const select = byID("model");
    const names = chat.models.map(({ id }) => id);
    if (select.dataset.names !== JSON.stringify(names)) {
        select.dataset.names = JSON.stringify(names);
        select.replaceChildren(...names.map((name) => element("option", { value: name }, shortName(name))));
        if (!names.length) select.append(element("option", { value: "" }, "No model"));
    }
    select.value = chat.model;
    select.title = chat.model;
    select.disabled = names.length === 0;
}

byID("model").addEventListener("change", (event) => chat.pickModel(event.target.value));
chat.addEventListener("models", () => {
    showModels();
    composer.update();
});

// Trouble

chat.addEventListener("connection", ({ detail }) => {
    notice("connection", detail, detail ? [{ label: "Try now", run: () => dispatchEvent(new Event("online")) }] : []);
});

chat.addEventListener("storage", ({ detail }) => {
    const texts = {
        full: "This browser has no room left for this page. What is new stays in this tab until you close it: delete conversations, or export them first.",
        failed: "This browser could not store the conversation. It stays in this tab until you close it.",
        forbidden: "This browser does not let the page store anything: conversations end with this tab.",
    };
    const actions = [{ label: "Export", run: async () => download("kite-conversations.json", await chat.export()) }];
    if (detail !== "forbidden") actions.push({ label: "Try again", run: () => chat.retryStorage() });
    notice("storage", texts[detail] ?? null, actions);
});

addEventListener("beforeunload", (event) => {
    if (chat.unsaved.length) event.preventDefault();
});
addEventListener("pagehide", () => chat.flush());
document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") chat.flush();
});

// The key that a server can ask for

let afterKey = null;
const keyDialog = byID("key-dialog");

chat.addEventListener("key", ({ detail: { hadKey, again } }) => {
    afterKey = again;
    byID("key-reason").textContent = hadKey
        ? "The server did not accept the key. Please check it."
        : "It is kept until this tab closes, and sent to this server only.";
    byID("key").value = apiKey.value;
    if (!keyDialog.open) keyDialog.showModal();
    byID("key").select();
});

function saveKey() {
    const key = byID("key").value.trim();
    if (!key) return;
    keyDialog.close();
    apiKey.set(key);
    const again = afterKey;
    settings.update();
    if (chat.models.length) again?.();
    else chat.loadModels().then(() => chat.models.length && chat.messages.length && again?.());
}

byID("key-save").addEventListener("click", saveKey);
byID("key-cancel").addEventListener("click", () => keyDialog.close());
byID("key").addEventListener("keydown", (event) => {
    if (event.key === "Enter") saveKey();
});
keyDialog.addEventListener("close", () => {
    if (!apiKey.value) notice("key", "The server wants a key before it answers.", [{ label: "Enter it", run: () => keyDialog.showModal() }]);
    else notice("key", null);
    composer.focus();
});

// Panels: beside the conversation where there is room, over it where there is not

function showSidebar(isShown) {
    if (narrow.matches) {
        document.body.classList.toggle("with-sidebar", isShown);
    } else {
        preferences.hidesSidebar = !isShown;
        savePreferences();
        document.body.classList.toggle("without-sidebar", !isShown);
    }
    if (isShown && narrow.matches) document.body.classList.remove("with-settings");
    arrange();
}

function showSettings(isShown) {
    byID("settings").hidden = !isShown;
    if (!medium.matches) {
        preferences.showsSettings = isShown;
        savePreferences();
    }
    arrange();
    if (isShown) {
        settings.update();
        byID("close-settings").focus();
    } else {
        byID("open-settings").focus();
    }
}

/** What lies below a drawer cannot be reached until it is closed. */
function arrange() {
    const hasSidebar = narrow.matches ? document.body.classList.contains("with-sidebar") : !preferences.hidesSidebar;
    const hasSettings = !byID("settings").hidden;
    const drawer = narrow.matches && hasSidebar ? "sidebar" : medium.matches && hasSettings ? "settings" : null;
    for (const id of ["sidebar", "main", "settings"]) byID(id).inert = drawer !== null && drawer !== id;
    if (!hasSidebar) byID("sidebar").inert = true;
    byID("veil").hidden = drawer === null;
    byID("open-sidebar").setAttribute("aria-expanded", String(hasSidebar));
    byID("open-settings").setAttribute("aria-expanded", String(hasSettings));
}

function closeDrawers() {
    document.body.classList.remove("with-sidebar");
    if (medium.matches) byID("settings").hidden = true;
    arrange();
}

byID("open-sidebar").addEventListener("click", () => {
    const isShown = narrow.matches || preferences.hidesSidebar;
    showSidebar(isShown);
    if (isShown && narrow.matches) byID("close-sidebar").focus();
});
byID("close-sidebar").addEventListener("click", () => {
    showSidebar(false);
    byID("open-sidebar").focus();
});
byID("open-settings").addEventListener("click", () => showSettings(byID("settings").hidden));
byID("veil").addEventListener("click", closeDrawers);
byID("new-chat").addEventListener("click", () => startNew());
for (const query of [narrow, medium]) query.addEventListener("change", closeDrawers);

// Theme

function showTheme() {
    const label = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" }[preferences.theme] ?? "Theme";
    setIcon(byID("theme"), { light: "light", dark: "dark" }[preferences.theme] ?? "system");
    byID("theme").setAttribute("aria-label", label);
    byID("theme").title = label;
}

byID("theme").addEventListener("click", () => {
    const order = ["system", "light", "dark"];
    applyTheme(order[(order.indexOf(preferences.theme) + 1) % order.length]);
});
addEventListener("themechange", showTheme);

// Keys

addEventListener("keydown", (event) => {
    const command = isApple ? event.metaKey : event.ctrlKey;
    if (command && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        showSidebar(true);
        byID("search").focus();
        byID("search").select();
    } else if (command && event.shiftKey && (event.key === "," || event.code === "Comma")) {
        event.preventDefault();
        showSettings(byID("settings").hidden);
    } else if (event.key === "Escape" && !keyDialog.open) {
        if (!byID("veil").hidden) closeDrawers();
        else if (chat.isRunning()) chat.stop();
        else if (byID("settings").contains(document.activeElement)) showSettings(false);
        else return;
        composer.focus();
    } else if (document.activeElement === document.body && event.key.length === 1 && !command && !event.altKey && event.key !== " ") {
        // Whoever starts to type means the message.
        composer.focus();
    }
});
byID("search-key").textContent = isApple ? "⌘K" : "Ctrl K";

// On-screen keyboards that cover the page instead of shrinking it (iOS)
function fit() {
    // Not when the person has zoomed in.
    if (visualViewport.scale > 1.01) return;
    document.documentElement.style.setProperty("--height", `${visualViewport.height}px`);
    scrollTo(0, 0);
}
visualViewport?.addEventListener("resize", fit);

byID("ideas").append(...IDEAS.map(([name, text]) => element("button", {
    type: "button", onclick: () => {
        composer.set(text);
        composer.focus();
    },
}, element("b", {}, name), element("span", {}, text))));

document.body.classList.toggle("without-sidebar", preferences.hidesSidebar);
byID("settings").hidden = medium.matches || !preferences.showsSettings;
arrange();
showTheme();
show();
await chat.start(location.hash.slice(1));
if (!narrow.matches) composer.focus();
document.body.dataset.ready = "true";
