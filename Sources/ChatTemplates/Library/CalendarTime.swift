#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A moment in the local calendar, for `strftime_now`.
package struct CalendarTime: Sendable, Hashable {
    package var year: Int
    /// From 1.
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    /// From 0, Sunday.
    package var weekday: Int
    /// From 1.
    package var dayOfYear: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, weekday: Int,
        dayOfYear: Int
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.weekday = weekday
        self.dayOfYear = dayOfYear
    }

    /// Now, in the machine's time zone.
    package static func now() -> CalendarTime {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return CalendarTime(
            year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec),
            weekday: Int(parts.tm_wday), dayOfYear: Int(parts.tm_yday) + 1)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// Like C's `strftime` in the C locale; nil for a directive it does not know.
    package func formatted(_ format: String) -> String? {
        func padded(_ value: Int, _ width: Int, _ fill: Character = "0") -> String {
            let text = "\(value)"
            return String(repeating: fill, count: max(0, width - text.count)) + text
        }
        let monthName = (1...12).contains(month) ? Self.months[month - 1] : "?"
        let weekdayName = (0...6).contains(weekday) ? Self.weekdays[weekday] : "?"
        let hour12 = hour % 12 == 0 ? 12 : hour % 12
        var result = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            guard var directive = scalars.next() else { return nil }
            // `%-d` leaves out padding, as the C library of Linux has it.
            let isBare = directive == "-"
            if isBare {
                guard let following = scalars.next() else { return nil }
                directive = following
            }
            let width = isBare ? 1 : 2
            switch directive {
            case "Y": result += "\(year)"
            case "y": result += padded(year % 100, width)
            case "m": result += padded(month, width)
            case "d": result += padded(day, width)
            case "e": result += padded(day, width, " ")
            case "H": result += padded(hour, width)
            case "I": result += padded(hour12, width)
            case "M": result += padded(minute, width)
            case "S": result += padded(second, width)
            case "j": result += padded(dayOfYear, isBare ? 1 : 3)
            case "p": result += hour < 12 ? "AM" : "PM"
            case "B": result += monthName
            case "b", "h": result += String(monthName.prefix(3))
            case "A": result += weekdayName
            case "a": result += String(weekdayName.prefix(3))
            case "w": result += "\(weekday)"
            case "u": result += "\(weekday == 0 ? 7 : weekday)"
            case "F": result += "\(year)-\(padded(month, 2))-\(padded(day, 2))"
            case "D": result += "\(padded(month, 2))/\(padded(day, 2))/\(padded(year % 100, 2))"
            case "T": result += "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
            case "R": result += "\(padded(hour, 2)):\(padded(minute, 2))"
            case "n": result += "\n"
            case "t": result += "\t"
            case "%": result += "%"
            default: return nil
            }
        }
        return result
    }
}
