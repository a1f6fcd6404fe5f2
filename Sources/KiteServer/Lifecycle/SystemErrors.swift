#if Server
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Numbers of the system's errors.
enum SystemErrors {
    static let addressInUse = EADDRINUSE
    static let addressNotAvailable = EADDRNOTAVAIL
    static let accessDenied = EACCES
}
#endif
