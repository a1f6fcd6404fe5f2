#include "cweb.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

static const unsigned char answers_js[] = {
#embed "Web/answers.js"
};

static const unsigned char api_js[] = {
#embed "Web/api.js"
};

static const unsigned char app_js[] = {
#embed "Web/app.js"
};

static const unsigned char base_css[] = {
#embed "Web/base.css"
};

static const unsigned char chat_js[] = {
#embed "Web/chat.js"
};

static const unsigned char composer_js[] = {
#embed "Web/composer.js"
};

static const unsigned char conversations_js[] = {
#embed "Web/conversations.js"
};

static const unsigned char dom_js[] = {
#embed "Web/dom.js"
};

static const unsigned char highlight_js[] = {
#embed "Web/highlight.js"
};

static const unsigned char icon_svg[] = {
#embed "Web/icon.svg"
};

static const unsigned char index_html[] = {
#embed "Web/index.html"
};

static const unsigned char inline_js[] = {
#embed "Web/inline.js"
};

static const unsigned char layout_css[] = {
#embed "Web/layout.css"
};

static const unsigned char markdown_js[] = {
#embed "Web/markdown.js"
};

static const unsigned char message_js[] = {
#embed "Web/message.js"
};

static const unsigned char openapi_json[] = {
#embed "Web/openapi.json"
};

static const unsigned char panels_css[] = {
#embed "Web/panels.css"
};

static const unsigned char preferences_js[] = {
#embed "Web/preferences.js"
};

static const unsigned char scrolling_js[] = {
#embed "Web/scrolling.js"
};

static const unsigned char settings_js[] = {
#embed "Web/settings.js"
};

static const unsigned char sidebar_js[] = {
#embed "Web/sidebar.js"
};

static const unsigned char store_js[] = {
#embed "Web/store.js"
};

static const unsigned char theme_js[] = {
#embed "Web/theme.js"
};

static const unsigned char thread_css[] = {
#embed "Web/thread.css"
};

static const unsigned char thread_js[] = {
#embed "Web/thread.js"
};

// A file of the folder Web is served once it stands here.
static const struct kite_web_file files[] = {
    {"answers.js", answers_js, sizeof answers_js},
    {"api.js", api_js, sizeof api_js},
    {"app.js", app_js, sizeof app_js},
    {"base.css", base_css, sizeof base_css},
    {"chat.js", chat_js, sizeof chat_js},
    {"composer.js", composer_js, sizeof composer_js},
    {"conversations.js", conversations_js, sizeof conversations_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"highlight.js", highlight_js, sizeof highlight_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"index.html", index_html, sizeof index_html},
    {"inline.js", inline_js, sizeof inline_js},
    {"layout.css", layout_css, sizeof layout_css},
    {"markdown.js", markdown_js, sizeof markdown_js},
    {"message.js", message_js, sizeof message_js},
    {"openapi.json", openapi_json, sizeof openapi_json},
    {"panels.css", panels_css, sizeof panels_css},
    {"preferences.js", preferences_js, sizeof preferences_js},
    {"scrolling.js", scrolling_js, sizeof scrolling_js},
    {"settings.js", settings_js, sizeof settings_js},
    {"sidebar.js", sidebar_js, sizeof sidebar_js},
    {"store.js", store_js, sizeof store_js},
    {"theme.js", theme_js, sizeof theme_js},
    {"thread.css", thread_css, sizeof thread_css},
    {"thread.js", thread_js, sizeof thread_js},
};

const struct kite_web_file *kite_web_file(size_t index) {
    return index < sizeof files / sizeof files[0] ? &files[index] : NULL;
}
