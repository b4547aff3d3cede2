// SPDX-License-Identifier: Apache-2.0

/// What has to be done to bring a database's access into the desired state.
public struct AccessPlan: Codable, Hashable, Sendable {
    /// What a statement takes from someone, or gets in the way of.
    public enum Hazard: String, Codable, Hashable, Sendable, CaseIterable {
        /// Someone can do less afterwards.
        case revokesAccess
        /// Sessions of a user end.
        case terminatesSessions
        /// A role logs in no more.
        case disablesLogin
        /// A role is gone.
        case dropsRole
        /// Others wait for it who use the same objects.
        case takesLock
    }

    /// One statement.
    public struct Statement: Codable, Hashable, Sendable {
        /// The statement.
        public let sql: String
        /// Why it is there.
        public let reason: String
        /// What is affected; the first few where there are many.
        public let objects: [String]
        /// How many objects are affected.
        public let objectCount: Int
        /// What it takes from someone, or gets in the way of.
        public let hazards: [Hazard]

        init(_ sql: String, reason: String, objects: [String] = [], hazards: [Hazard] = []) {
            // A plan is read by people: of ten thousand tables they need to see that there are so many.
            let shown = 5
            self.sql = sql
            self.reason = reason
            self.objects = Array(objects.prefix(shown))
            objectCount = objects.count
            self.hazards = hazards
        }
    }

    /// Something that this manager may not do, and who can.
    public struct Blocked: Codable, Hashable, Sendable {
        /// The statement that has to be run.
        public let sql: String
        /// The role that can run it; a superuser can as well.
        public let role: String
        /// Why the manager cannot.
        public let reason: String
    }

    /// Statements that take effect together, in one database.
    public struct Transaction: Codable, Hashable, Sendable {
        /// The database.
        public let database: String
        /// The statements, in their order.
        public let statements: [Statement]
    }

    /// The database to be created first, which no transaction can contain.
    public let createsDatabase: String?
    /// The statements, in their order; one transaction.
    public let statements: [Statement]
    /// What comes afterwards: sessions that end, and roles that are dropped, which concerns all databases.
    public let afterwards: [Transaction]
    /// What has to be done by others.
    public let blocked: [Blocked]
    /// Things worth knowing that need no statement.
    public let notes: [String]
    /// A hash over the state that the plan was made from.
    public let fingerprint: String

    /// Whether there is nothing to do.
    public var isEmpty: Bool { createsDatabase == nil && statements.isEmpty && afterwards.isEmpty }
    /// What the plan takes from someone, or gets in the way of.
    public var hazards: Set<Hazard> { Set(allStatements.flatMap(\.hazards)) }
    /// All statements, in their order.
    public var allStatements: [Statement] { statements + afterwards.flatMap(\.statements) }

    func with(blocked: [Blocked]) -> AccessPlan {
        AccessPlan(
            createsDatabase: createsDatabase, statements: statements, afterwards: afterwards, blocked: blocked,
            notes: notes, fingerprint: fingerprint)
    }
}
