// Runs before the first paint, so that a chosen theme does not flash. A classic script on purpose: modules wait.
try {
    const { theme, textSize } = JSON.parse(localStorage.getItem("kite.preferences") ?? "{}");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (textSize === "large" || textSize === "larger") document.documentElement.dataset.textSize = textSize;
} catch {
    // Storage can be forbidden or damaged: the system's theme then.
}
