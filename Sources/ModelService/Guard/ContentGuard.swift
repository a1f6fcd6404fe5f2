/// Looks at what goes in and what comes out.
public protocol ContentGuard: Sendable {}
