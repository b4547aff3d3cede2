// SPDX-License-Identifier: Apache-2.0

/// Why a user can do something, or cannot: the chain from the login to the row.
public struct AccessExplanation: Codable, Hashable, Sendable {
    /// One condition.
    public struct Link: Codable, Hashable, Sendable {
        /// Whether a condition is met.
        public enum State: String, Codable, Hashable, Sendable, CaseIterable {
            /// It is.
            case intact
            /// It is now, or does not matter now, but something is not as it should be.
            case doubtful
            /// It is not.
            case broken
            /// It could not be found out.
            case unknown
        }

        /// What has to be so, in a few words.
        public let condition: String
        /// Whether it is.
        public let state: State
        /// What was found.
        public let finding: String
        /// The statement that mends it.
        public let remedy: String?

        init(_ condition: String, _ state: State, _ finding: String, remedy: String? = nil) {
            self.condition = condition
            self.state = state
            self.finding = finding
            self.remedy = remedy
        }
    }

    /// What is known of a user's password.
    public enum Password: Hashable, Sendable {
        /// The secret's password works.
        case works(secret: String)
        /// The server refuses it.
        case refused(secret: String)
        /// It was not tried.
        case notTried(reason: String)
    }

    /// The role that logs in.
    public let login: String
    /// What it wants to use.
    public let object: String
    /// What it wants to do with it.
    public let privileges: [Privilege]
    /// The conditions, in the order in which the server asks for them.
    public let links: [Link]

    /// Whether nothing is in the way, as far as that is known.
    public var isAllowed: Bool { !links.contains { $0.state == .broken } }
}
