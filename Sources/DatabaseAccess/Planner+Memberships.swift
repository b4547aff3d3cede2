// SPDX-License-Identifier: Apache-2.0

/// Who is in which group.
extension Planner {
    // With these a user proves who it is in another way, and has no privileges from them (Aurora User Guide, "IAM
    // database authentication", "Using Kerberos authentication").
    private static let loginRoles: Set = ["rds_iam", "rds_ad"]

    mutating func memberships() {
        var missing: [String: [String]] = [:]
        for user in desired.users {
            let group = GroupRole.name(for: user)
            for name in user.pair {
                let isMember = (observed.membershipsByMember[name] ?? []).contains {
                    $0.role == group && $0.inherits && ($0.sets || user.access != .owner)
                }
                if !isMember { missing[group, default: []].append(name) }
            }
        }
        // From 16 on the options belong to the membership, and granting it again would leave them as they are.
        let options = observed.serverVersion >= 160_000 ? " WITH INHERIT TRUE, SET TRUE" : ""
        for (group, members) in missing.sorted(by: { $0.key < $1.key }) {
            add(
                administering: group, "GRANT \(SQLText.name(group)) TO \(SQLText.names(members))\(options)",
                "\(group) gives its members their privileges", objects: members)
        }
        guard removes else { return }
        for user in desired.users {
            for name in user.pair { excessiveMemberships(of: name, besides: GroupRole.name(for: user)) }
        }
        for group in groups { excessiveMemberships(of: group.name, besides: nil) }
    }

    private mutating func excessiveMemberships(of member: String, besides group: String?) {
        for membership in observed.membershipsByMember[member] ?? []
        where !Self.loginRoles.contains(membership.role) {
            if membership.role != group {
                revoke(membership, "", "\(member) should not be in \(membership.role)")
            } else if membership.isAdmin {
                revoke(membership, "ADMIN OPTION FOR ", "\(member) should not put others into \(membership.role)")
            }
        }
    }

    /// Ends a membership, or what it allows.
    mutating func revoke(_ membership: ObservedAccess.Membership, _ option: String, _ reason: String) {
        let sql = "REVOKE \(option)\(SQLText.name(membership.role)) FROM \(SQLText.name(membership.member))"
        guard observed.serverVersion >= 160_000, let grantor = membership.grantor else {
            add(administering: membership.role, sql, reason, hazards: [.revokesAccess])
            return
        }
        // From 16 on a membership is ended by whoever granted it (release notes of 16).
        let passedOn = observed.memberships.contains {
            $0.role == membership.role && $0.grantor == membership.member
        }
        if passedOn {
            block(
                "\(sql) GRANTED BY \(SQLText.name(grantor)) CASCADE", by: grantor,
                "\(membership.member) has put others into \(membership.role), who would leave it as well")
        } else if grantor == observed.manager {
            add(sql, reason, hazards: [.revokesAccess])
        } else {
            add(
                actingFor: grantor, "\(sql) GRANTED BY \(SQLText.name(grantor))", reason, hazards: [.revokesAccess])
        }
    }
}
