// SPDX-License-Identifier: Apache-2.0

import SecretStore

/// Why a step must not be taken; no label was changed.
public enum RotationRefusal: Error, Hashable, Sendable {
    /// The secret has no rotation schedule.
    case disabled(secret: String)
    /// The secret has no such version.
    case unknownVersion(secret: String, versionID: String)
    /// The version is there, but it is not the one that a rotation is about to make current.
    case notPending(secret: String, versionID: String)
    /// The secret has no current value.
    case noCurrentValue(secret: String)
    /// The new value was not made yet.
    case notCreated(secret: String, versionID: String)
    /// The secret is not for PostgreSQL.
    case otherEngine(secret: String, engine: String?)
    /// The secret does not say where its database is.
    case noHost(secret: String)
    /// The secret is for another cluster than it should be.
    case otherHost(secret: String, host: String?, expected: String?)
    /// The secret wants to be changed by somebody else than the stack says.
    case otherManager(secret: String, manager: String, expected: String)
    /// The secret does not say who changes its user's password.
    case noManager(secret: String, expected: String)
    /// The secret names a user that the stack does not declare.
    case notDeclared(secret: String, username: String)
    /// The secret names a user that another secret is for.
    case otherUser(secret: String, username: String)
    /// The secret names the one who changes others.
    case managersName(secret: String, username: String)
    /// The new value is not for the user whose turn it is.
    case outsidePair(secret: String, username: String, expected: String)
    /// Another rotation finished meanwhile.
    case overtaken(secret: String)
    /// The database refuses all passwords that are known of the manager.
    case managerLost(secret: String, cluster: String?)
    /// The database refuses the new password.
    case newLoginRefused(secret: String, username: String)
}

extension RotationRefusal: CustomStringConvertible {
    /// Which secret, why, and what to do, in one line.
    public var description: String {
        switch self {
        case .disabled(let secret):
            "The secret '\(secret)' is not enabled for rotation: give it a rotation schedule, as the stack does."
        case .unknownVersion(let secret, let version):
            "The secret '\(secret)' has no version '\(version)': start a new rotation."
        case .notPending(let secret, let version):
            "The version '\(version)' of the secret '\(secret)' is not labelled \(VersionStage.pending): "
                + "start a new rotation."
        case .noCurrentValue(let secret):
            "The secret '\(secret)' has no version labelled \(VersionStage.current): give it a value."
        case .notCreated(let secret, let version):
            "The version '\(version)' of the secret '\(secret)' has no value yet: createSecret comes first."
        case .otherEngine(let secret, let engine):
            "The secret '\(secret)' is for the engine '\(engine ?? "")': this function rotates 'postgres'."
        case .noHost(let secret):
            "The secret '\(secret)' has no 'host': attach it to the cluster, which its attachment in the stack does."
        case .otherHost(let secret, let host, let expected):
            "The secret '\(secret)' is for the host '\(host ?? "")', and '\(expected ?? "")' is expected: a password is "
                + "only set on the cluster that the secret belongs to."
        case .otherManager(let secret, let manager, let expected):
            "The secret '\(secret)' names '\(manager)' as its masterarn, and this stack's is '\(expected)': mend the "
                + "secret."
        case .noManager(let secret, let expected):
            "The secret '\(secret)' has no 'masterarn', and is not the manager's: add '\(expected)' as its masterarn."
        case .notDeclared(let secret, let username):
            "The secret '\(secret)' names the user '\(username)', which this stack does not declare: mend the secret."
        case .otherUser(let secret, let username):
            "The secret '\(secret)' names the user '\(username)', whose secret it is not: mend the secret."
        case .managersName(let secret, let username):
            "The secret '\(secret)' names the manager, '\(username)', and is to be changed by it: mend the secret."
        case .outsidePair(let secret, let username, let expected):
            "The new value of the secret '\(secret)' is for '\(username)', and it is the turn of '\(expected)': remove "
                + "the label \(VersionStage.pending) and start a new rotation."
        case .overtaken(let secret):
            "Another rotation of the secret '\(secret)' finished meanwhile: start a new one."
        case .managerLost(let secret, let cluster):
            "The database refuses the password in the secret '\(secret)': set it with aws rds modify-db-cluster "
                + "--db-cluster-identifier \(cluster ?? "CLUSTER") --apply-immediately --master-user-password \"$(aws "
                + "secretsmanager get-secret-value --secret-id '\(secret)' --query SecretString --output text | jq -r "
                + ".password)\""
        case .newLoginRefused(let secret, let username):
            "The database refuses the new password of '\(username)' in the secret '\(secret)': the rotation is tried "
                + "again from its beginning."
        }
    }
}
