// SPDX-License-Identifier: Apache-2.0

/// Who can do what in a database, and what was declared: users, schemas and kinds of objects.
///
/// Objects of which the same is to be said share one ``Group``, and conditions of which the same was found share one
/// ``AccessExplanation/Link``, so that a report on thousands of objects stays small.
public struct AccessReport: Codable, Hashable, Sendable {
    /// What somebody can do, in one word.
    public enum Ability: String, Codable, Hashable, Sendable, CaseIterable {
        case nothing
        case read
        case write
        case everything
        case use
        /// Something else, as nobody would have declared it.
        case other
    }

    /// A role that logs in.
    public struct Login: Codable, Hashable, Sendable {
        /// The role.
        public let name: String
        /// The declared user that it is, or whose clone it is.
        public let user: String
        /// What the user was declared to be able to do.
        public let access: DesiredAccess.Access
        /// The conditions for a login, as places in ``AccessReport/links``.
        public let links: [Int]
    }

    /// What a login can do with the objects of a group.
    public struct Cell: Codable, Hashable, Sendable {
        /// What it can do.
        public let ability: Ability
        /// Whether that is what was declared.
        public let isAsDeclared: Bool
        /// The conditions, as places in ``AccessReport/links``.
        public let links: [Int]
    }

    /// Objects of which the same is to be said.
    public struct Group: Codable, Hashable, Sendable {
        /// Their schema.
        public let schema: String
        /// What they are.
        public let kind: ObjectKind
        /// Whose they are.
        public let owner: String
        /// Their names, and the same in SQL.
        public var objects: [Object]
        /// What each login can do, in the order of ``AccessReport/logins``.
        public let cells: [Cell]
    }

    /// An object.
    public struct Object: Codable, Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Its name in SQL.
        public let sql: String
    }

    /// The database.
    public let database: String
    /// The declared schemas.
    public let schemas: [String]
    /// The declared users' roles.
    public let logins: [Login]
    /// All conditions.
    public let links: [AccessExplanation.Link]
    /// All objects.
    public let groups: [Group]

    /// How many objects there are in a login's drift.
    public var isAsDeclared: Bool { groups.allSatisfy { $0.cells.allSatisfy(\.isAsDeclared) } }
}

extension AccessReport {
    /// Looks at all users and objects.
    init(desired: DesiredAccess, audited: AuditedAccess) {
        let explainer = Explainer(desired: desired, access: audited.access)
        var pool = LinkPool()
        let logins = desired.users.flatMap { user in user.pair.map { (user: user, name: $0) } }
        let notTried = AccessExplanation.Password.notTried(reason: "it was not tried: name the user to try it")
        database = desired.database
        schemas = desired.schemas
        var passes: [Bool] = []
        self.logins = logins.map { login in
            let links = explainer.login(login.name, notTried)
            passes.append(!links.contains { $0.state == .broken })
            return Login(
                name: login.name, user: login.user.name, access: login.user.access, links: links.map { pool.place($0) })
        }
        var places: [GroupKey: Int] = [:]
        var groups: [Group] = []
        for object in audited.objects {
            let key = GroupKey(object)
            if let place = places[key] {
                groups[place].objects.append(Object(name: object.name, sql: object.sql))
                continue
            }
            let cells = zip(logins, passes).map { login, passes in
                let wanted = explainer.declared(login.name, object)
                let links = explainer.conditions(login.name, object, wanted)
                let can = passes ? explainer.effective(login.name, object) : []
                return Cell(
                    ability: Self.ability(can, object.kind, audited.access.serverVersion), isAsDeclared: can == wanted,
                    links: links.map { pool.place($0) })
            }
            places[key] = groups.count
            groups.append(
                Group(
                    schema: object.schema, kind: object.kind, owner: object.owner,
                    objects: [Object(name: object.name, sql: object.sql)], cells: cells))
        }
        self.groups = groups
        links = pool.links
    }

    /// What objects have in common of which the same is to be said.
    private struct GroupKey: Hashable {
        let schema: String
        let kind: ObjectKind
        let owner: String
        let acl: AccessControlList?
        let columnACL: AccessControlList?
        let rowSecurity: RowSecurity?

        init(_ object: AuditedObject) {
            schema = object.schema
            kind = object.kind
            owner = object.owner
            acl = object.acl
            columnACL = object.columnACL
            rowSecurity = object.rowSecurity
        }
    }

    /// Gives each condition one place.
    private struct LinkPool {
        private(set) var links: [AccessExplanation.Link] = []
        private var places: [AccessExplanation.Link: Int] = [:]

        mutating func place(_ link: AccessExplanation.Link) -> Int {
            if let place = places[link] { return place }
            places[link] = links.count
            links.append(link)
            return links.count - 1
        }
    }

    private static func ability(_ can: Set<Privilege>, _ kind: ObjectKind, _ version: Int) -> Ability {
        if can.isEmpty { return .nothing }
        if kind == .routine || kind == .type { return .use }
        let levels: [(Ability, DesiredAccess.Access)] = [(.read, .reader), (.write, .writer), (.everything, .owner)]
        // A sequence's owner and writer can do the same.
        return levels.last { can == kind.privileges(of: $0.1, serverVersion: version) }?.0 ?? .other
    }
}

extension Explainer {
    /// What a login was declared to be able to do with an object.
    func declared(_ login: String, _ object: AuditedObject) -> Set<Privilege> {
        guard let group = group(of: login), group.schemas.contains(object.schema) else { return [] }
        switch object.kind {
        case .table, .sequence:
            return object.kind.privileges(of: group.access, serverVersion: access.serverVersion)
        case .routine, .type:
            // These are left to what their owners grant, which is everyone unless they say otherwise.
            let identities = identities(of: login)
            if identities.contains(object.owner) { return object.kind.ofEveryone }
            guard let acl = object.acl else { return object.kind.ofEveryone }
            return acl.entries.filter { $0.grantee.map(identities.contains) ?? true }
                .reduce(into: []) { $0.formUnion($1.privileges) }
        }
    }

    /// What a login can do with an object once it is logged in.
    func effective(_ login: String, _ object: AuditedObject) -> Set<Privilege> {
        guard schema(object.schema, login).state == .intact else { return [] }
        let all = object.kind.privileges(serverVersion: access.serverVersion)
        let identities = identities(of: login)
        if isSuperuser(login) || identities.contains(object.owner) { return all }
        let granted = object.acl?.entries.filter { $0.grantee.map(identities.contains) ?? true }
            .reduce(into: Set<Privilege>()) { $0.formUnion($1.privileges) }
        return granted ?? object.kind.ofEveryone
    }

    /// All conditions for using an object once a login is logged in.
    func conditions(_ login: String, _ object: AuditedObject, _ privileges: Set<Privilege>) -> [Link] {
        let usage = schema(object.schema, login)
        let privileges = privileges.isEmpty ? object.kind.privileges(of: .reader, serverVersion: 0) : privileges
        let rest = self.object(object, login, privileges)
        let membership = membership(login)
        // What is granted in another way works without the group.
        let isGranted = usage.state == .intact && rest.first?.state == .intact
        return [usage, isGranted ? membership.doubtfulAtMost : membership] + rest
    }
}

extension AccessExplanation.Link {
    fileprivate var doubtfulAtMost: Self {
        state == .broken ? Self(condition, .doubtful, finding, remedy: remedy) : self
    }
}

extension ObjectKind {
    /// What an access means for objects of a kind.
    func privileges(of access: DesiredAccess.Access, serverVersion: Int) -> Set<Privilege> {
        let group = GroupRole(name: "", access: access, schemas: [], isForAllSchemas: true)
        return switch self {
        case .table: group.privileges(on: .table, serverVersion: serverVersion)
        case .sequence: group.privileges(on: .sequence, serverVersion: serverVersion)
        case .routine, .type: ofEveryone
        }
    }
}
