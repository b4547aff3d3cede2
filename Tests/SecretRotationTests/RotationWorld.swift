// SPDX-License-Identifier: Apache-2.0

import SecretRotation
import SecretStore

/// Secrets, a database and a proxy, as small as rotations can see them.
struct World: Hashable {
    struct Version: Hashable {
        var credentials: DatabaseCredentials?
        var stages: Set<String>
    }

    static let secret = "App"
    static let managerSecret = "Manager"

    var versions: [String: Version] = [:]
    /// The secrets that the proxy lists, by name.
    var listed: [String: DatabaseCredentials] = [:]
    var manager: DatabaseCredentials
    /// The database's users with their passwords.
    var passwords: [String: String] = [:]
    /// Who holds the lock.
    var lockedBy: Int?
    /// Who has logged in and waits for the lock; others may change the password meanwhile.
    var waiting: Set<Int> = []
    private var passwordsMade = 0

    static func credentials(_ username: String, _ password: String, isPaired: Bool = true) -> DatabaseCredentials {
        let master = isPaired ? #","masterarn":"Manager""# : ""
        let text =
            #"{"username":"\#(username)","password":"\#(password)","host":"h","engine":"postgres"\#(master)}"#
        do { return try DatabaseCredentials(value: text, secret: "test") } catch { fatalError("\(error)") }
    }

    init() {
        manager = Self.credentials("boss", "boss's", isPaired: false)
        passwords["boss"] = "boss's"
    }

    func version(_ stage: String) -> (id: String, credentials: DatabaseCredentials?)? {
        versions.first { $0.value.stages.contains(stage) }.map { ($0.key, $0.value.credentials) }
    }

    /// Lets go of what somebody holds who is done, or dead.
    mutating func release(_ process: Int) {
        if lockedBy == process { lockedBy = nil }
        waiting.remove(process)
    }

    func admits(_ credentials: DatabaseCredentials) -> Bool { passwords[credentials.username] == credentials.password }

    func proxyAdmits(_ credentials: DatabaseCredentials) -> Bool {
        let name = Self.secret + (credentials.username.hasSuffix("_clone") ? "ProxyClone" : "ProxyUser")
        return admits(credentials) && listed[name]?.username == credentials.username
            && listed[name]?.password == credentials.password
    }

    private mutating func label(_ stage: String, _ id: String) {
        for other in versions.keys { versions[other]?.stages.remove(stage) }
        versions[id, default: Version(credentials: nil, stages: [])].stages.insert(stage)
    }

    /// Secrets Manager begins a rotation: an empty version with the label.
    ///
    /// It refuses to while another version has the label (API Reference, `RotateSecret`), unless somebody takes the
    /// label away by hand, which must harm nobody but a manager: its password would be in no labelled version.
    mutating func begin(_ token: String, takingLabelAway: Bool = true) throws {
        if let pending = version(VersionStage.pending), pending.id != token, !takingLabelAway,
            versions[pending.id]?.stages.contains(VersionStage.current) != true
        {
            throw Failure.rotationInProgress
        }
        if versions[token]?.stages.contains(VersionStage.current) != true { label(VersionStage.pending, token) }
    }

    enum Failure: Error {
        case labelMoved
        case rotationInProgress
    }

    /// Whether a call can be carried out now; otherwise it waits.
    func isPossible(_ call: RotationMachine.Call, by process: Int) -> Bool {
        if case .lock = call { return !waiting.contains(process) || lockedBy == nil || lockedBy == process }
        return true
    }

    /// Does what a call asks for, or its next part.
    ///
    /// - Returns: What came of it; `nil` where a part is still to come.
    mutating func perform(_ call: RotationMachine.Call, by process: Int) throws -> RotationMachine.Outcome? {
        switch call {
        case .describe:
            return .described(
                SecretDescription(
                    arn: Self.secret, name: Self.secret, isRotationEnabled: true, stages: versions.mapValues(\.stages)))
        case .read(let secret, let versionID, let stage):
            let found: DatabaseCredentials?
            switch secret {
            case Self.managerSecret: found = manager
            case Self.secret:
                let version = version(stage)
                found = versionID == nil || version?.id == versionID ? version?.credentials : nil
            default: found = listed[secret]
            }
            return found.map { .credentials($0) } ?? .missing
        case .put(let secret, let versionID, let credentials, let stage):
            guard secret == Self.secret, let versionID else {
                listed[secret] = credentials
                return .done
            }
            if let old = versions[versionID]?.credentials, old != credentials { return .exists }
            label(stage, versionID)
            versions[versionID]?.credentials = credentials
            return .done
        case .makeCurrent(_, let versionID, let from):
            guard versions[from]?.stages.contains(VersionStage.current) == true else { throw Failure.labelMoved }
            if from != versionID {
                label(VersionStage.previous, from)
                label(VersionStage.current, versionID)
            }
            return .done
        case .makePassword:
            passwordsMade += 1
            return .password("made \(passwordsMade)")
        case .logIn(let credentials): return .loginWorks(admits(credentials))
        case .lock(let credentials):
            guard waiting.remove(process) != nil else {
                guard admits(credentials) else { return .loginWorks(false) }
                waiting.insert(process)
                return nil
            }
            lockedBy = process
            return .loginWorks(true)
        case .setPassword(let credentials, _): passwords[credentials.username] = credentials.password
        case .resetManager(let credentials): passwords[credentials.username] = credentials.password
        case .unlock: if lockedBy == process { lockedBy = nil }
        }
        return .done
    }
}
