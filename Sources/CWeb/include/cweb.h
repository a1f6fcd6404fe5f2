// Files that the server hands out, embedded in the binary. The sources are in the folder Web.
#ifndef CWEB_H
#define CWEB_H
#include <stddef.h>

/// A file: its name as in the folder Web, and its bytes.
struct kite_web_file {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};

/// File number `index`; NULL past the last.
const struct kite_web_file *kite_web_file(size_t index);

#endif
