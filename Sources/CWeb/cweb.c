#include "cweb.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

static const unsigned char index_html[] = {
#embed "Web/index.html"
};

static const struct kite_web_file files[] = {
    {"index.html", index_html, sizeof index_html},
};

const struct kite_web_file *kite_web_file(size_t index) {
    return index < sizeof files / sizeof files[0] ? &files[index] : NULL;
}
