#include "cweb.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

static const unsigned char index_html[] = {
#embed "Web/index.html"
};

static const unsigned char openapi_json[] = {
#embed "Web/openapi.json"
};

static const struct kite_web_file files[] = {
    {"index.html", index_html, sizeof index_html},
    {"openapi.json", openapi_json, sizeof openapi_json},
};

const struct kite_web_file *kite_web_file(size_t index) {
    return index < sizeof files / sizeof files[0] ? &files[index] : NULL;
}
