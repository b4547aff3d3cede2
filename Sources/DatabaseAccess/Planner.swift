// SPDX-License-Identifier: Apache-2.0

/// Names that need the same statement, in the order in which they were found.
struct NamesByNeed<Need: Hashable> {
    private(set) var needs: [Need] = []
    private var names: [Need: [String]] = [:]

    subscript(need: Need) -> [String] { names[need] ?? [] }

    mutating func add(_ name: String, _ need: Need) {
        if names[need] == nil { needs.append(need) }
        names[need, default: []].append(name)
    }
}

/// Compares what is desired with what is there. A pure function: the same two give the same plan.
struct Planner {
    // PostgreSQL takes statements of any length; this keeps each one readable in a log.
    static let namesInStatement = 1000

    let desired: DesiredAccess
    let observed: ObservedAccess
    let groups: [GroupRole]
    let groupsByName: [String: GroupRole]

    var before: [AccessPlan.Statement] = []
    var body: [AccessPlan.Statement] = []
    var blocked: [AccessPlan.Blocked] = []
    var notes: [String] = []
    var created: Set<String> = []
    var actedFor: [String] = []

    var removes: Bool { desired.mode == .managed }

    static func plan(
        _ desired: DesiredAccess, _ observed: ObservedAccess, createsDatabase: Bool = false
    ) -> AccessPlan {
        var planner = Planner(desired: desired, observed: observed)
        planner.roles()
        planner.memberships()
        planner.actingRoles()
        planner.removedUsers()
        planner.database()
        planner.excessiveDefaultPrivileges()
        planner.schemas()
        planner.relations()
        planner.missingDefaultPrivileges()
        let afterwards = planner.transactionsAfterwards()
        return AccessPlan(
            createsDatabase: createsDatabase ? desired.database : nil,
            statements: planner.before + planner.actedFor.map(take) + planner.body
                + planner.actedFor.reversed().map(giveBack),
            afterwards: afterwards, blocked: planner.blocked, notes: planner.notes,
            fingerprint: observed.fingerprint)
    }

    static func take(_ role: String) -> AccessPlan.Statement {
        .init(
            "GRANT \(SQLText.name(role)) TO CURRENT_USER",
            reason: "to act for \(role) during this transaction, as only it may change what is its own")
    }

    static func giveBack(_ role: String) -> AccessPlan.Statement {
        .init(
            "REVOKE \(SQLText.name(role)) FROM CURRENT_USER", reason: "the membership in \(role) is given back")
    }

    private init(desired: DesiredAccess, observed: ObservedAccess) {
        self.desired = desired
        self.observed = observed
        groups = GroupRole.groups(of: desired)
        groupsByName = Dictionary(groups.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func add(
        _ sql: String, _ reason: String, objects: [String] = [], hazards: [AccessPlan.Hazard] = []
    ) {
        body.append(.init(sql, reason: reason, objects: objects, hazards: hazards))
    }

    /// Whether statements may be run that only a role, or a member of it, may run; its membership is taken if needed.
    mutating func actFor(_ role: String) -> Bool {
        let role = role == "pg_database_owner" ? databaseOwner : role
        if observed.hasPrivileges(of: role, observed.manager) || actedFor.contains(role) { return true }
        guard mayTake(role) else { return false }
        actedFor.append(role)
        return true
    }

    /// Whether the manager may become a member of a role.
    func mayTake(_ role: String) -> Bool {
        mayAlter(role) && !observed.isMember(role, of: observed.manager)
    }

    var databaseOwner: String {
        observed.databases.first { $0.name == desired.database }?.owner ?? observed.manager
    }

    mutating func block(_ sql: String, by role: String, _ reason: String) {
        blocked.append(.init(sql: sql, role: role, reason: reason))
    }

    func cannotAct(for role: String) -> String {
        observed.isMember(role, of: observed.manager)
            ? "\(role) is itself a member of \(observed.manager), which therefore cannot act for it"
            : "\(observed.manager) may not act for \(role)"
    }

    /// Adds a statement that only a role may run, or reports it.
    mutating func add(
        actingFor role: String, _ sql: String, _ reason: String, objects: [String] = [],
        hazards: [AccessPlan.Hazard] = []
    ) {
        if actFor(role) {
            add(sql, reason, objects: objects, hazards: hazards)
        } else {
            block(sql, by: role, cannotAct(for: role))
        }
    }
}
