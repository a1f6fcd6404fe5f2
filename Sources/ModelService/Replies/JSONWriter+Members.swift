internal import ModelFiles

/// Members of the object that is open.
extension JSONWriter {
    /// A string.
    mutating func member(_ key: String, _ value: String) {
        self.key(key)
        string(value)
    }

    /// A string, or `null`.
    mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        if let value { string(value) } else { null() }
    }

    /// A whole number.
    mutating func member(_ key: String, _ value: Int) {
        self.key(key)
        integer(Int64(value))
    }

    /// A flag.
    mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        bool(value)
    }

    /// A number. JSON has none that is not finite: such a one becomes the largest there is, with its sign.
    mutating func member(_ key: String, _ value: Double) {
        self.key(key)
        finite(value)
    }

    /// A number, as above.
    mutating func finite(_ value: Double) {
        let shown = value.isNaN ? 0 : max(-.greatestFiniteMagnitude, min(.greatestFiniteMagnitude, value))
        do { try number(shown) } catch { null() }
    }

    /// A single-precision number, as above, with the fewest digits that read back to it.
    mutating func float(_ value: Float) {
        let shown = value.isNaN ? 0 : max(-.greatestFiniteMagnitude, min(.greatestFiniteMagnitude, value))
        do { try number(float: shown) } catch { null() }
    }
}
