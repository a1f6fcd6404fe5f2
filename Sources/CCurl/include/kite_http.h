// HTTP transfers driven by one thread, by libcurl, which is loaded when the first transfer starts.
//
// Not linked: a program that downloads nothing should not load a TLS library at every start. libcurl's interface has been
// stable since 2006 (libcurl.so.4), so its few constants used here are written out and no header is needed to build.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Transfers that run together, and the connections they share.
typedef struct kite_http kite_http;
/// One request and its answer.
typedef struct kite_http_transfer kite_http_transfer;

/// What to ask for. Strings are copied; the functions are called during ``kite_http_run`` only.
typedef struct {
    const char *url;
    /// Ask for the head only.
    int is_head;
    /// Lines such as `Accept: text/plain`.
    const char *const *headers;
    size_t header_count;
    /// `0-1023`, or NULL for everything.
    const char *range;
    /// A file of certificates to trust instead of the system's, or NULL.
    const char *certificates;
    const char *user_agent;
    /// Seconds to wait for a connection.
    long connect_seconds;
    /// Seconds without a byte after which a transfer counts as cut.
    long stall_seconds;
    /// Passed to the functions.
    void *context;
    /// A line of the head; anything but `count` as result ends the transfer.
    size_t (*on_header)(const char *bytes, size_t count, void *context);
    /// A piece of the body; anything but `count` as result ends the transfer.
    size_t (*on_body)(const char *bytes, size_t count, void *context);
} kite_http_request;

/// How a transfer ended.
typedef struct {
    /// The request's context.
    void *context;
    /// 0, or libcurl's number of what went wrong.
    int code;
    /// That in words; valid until the transfer is freed.
    const char *message;
} kite_http_end;

/// Loads libcurl. NULL when it can be used, else why not.
const char *kite_http_load(void);

/// No transfers yet; NULL when memory is short. Call ``kite_http_load`` before.
kite_http *kite_http_new(void);
/// Ends all transfers.
void kite_http_free(kite_http *http);

/// Starts a transfer; NULL when it cannot.
kite_http_transfer *kite_http_start(kite_http *http, const kite_http_request *request);
/// Ends a transfer, finished or not. Not from within one of its functions.
void kite_http_stop(kite_http *http, kite_http_transfer *transfer);
/// Moves what can be moved, after waiting at most `milliseconds` for something to move. 0, or libcurl's number.
int kite_http_run(kite_http *http, int milliseconds);
/// The next transfer that ended since it was asked last; NULL when there is none. It still wants ``kite_http_stop``.
kite_http_transfer *kite_http_next_end(kite_http *http, kite_http_end *end);

#ifdef __cplusplus
}
#endif
