#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The time of day, as the API tells it.
enum Clock {
    /// Whole seconds since 1970.
    static func unixSeconds() -> Int { time(nil) }
}
