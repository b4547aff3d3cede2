// SPDX-License-Identifier: Apache-2.0

/// Why access could not be brought into the desired state; nothing was changed then.
public enum AccessError: Error, Hashable, Sendable {
    /// The desired state is not possible.
    case invalid([String])
    /// The plan was made from a state that is not there any more.
    case stale
    /// The server is too old or the role is not the right one.
    case unsuitable(String)
}

extension AccessError: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .invalid(let problems): "The access cannot be like this: \(problems.joined(separator: "; "))."
        case .stale:
            "The database, or what is declared for it, has changed since this plan was made: make a new one and look at it."
        case .unsuitable(let reason): reason
        }
    }
}
