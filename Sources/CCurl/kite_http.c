#include "kite_http.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Of curl/curl.h and curl/multi.h: numbers and layouts that libcurl.so.4 promises to keep.
enum {
    OPT_WRITEDATA = 10001,
    OPT_URL = 10002,
    OPT_RANGE = 10007,
    OPT_ERRORBUFFER = 10010,
    OPT_WRITEFUNCTION = 20011,
    OPT_USERAGENT = 10018,
    OPT_LOW_SPEED_LIMIT = 19,
    OPT_LOW_SPEED_TIME = 20,
    OPT_HTTPHEADER = 10023,
    OPT_HEADERDATA = 10029,
    OPT_NOBODY = 44,
    OPT_FOLLOWLOCATION = 52,
    OPT_CAINFO = 10065,
    OPT_CONNECTTIMEOUT = 78,
    OPT_HEADERFUNCTION = 20079,
    OPT_HTTP_VERSION = 84,
    OPT_BUFFERSIZE = 98,
    OPT_NOSIGNAL = 99,
    OPT_PRIVATE = 10103,
    OPT_PROTOCOLS = 181,
    OPT_TCP_KEEPALIVE = 213,
    OPT_SUPPRESS_CONNECT_HEADERS = 265,
    INFO_PRIVATE = 0x100000 + 21,
    HTTP_VERSION_1_1 = 2,
    PROTOCOLS_HTTP_HTTPS = 3,
    GLOBAL_DEFAULT = 3,
    MESSAGE_DONE = 1,
    ERROR_SIZE = 256,
};

typedef struct {
    int kind;
    void *easy;
    union {
        void *whatever;
        int result;
    } data;
} curl_message;

static struct {
    int (*global_init)(long);
    void *(*easy_init)(void);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_getinfo)(void *, int, ...);
    void (*easy_cleanup)(void *);
    const char *(*easy_strerror)(int);
    void *(*slist_append)(void *, const char *);
    void (*slist_free_all)(void *);
    void *(*multi_init)(void);
    int (*multi_cleanup)(void *);
    int (*multi_add_handle)(void *, void *);
    int (*multi_remove_handle)(void *, void *);
    int (*multi_perform)(void *, int *);
    int (*multi_poll)(void *, void *, unsigned, int, int *);
    curl_message *(*multi_info_read)(void *, int *);
} curl;

static const char *load_error;

static int find(void *library, const char *name, void *slot) {
    void *symbol = dlsym(library, name);
    memcpy(slot, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load(void) {
    static const char *const names[] = {
#ifdef __APPLE__
        "/usr/lib/libcurl.4.dylib",
#endif
        "libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"};
    void *library = NULL;
    for (size_t index = 0; library == NULL && index < sizeof names / sizeof *names; index++)
        library = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        load_error = "libcurl is not installed (libcurl.so.4; Debian and Ubuntu: apt install libcurl4)";
        return;
    }
    int found = find(library, "curl_global_init", &curl.global_init) & find(library, "curl_easy_init", &curl.easy_init)
                & find(library, "curl_easy_setopt", &curl.easy_setopt)
                & find(library, "curl_easy_getinfo", &curl.easy_getinfo)
                & find(library, "curl_easy_cleanup", &curl.easy_cleanup)
                & find(library, "curl_easy_strerror", &curl.easy_strerror)
                & find(library, "curl_slist_append", &curl.slist_append)
                & find(library, "curl_slist_free_all", &curl.slist_free_all)
                & find(library, "curl_multi_init", &curl.multi_init)
                & find(library, "curl_multi_cleanup", &curl.multi_cleanup)
                & find(library, "curl_multi_add_handle", &curl.multi_add_handle)
                & find(library, "curl_multi_remove_handle", &curl.multi_remove_handle)
                & find(library, "curl_multi_perform", &curl.multi_perform)
                & find(library, "curl_multi_poll", &curl.multi_poll)
                & find(library, "curl_multi_info_read", &curl.multi_info_read);
    if (!found) {
        load_error = "libcurl is too old: 7.66 or newer is needed";
    } else if (curl.global_init(GLOBAL_DEFAULT) != 0) {
        load_error = "libcurl does not start";
    }
}

const char *kite_http_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return load_error;
}

struct kite_http_transfer {
    kite_http_request request;
    void *easy;
    void *headers;
    kite_http_transfer *next;
    char error[ERROR_SIZE];
};

struct kite_http {
    void *multi;
    kite_http_transfer *transfers;
};

static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
    kite_http_transfer *transfer = context;
    return transfer->request.on_header(bytes, size * count, transfer->request.context);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    kite_http_transfer *transfer = context;
    return transfer->request.on_body(bytes, size * count, transfer->request.context);
}

kite_http *kite_http_new(void) {
    kite_http *http = calloc(1, sizeof *http);
    if (http == NULL) return NULL;
    http->multi = curl.multi_init();
    if (http->multi != NULL) return http;
    free(http);
    return NULL;
}

void kite_http_free(kite_http *http) {
    while (http->transfers != NULL) kite_http_stop(http, http->transfers);
    curl.multi_cleanup(http->multi);
    free(http);
}

static int configure(kite_http_transfer *transfer, const kite_http_request *request) {
    void *easy = transfer->easy;
    for (size_t index = 0; index < request->header_count; index++) {
        void *longer = curl.slist_append(transfer->headers, request->headers[index]);
        if (longer == NULL) return 0;
        transfer->headers = longer;
    }
    int failed = curl.easy_setopt(easy, OPT_URL, request->url);
    // Whoever asks decides about each redirection, for the sake of what the headers hold.
    failed |= curl.easy_setopt(easy, OPT_FOLLOWLOCATION, 0L);
    failed |= curl.easy_setopt(easy, OPT_PROTOCOLS, (long)PROTOCOLS_HTTP_HTTPS);
    // Several ranges of a file want several connections, which is what HTTP/2 avoids.
    failed |= curl.easy_setopt(easy, OPT_HTTP_VERSION, (long)HTTP_VERSION_1_1);
    failed |= curl.easy_setopt(easy, OPT_NOSIGNAL, 1L);
    failed |= curl.easy_setopt(easy, OPT_NOBODY, (long)(request->is_head != 0));
    if (request->range != NULL) failed |= curl.easy_setopt(easy, OPT_RANGE, request->range);
    if (request->certificates != NULL) failed |= curl.easy_setopt(easy, OPT_CAINFO, request->certificates);
    failed |= curl.easy_setopt(easy, OPT_USERAGENT, request->user_agent);
    failed |= curl.easy_setopt(easy, OPT_CONNECTTIMEOUT, request->connect_seconds);
    failed |= curl.easy_setopt(easy, OPT_LOW_SPEED_LIMIT, 1L);
    failed |= curl.easy_setopt(easy, OPT_LOW_SPEED_TIME, request->stall_seconds);
    failed |= curl.easy_setopt(easy, OPT_HTTPHEADER, transfer->headers);
    failed |= curl.easy_setopt(easy, OPT_ERRORBUFFER, transfer->error);
    failed |= curl.easy_setopt(easy, OPT_PRIVATE, transfer);
    failed |= curl.easy_setopt(easy, OPT_HEADERFUNCTION, take_header);
    failed |= curl.easy_setopt(easy, OPT_HEADERDATA, transfer);
    failed |= curl.easy_setopt(easy, OPT_WRITEFUNCTION, take_body);
    failed |= curl.easy_setopt(easy, OPT_WRITEDATA, transfer);
    // Comfort only: a libcurl that refuses one of these is good enough.
    curl.easy_setopt(easy, OPT_BUFFERSIZE, 512L << 10);
    curl.easy_setopt(easy, OPT_TCP_KEEPALIVE, 1L);
    curl.easy_setopt(easy, OPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return failed == 0;
}

kite_http_transfer *kite_http_start(kite_http *http, const kite_http_request *request) {
    kite_http_transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) return NULL;
    transfer->request = *request;
    transfer->easy = curl.easy_init();
    if (transfer->easy != NULL && configure(transfer, request)
        && curl.multi_add_handle(http->multi, transfer->easy) == 0) {
        transfer->next = http->transfers;
        http->transfers = transfer;
        return transfer;
    }
    if (transfer->easy != NULL) curl.easy_cleanup(transfer->easy);
    curl.slist_free_all(transfer->headers);
    free(transfer);
    return NULL;
}

void kite_http_stop(kite_http *http, kite_http_transfer *transfer) {
    kite_http_transfer **link = &http->transfers;
    while (*link != NULL && *link != transfer) link = &(*link)->next;
    if (*link == NULL) return;
    *link = transfer->next;
    curl.multi_remove_handle(http->multi, transfer->easy);
    curl.easy_cleanup(transfer->easy);
    curl.slist_free_all(transfer->headers);
    free(transfer);
}

int kite_http_run(kite_http *http, int milliseconds) {
    int running = 0;
    int code = curl.multi_perform(http->multi, &running);
    if (code != 0 || milliseconds <= 0) return code;
    code = curl.multi_poll(http->multi, NULL, 0, milliseconds, NULL);
    return code != 0 ? code : curl.multi_perform(http->multi, &running);
}

kite_http_transfer *kite_http_next_end(kite_http *http, kite_http_end *end) {
    int left = 0;
    for (curl_message *message; (message = curl.multi_info_read(http->multi, &left)) != NULL;) {
        if (message->kind != MESSAGE_DONE) continue;
        kite_http_transfer *transfer = NULL;
        int code = message->data.result;
        if (curl.easy_getinfo(message->easy, INFO_PRIVATE, &transfer) != 0 || transfer == NULL) continue;
        end->context = transfer->request.context;
        end->code = code;
        end->message = transfer->error[0] != 0 ? transfer->error : curl.easy_strerror(code);
        return transfer;
    }
    return NULL;
}
